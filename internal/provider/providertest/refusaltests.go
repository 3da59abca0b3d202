package providertest

import (
	"cmp"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// every calls f for each step of the ladder, and for rotating, at the account that ref
// names.
func (b *bench) every(ref access.Ref, f func(what string, step access.Step)) {
	steps := b.ladder()
	if b.subject.Can.Can(access.Rotate) {
		steps = append(steps, access.Step{Action: access.Rotate})
	}
	for _, step := range steps {
		step.Account = ref
		f(words(step), step)
	}
}

func anotherAccount(b *bench) {
	b.need(b.Recreate != nil, "lever Recreate")
	b.need(b.Planted.ForeignID != "", "foreign ids")
	b.Recreate(b.T)
	byName := b.Planted
	byName.ForeignID = ""
	stranger := b.see(byName)
	require.True(b, stranger.Exists)
	require.NotEqual(b, b.Planted.ForeignID, stranger.Account.ForeignID)
	another := func(err error, what string) {
		b.Helper()
		b.rejected(err, what)
		require.ErrorIs(b, err, provider.ErrAnotherAccount, what)
	}
	b.every(b.Planted, func(what string, step access.Step) {
		_, err := b.try(b.ctx, step)
		another(err, what)
		if b.restores() && step.Action != access.Rotate { // which nothing undoes
			_, err := b.restore(b.before, step)
			another(err, "undo "+what)
		}
	})
	if ender, ok := b.Provider.(provider.SessionEnder); ok {
		_, err := ender.EndSessions(b.ctx, b.Planted)
		b.hear(err)
		another(err, "end sessions")
	}
	b.same(stranger.Account, byName, "the other account is untouched")
	require.Equal(b, stranger.Account.ForeignID, b.see(byName).Account.ForeignID)
}

func goneAccount(b *bench) {
	b.need(b.Remove != nil, "lever Remove")
	b.Remove(b.T)
	b.every(b.Planted, func(what string, step access.Step) {
		receipt, err := b.try(b.ctx, step)
		require.NoError(b, err, what)
		require.True(b, receipt.Already, what)
	})
	b.end(b.Planted)
	require.True(b, b.see(b.Planted).Gone())
}

func protectedAccount(b *bench) {
	b.need(b.Protected.Name != "", "protected account")
	before := b.see(b.Protected)
	require.NotEmpty(b, before.Account.Protected, "it says why")
	b.every(b.Protected, func(what string, step access.Step) {
		_, err := b.try(b.ctx, step)
		b.rejected(err, what)
	})
	if ender, ok := b.Provider.(provider.SessionEnder); ok {
		_, err := ender.EndSessions(b.ctx, b.Protected)
		b.hear(err)
		b.rejected(err, "end sessions")
	}
	b.same(before.Account, b.Protected, "the protected account is untouched")
}

func namelessAccount(b *bench) {
	nobody := b.Planted
	nobody.Name = ""
	b.every(nobody, func(what string, step access.Step) {
		_, err := b.try(b.ctx, step)
		b.rejected(err, what)
	})
	_, err := b.look(nobody)
	b.rejected(err, "look")
	b.same(b.before, b.Planted, "refused")
}

// owned is a database in which Planted owns something; the test is skipped when
// there is none.
func (b *bench) owned() string {
	b.Helper()
	b.need(b.subject.Can.Can(access.Reassign), "way to reassign")
	for _, g := range b.before.Grants {
		if g.Kind == access.Ownership && g.EndedBy == access.Reassign {
			return g.Database
		}
	}
	b.Skip("the planted account owns nothing")
	return ""
}

func ownedIsNotDropped(b *bench) {
	db := b.owned()
	_, err := b.try(b.ctx, access.Step{Action: access.Revoke, Account: b.Planted, Database: db})
	b.rejected(err, "revoke in "+db)
	b.blocked(err)
	b.same(b.before, b.Planted, "refused")
}

func successorNeeded(b *bench) {
	db := b.owned()
	for _, name := range []string{"", b.Successor.Name + "_never", b.Planted.Name} {
		_, err := b.try(b.ctx, access.Step{Action: access.Reassign, Account: b.Planted, Database: db, Successor: name})
		b.rejected(err, "reassign to "+cmp.Or(name, "nobody"))
		b.same(b.before, b.Planted, "refused")
	}
}

func dependentsRefuse(b *bench) {
	b.need(b.subject.Can.Can(access.Delete) && !b.subject.DeletesAnyway, "reason to refuse")
	_, err := b.try(b.ctx, access.Step{Action: access.Delete, Account: b.Planted})
	b.rejected(err, "delete")
	b.blocked(err)
	b.same(b.before, b.Planted, "refused")
}

// blocked fails unless the refusal names what stands in the way.
func (b *bench) blocked(err error) {
	b.Helper()
	var e *provider.Error
	require.ErrorAs(b, err, &e)
	require.NotEmpty(b, e.Blockers, "%v", err)
	for _, k := range e.Blockers {
		require.NotEmpty(b, k.Object)
		require.NotEmpty(b, k.Why)
	}
}
