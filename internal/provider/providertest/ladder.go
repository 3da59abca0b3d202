package providertest

import (
	"context"
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// act sends a step to the method that does it.
func act(ctx context.Context, p provider.Provider, step access.Step) (access.Receipt, error) {
	switch step.Action {
	case access.Contain:
		return p.(provider.Container).Contain(ctx, step.Account, step.Mode)
	case access.Rotate:
		rotated, err := p.(provider.Rotator).Rotate(ctx, step.Account)
		return rotated.Receipt, err
	case access.Unlink:
		return p.(provider.Unlinker).Unlink(ctx, step)
	case access.Revoke:
		return p.(provider.Revoker).Revoke(ctx, step)
	case access.Reassign:
		return p.(provider.Reassigner).Reassign(ctx, step)
	case access.Delete:
		return p.(provider.Deleter).Delete(ctx, step)
	}
	return access.Receipt{}, fmt.Errorf("%q is no step", step.Action)
}

// ladder are the steps that the planted account asks for, in the order of a plan:
// contain, links, databases, the account.
func (b *bench) ladder() []access.Step {
	var steps []access.Step
	add := func(s access.Step) {
		s.Account = b.before.Ref
		if b.subject.Can.Can(s.Action) && !slices.ContainsFunc(steps, func(o access.Step) bool { return words(o) == words(s) }) {
			steps = append(steps, s)
		}
	}
	owns := map[string]bool{}
	for _, g := range b.before.Grants {
		owns[g.Database] = owns[g.Database] || g.EndedBy == access.Reassign
	}
	add(access.Step{Action: access.Contain, Mode: access.Lock})
	for _, g := range b.before.Grants {
		if g.EndedBy == access.Unlink {
			add(access.Step{Action: access.Unlink, Database: g.Database, Object: g.Object})
		}
	}
	for _, g := range b.before.Grants {
		if owns[g.Database] && (g.EndedBy == access.Reassign || g.EndedBy == access.Revoke) {
			add(access.Step{Action: access.Reassign, Database: g.Database, Successor: b.Successor.Name})
		}
	}
	for _, g := range b.before.Grants {
		if !owns[g.Database] && g.EndedBy == access.Revoke {
			add(access.Step{Action: access.Revoke, Database: g.Database})
		}
	}
	add(access.Step{Action: access.Delete})
	return steps
}

// ends reports whether the step ends the grant.
func ends(step access.Step, g access.Grant) bool {
	switch step.Action {
	case access.Unlink:
		return g.EndedBy == access.Unlink && g.Database == step.Database && g.Object == step.Object
	case access.Revoke:
		return g.EndedBy == access.Revoke && g.Database == step.Database
	case access.Reassign:
		return (g.EndedBy == access.Revoke || g.EndedBy == access.Reassign) && g.Database == step.Database
	}
	return step.Action == access.Delete
}

// words names a step in messages.
func words(s access.Step) string {
	return fmt.Sprintf("%s %s object=%q database=%q", s.Action, s.Account, s.Object, s.Database)
}

func downTheLadder(b *bench) {
	left := b.shown(b.before).Grants
	for _, step := range b.ladder() {
		receipt := b.do(step)
		require.False(b, receipt.Already, "%s: something was left to do", words(step))
		left = slices.DeleteFunc(slices.Clone(left), func(g access.Grant) bool { return ends(step, g) })
		if len(left) == 0 {
			left = nil
		}
		b.ended(step, left)
		repeated := b.do(step)
		b.already(step, repeated)
		b.ended(step, left)
	}
	if !b.subject.Can.Can(access.Delete) {
		return
	}
	b.end(b.Planted)
	seen := b.see(b.Planted)
	require.True(b, seen.Gone(), "%+v", seen)
}

// already fails unless the receipt says that nothing was left to do, where the
// system lets that be known.
func (b *bench) already(step access.Step, again access.Receipt) {
	b.Helper()
	if step.Action == access.Contain && b.subject.BlindLock {
		return
	}
	require.True(b, again.Already, "%s, for the second time: %+v", words(step), again)
}

// ended fails unless the step took exactly what it ends.
func (b *bench) ended(step access.Step, left []access.Grant) {
	b.Helper()
	seen := b.see(b.Planted)
	if step.Action == access.Delete {
		require.False(b, seen.Exists, words(step))
		return
	}
	require.True(b, seen.Exists, words(step))
	require.Equal(b, b.before.ForeignID, seen.Account.ForeignID)
	require.Equal(b, left, b.shown(seen.Account).Grants, "the grants after %s", words(step))
	if b.subject.Can.Can(access.Contain) {
		require.Equal(b, !b.subject.BlindLock, seen.Account.Contained, "after %s", words(step))
	}
	if step.Action != access.Reassign {
		return
	}
	heir := b.see(b.Successor)
	for _, g := range b.before.Grants {
		if g.Kind == access.Ownership && ends(step, g) {
			require.True(b, slices.ContainsFunc(heir.Account.Grants, func(h access.Grant) bool {
				return h.Kind == access.Ownership && h.Database == g.Database && h.Object == g.Object
			}), "the successor has %+v", g)
		}
	}
}
