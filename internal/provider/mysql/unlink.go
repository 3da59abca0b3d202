package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Unlink ends one membership, one proxy, or what is granted on all databases: the right
// that Look called step.Object.
func (s *Server) Unlink(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Unlink, step.Account, step.Database) + " from " + step.Object
	if step.Object == "" {
		return access.Receipt{}, refuse(op, errors.New("it names nothing"))
	}
	return s.act(ctx, op, step.Account, func(c *session, a account) (access.Receipt, error) {
		return s.takeAway(ctx, c, op, a, func(r right) bool {
			g := r.grant()
			return g.EndedBy == access.Unlink && g.Object == step.Object && g.Database == step.Database
		})
	})
}

// Revoke ends what the account has in one database. What it defines there needs a
// successor.
func (s *Server) Revoke(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Revoke, step.Account, step.Database)
	if err := checkName("database", step.Database); err != nil {
		return access.Receipt{}, refuse(op, err)
	}
	return s.act(ctx, op, step.Account, func(c *session, a account) (access.Receipt, error) {
		defined, err := objects(ctx, c, a.identity, step.Database)
		if err != nil {
			return access.Receipt{}, err
		}
		if len(defined) > 0 {
			return access.Receipt{}, refuse(op, fmt.Errorf("it is the definer of %d objects there, and nobody is named to receive them", len(defined)),
				blockers(defined, func(o object) access.Blocker {
					return o.blocker(a.identity, "runs with the rights of "+a.identity.String())
				})...)
		}
		return s.takeAway(ctx, c, op, a, in(step.Database))
	})
}

// in are the rights that count to a database.
func in(database string) func(right) bool {
	return func(r right) bool { return r.grant().EndedBy == access.Revoke && r.database() == database }
}

// takeAway revokes the rights that fit, and reads back.
func (s *Server) takeAway(ctx context.Context, c *session, op string, a account, fits func(right) bool) (access.Receipt, error) {
	fitting := func() ([]right, error) {
		all, err := s.rights(ctx, c, a, true)
		return slices.DeleteFunc(all, func(r right) bool { return !fits(r) }), err
	}
	found, err := fitting()
	if err != nil {
		return access.Receipt{}, err
	}
	if len(found) == 0 {
		return access.Receipt{Already: true, Words: "nothing of it is there"}, nil
	}
	var done []string
	var refused error
	for _, r := range found {
		for _, sql := range r.revoke(a.identity) {
			if err := c.exec(ctx, sql); notThere(err) {
				refused = err
			} else if err != nil {
				return access.Receipt{}, err
			}
		}
		done = append(done, r.object())
	}
	// What the server did not want to do may be no more than a warning, so look.
	all, err := s.namesakes(ctx, c, a.User)
	if err != nil {
		return access.Receipt{}, err
	}
	if a, _ = a.in(all); a.User == "" {
		return access.Receipt{}, errGone
	}
	left, err := fitting()
	if err != nil {
		return access.Receipt{}, err
	}
	if len(left) > 0 && refused != nil {
		return access.Receipt{}, refused
	}
	if len(left) > 0 {
		return access.Receipt{}, refuse(op, fmt.Errorf("the server did not take %d of them away", len(left)),
			blockers(left, func(r right) access.Blocker { return r.blocker(a.identity) })...)
	}
	return access.Receipt{Words: "REVOKE: " + strings.Join(done, ", ")}, nil
}

// notThere reports whether a REVOKE may have been about something that is not granted;
// the last of these numbers may also mean that our login lacks a right.
func notThere(err error) bool {
	n := number(err)
	return n == 1141 || n == 1147 || n == 1403 || n == 1962 || n == 3523 || n == 3530
}

func (r right) blocker(who identity) access.Blocker {
	return access.Blocker{Object: strings.TrimSpace(r.object() + " " + r.database()), Why: "granted: " + r.words(), Remedy: strings.Join(r.revoke(who), "; ")}
}

// mostNamed is how many things a refusal names; the rest is counted.
const mostNamed = 50

func blockers[T any](all []T, one func(T) access.Blocker) []access.Blocker {
	var out []access.Blocker
	for i, o := range all {
		if i == mostNamed {
			return append(out, access.Blocker{Object: fmt.Sprintf("%d more", len(all)-mostNamed), Why: "as the others"})
		}
		out = append(out, one(o))
	}
	return out
}
