package memory

import (
	"context"
	"fmt"
	"iter"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// reach is the beginning of every call: the caller still wants it, and the system
// answers.
func (s *System) reach(ctx context.Context, c Call) error {
	s.mu.Lock()
	intercept := s.trouble.intercept
	s.mu.Unlock()
	if intercept != nil {
		if err := intercept(ctx, c); err != nil {
			return c.failed(err)
		}
	}
	if err := ctx.Err(); err != nil {
		return c.failed(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trouble.down != nil {
		return c.failed(s.trouble.down)
	}
	return nil
}

// read is the path of every call that changes nothing.
func (s *System) read(ctx context.Context, c Call, answer func()) error {
	if err := s.reach(ctx, c); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.trouble.fault(c); f != nil {
		s.write(c, false, Failed)
		return f.of(c)
	}
	s.write(c, false, Done)
	answer()
	return nil
}

// Accounts lists by resource, name and host, without grants and snapshots: Look
// has them.
func (s *System) Accounts(ctx context.Context) iter.Seq2[access.Account, error] {
	return func(yield func(access.Account, error) bool) {
		var seen []access.Account
		var broken *cut
		err := s.read(ctx, Call{Op: OpList}, func() {
			for _, a := range s.all() {
				acct := s.show(a)
				acct.Grants, acct.Snapshot = nil, nil
				seen = append(seen, acct)
			}
			broken = s.trouble.cut
		})
		for i, acct := range seen {
			if broken != nil && i >= broken.after {
				break
			}
			if err := ctx.Err(); err != nil {
				yield(access.Account{}, Call{Op: OpList}.failed(err))
				return
			}
			if !yield(acct, nil) {
				return
			}
		}
		if broken != nil {
			err = Call{Op: OpList}.failed(broken.err)
		}
		if err != nil {
			yield(access.Account{}, err)
		}
	}
}

// Look finds what is there now under the name, and what is left of the planned
// account if that is gone.
func (s *System) Look(ctx context.Context, ref access.Ref) (access.Sighting, error) {
	c := Call{Op: OpLook, Account: ref}
	if err := s.mine(c); err != nil {
		return access.Sighting{}, err
	}
	var seen access.Sighting
	err := s.read(ctx, c, func() { seen = s.sight(ref) })
	return seen, err
}

// LastUse tells what Use arranged.
func (s *System) LastUse(ctx context.Context, ref access.Ref) (access.Use, error) {
	c := Call{Op: OpLook, Account: ref}
	if err := s.mine(c); err != nil {
		return access.Use{}, err
	}
	var use access.Use
	err := s.read(ctx, c, func() {
		if a := s.find(ref); a != nil {
			use = a.Use
		}
	})
	return use, err
}

// sight is Look from inside.
func (s *System) sight(ref access.Ref) access.Sighting {
	seen := access.Sighting{
		Sessions: s.alive(ref),
		Asked:    "account, grants, sessions and remains of " + ref.String(),
		Answered: "no such account",
	}
	for _, r := range s.remainsOf(ref) {
		seen.Residue = append(seen.Residue, r.leaves...)
	}
	grants := []access.Grant(nil)
	if a := s.find(ref); a != nil {
		seen.Exists, seen.Account = true, s.show(a)
		seen.Account.Grants = nil
		grants = a.Grants
		seen.Answered = "there, id " + a.id
	}
	seen.Account.Grants, seen.Gaps = s.trouble.readable(grants)
	seen.Answered += fmt.Sprintf("; grants: %d, sessions: %d, left behind: %d, unreadable: %d",
		len(seen.Account.Grants), seen.Sessions, len(seen.Residue), len(seen.Gaps))
	return seen
}

// mine refuses a reference that this connection could not have made.
func (s *System) mine(c Call) error {
	switch {
	case c.Account.Connection != s.connection:
		return c.refuse("this is connection " + s.connection)
	case c.Account.Name == "":
		return c.refuse("the account has no name")
	}
	return nil
}

// Preflight reports what Lacks arranged, after one check that passes.
func (s *System) Preflight(ctx context.Context) ([]provider.Check, error) {
	checks := []provider.Check{{Name: "may see every account", OK: true, Fatal: true}}
	err := s.read(ctx, Call{Op: OpPreflight}, func() { checks = append(checks, s.trouble.checks...) })
	if err != nil {
		return nil, err
	}
	return checks, nil
}
