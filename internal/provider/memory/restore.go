package memory

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Restore undoes one step. Steps are undone in reverse order: what was taken from
// an account that is deleted now comes back only after the deletion is undone, in
// steps that carry the new id.
func (s *System) Restore(ctx context.Context, before access.Account, step access.Step) (provider.Restored, error) {
	c := callOf(OpRestore, step)
	c.remakes = step.Action == access.Delete
	var out provider.Restored
	receipt, err := s.change(ctx, c, func(a *account) (func(), error) {
		if !before.Same(step.Account) {
			return nil, c.refuse("the record is of " + before.String())
		}
		if step.Action == access.Delete {
			return s.recreate(a, before, step.Account.ForeignID, &out), nil
		}
		if a == nil {
			return nil, c.refuse("the account is not there: undo its deletion first")
		}
		switch step.Action {
		case access.Contain:
			return reopen(a, before, step, &out), nil
		case access.Unlink, access.Revoke:
			return giveBack(a, before, step), nil
		case access.Reassign:
			return s.takeBack(a, before, step, &out), nil
		}
		return nil, c.refuse("nothing undoes " + string(step.Action))
	})
	if err != nil {
		return provider.Restored{}, err
	}
	out.Receipt = receipt
	return out, nil
}

// recreate makes the account anew, locked and without a password. An account that
// an earlier call made is recognized by its origin.
func (s *System) recreate(a *account, before access.Account, planned string, out *provider.Restored) func() {
	if a != nil {
		if a.origin != "" {
			out.ForeignID = a.id
		}
		return nil
	}
	var record snapshot
	if err := json.Unmarshal(before.Snapshot, &record); err != nil {
		out.Missing = append(out.Missing, access.Gap{Object: "connection limit", Why: "the record cannot be read"})
	}
	id := s.nextID()
	out.ForeignID = id
	return func() {
		s.accounts[place{before.Resource, before.Name, before.Host}] = &account{
			Account: Account{
				Name: before.Name, Host: before.Host, Resource: before.Resource, Engine: before.Engine,
				Locked: true, Attributes: maps.Clone(before.Attributes),
				Grants:          only(before.Grants, func(g access.Grant) bool { return g.EndedBy == access.Delete }),
				ConnectionLimit: record.ConnectionLimit,
			},
			id: id, origin: planned, dead: true,
		}
	}
}

// reopen unlocks an account that was open before. Where its password is gone it
// gets a new one; a password that nobody has used yet is made again, because the
// answer that carried it may have been lost.
func reopen(a *account, before access.Account, step access.Step, out *provider.Restored) func() {
	if before.Contained {
		if a.dead && step.Mode == access.Kill {
			out.Missing = append(out.Missing, access.Gap{
				Object: "password", Why: "it was ended, and the account was locked before", Remedy: "set a new one",
			})
		}
		return nil
	}
	if a.dead || a.unclaimed {
		out.Secret = rand.Text()
		return func() { a.Locked, a.dead, a.unclaimed, a.Password = false, false, true, out.Secret }
	}
	if !a.Locked {
		return nil
	}
	return func() { a.Locked = false }
}

// giveBack adds the recorded grants that the step took and that are missing.
func giveBack(a *account, before access.Account, step access.Step) func() {
	missing := without(only(before.Grants, endedBy(step)), a.Grants)
	if len(missing) == 0 {
		return nil
	}
	return func() { a.Grants = sorted(append(a.Grants, missing...)) }
}

// takeBack is giveBack, and takes from the successor what it received. What the
// successor does not own any more cannot be given back.
func (s *System) takeBack(a *account, before access.Account, step access.Step, out *provider.Restored) func() {
	heir := s.heir(step)
	missing := without(only(before.Grants, endedBy(step)), a.Grants)
	for _, g := range only(missing, owned) {
		if heir == nil || !slices.Contains(heir.Grants, g) {
			missing = without(missing, []access.Grant{g})
			out.Missing = append(out.Missing, access.Gap{
				Object: g.Object, Why: "the successor " + step.Successor + " does not own it any more",
			})
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return func() {
		a.Grants = sorted(append(a.Grants, missing...))
		if heir != nil {
			heir.Grants = without(heir.Grants, only(missing, owned))
		}
	}
}
