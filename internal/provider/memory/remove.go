package memory

import (
	"context"
	"slices"

	"github.com/severhq/sever/internal/access"
)

// Unlink ends the membership or link that the step names by object, by database,
// or by both; exactly that one.
func (s *System) Unlink(ctx context.Context, step access.Step) (access.Receipt, error) {
	c := callOf(OpUnlink, step)
	step.Action = access.Unlink
	return s.change(ctx, c, func(a *account) (func(), error) {
		if step.Object == "" && step.Database == "" {
			return nil, c.refuse("the step names no link")
		}
		return take(a, step)
	})
}

// Revoke ends the privileges in step.Database; without a database, those on the
// whole resource and no others. What the account owns there stands in the way.
func (s *System) Revoke(ctx context.Context, step access.Step) (access.Receipt, error) {
	c := callOf(OpRevoke, step)
	step.Action = access.Revoke
	return s.change(ctx, c, func(a *account) (func(), error) {
		if a == nil {
			return nil, nil
		}
		owns := only(a.Grants, func(g access.Grant) bool { return owned(g) && g.Database == step.Database })
		if len(owns) > 0 {
			return nil, c.refuse("the account owns objects here", blockers(owns)...)
		}
		return take(a, step)
	})
}

// take is the write that ends the grants of the step, if there are any.
func take(a *account, step access.Step) (func(), error) {
	if a == nil || !slices.ContainsFunc(a.Grants, endedBy(step)) {
		return nil, nil
	}
	return func() { a.Grants = slices.DeleteFunc(a.Grants, endedBy(step)) }, nil
}

// Reassign gives what the account owns in step.Database to step.Successor, which
// is another account on the same resource and host, and ends the privileges there.
func (s *System) Reassign(ctx context.Context, step access.Step) (access.Receipt, error) {
	c := callOf(OpReassign, step)
	step.Action = access.Reassign
	return s.change(ctx, c, func(a *account) (func(), error) {
		write, err := take(a, step)
		if write == nil || err != nil {
			return nil, err
		}
		owns := only(a.Grants, func(g access.Grant) bool { return owned(g) && endedBy(step)(g) })
		heir := s.heir(step)
		switch {
		case len(owns) == 0:
			return write, nil
		case step.Successor == "":
			return nil, c.refuse("nobody is named to receive what the account owns", blockers(owns)...)
		case heir == nil:
			return nil, c.refuse("the successor " + step.Successor + " is not there")
		case heir == a:
			return nil, c.refuse("the successor is the account itself")
		}
		return func() {
			write()
			heir.Grants = sorted(append(heir.Grants, owns...))
		}, nil
	})
}

// heir is the successor that the step names, or nil.
func (s *System) heir(step access.Step) *account {
	return s.accounts[place{step.Account.Resource, step.Successor, step.Account.Host}]
}

// Delete removes the account together with the grants that only Delete ends. Any
// other grant stands in the way. Live sessions survive it.
func (s *System) Delete(ctx context.Context, step access.Step) (access.Receipt, error) {
	c := callOf(OpDelete, step)
	return s.change(ctx, c, func(a *account) (func(), error) {
		if a == nil {
			return nil, nil
		}
		depend := only(a.Grants, func(g access.Grant) bool { return g.EndedBy != access.Delete })
		if len(depend) > 0 {
			return nil, c.refuse("something still depends on the account", blockers(depend)...)
		}
		return func() { s.remove(a) }, nil
	})
}

// remove takes the account out of the world and keeps what it leaves.
func (s *System) remove(a *account) {
	at := place{a.Resource, a.Name, a.Host}
	if s.accounts[at] != a {
		return // an order that was carried out too late
	}
	delete(s.accounts, at)
	s.remains = append(s.remains, remains{place: at, id: a.id, sessions: a.Sessions, leaves: a.Leaves})
}

// blockers names each grant that stands in the way, and what ends it.
func blockers(grants []access.Grant) []access.Blocker {
	var out []access.Blocker
	for _, g := range grants {
		b := access.Blocker{Object: g.Object, Why: string(g.Kind), Remedy: string(g.EndedBy)}
		if b.Object == "" {
			b.Object = "database " + g.Database
		}
		if g.Object != "" && g.Database != "" {
			b.Object += " in " + g.Database
		}
		if b.Remedy == "" {
			b.Remedy = "end it where it was given: nothing here can"
		}
		out = append(out, b)
	}
	return out
}
