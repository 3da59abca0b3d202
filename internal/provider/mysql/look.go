package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Look asks for one account by name and host, on a connection of its own. When it is
// not there, it looks for what still names it.
func (s *Server) Look(ctx context.Context, ref access.Ref) (access.Sighting, error) {
	op := op("look at", ref, "")
	if err := checkName("account", ref.Name); err != nil {
		return access.Sighting{}, refuse(op, err)
	}
	var seen access.Sighting
	err := s.with(ctx, func(c *session) (err error) {
		seen, err = s.look(ctx, c, ref)
		return err
	})
	return seen, s.classified(op, err)
}

func (s *Server) look(ctx context.Context, c *session, ref access.Ref) (access.Sighting, error) {
	t := who(ref)
	seen := access.Sighting{Sessions: -1, Asked: fmt.Sprintf("the grant tables, the definers and the process list for %s, on a connection of its own as %s (%s), at %s",
		t.proxy(), c.ours, c.version, c.at)}
	all, err := s.namesakes(ctx, c, t.User)
	if err != nil {
		if !mayNot(err) {
			return seen, err
		}
		seen.Gaps = append(seen.Gaps, access.Gap{Object: "the accounts", Why: s.hide(err.Error()), Remedy: mayRead(s.login)})
		seen.Answered = "the accounts cannot be read"
		return seen, nil
	}
	a, there := t.in(all)
	a.identity = t
	sight, err := ownSight(ctx, c)
	if err != nil {
		return seen, err
	}
	if seen.Gaps = sight.gaps(c, s.login); sight.has("PROCESS") {
		namesakes := slices.DeleteFunc(slices.Clone(all), func(o account) bool { return o.User != t.User })
		found, err := sessions(ctx, c, t, namesakes)
		if err != nil {
			return seen, err
		}
		seen.Sessions = len(found)
		seen.Gaps = append(seen.Gaps, elsewhere(t, there, namesakes)...)
	}
	rights, defined, gaps, err := s.reach(ctx, c, a, there)
	if err != nil {
		return seen, err
	}
	seen.Gaps = append(seen.Gaps, gaps...)
	if there {
		s.present(c, &seen, a, all, rights, defined)
		return seen, nil
	}
	absent(&seen, rights, defined)
	return seen, nil
}

// elsewhere tells that a name without a host is the name of accounts with one.
func elsewhere(t identity, there bool, namesakes []account) []access.Gap {
	if there || t.Host != "" || len(namesakes) == 0 {
		return nil
	}
	names := make([]string, len(namesakes))
	for i, a := range namesakes {
		names[i] = a.identity.String()
	}
	return []access.Gap{{Object: "account " + readable(t.User), Why: "accounts here are name@host, and there are " + strings.Join(names, ", "),
		Remedy: "name the host in the identity"}}
}

// reach is everything that names the account. What we may not read is a gap.
func (s *Server) reach(ctx context.Context, c *session, a account, there bool) ([]right, []object, []access.Gap, error) {
	var gaps []access.Gap
	gap := func(what string, err error) error {
		if !mayNot(err) {
			return err
		}
		gaps = append(gaps, access.Gap{Object: what, Why: s.hide(err.Error()), Remedy: mayRead(s.login)})
		return nil
	}
	rights, err := s.rights(ctx, c, a, there)
	if err := gap("the grant tables", err); err != nil {
		return nil, nil, nil, err
	}
	defined, err := objects(ctx, c, a.identity, "")
	if err := gap("definers", err); err != nil {
		return nil, nil, nil, err
	}
	return rights, defined, gaps, nil
}

// present is the sighting of an account that exists.
func (s *Server) present(c *session, seen *access.Sighting, a account, all []account, rights []right, defined []object) {
	seen.Exists = true
	seen.Account = s.seen(c, a, all)
	for _, r := range rights {
		seen.Account.Grants = append(seen.Account.Grants, r.grant())
	}
	for _, o := range defined {
		seen.Account.Grants = append(seen.Account.Grants, o.grant())
	}
	seen.Account.Snapshot = newSnapshot(a, rights, defined).bytes()
	state := "may log in"
	if _, dead := a.dead(); dead {
		state = "no password fits"
	}
	if a.Locked {
		state = "locked"
	}
	seen.Answered = fmt.Sprintf("account %s exists, %s; %d grants, defines %d objects, %d sessions", a.identity, state, len(rights), len(defined), seen.Sessions)
}

// absent is the sighting of an account that is not there.
func absent(seen *access.Sighting, rights []right, defined []object) {
	for _, r := range rights {
		seen.Residue = append(seen.Residue, strings.TrimSpace(r.object()+" "+r.database()+": "+r.words()))
	}
	for _, o := range defined {
		seen.Residue = append(seen.Residue, o.words()+" in database "+readable(o.Database)+": has it as definer")
	}
	seen.Answered = fmt.Sprintf("no such account, %d entries of the grant tables, definer of %d objects, %d sessions", len(rights), len(defined), seen.Sessions)
	if len(seen.Residue) > 0 {
		seen.Answered += "; left: " + strings.Join(seen.Residue, ", ")
	}
}
