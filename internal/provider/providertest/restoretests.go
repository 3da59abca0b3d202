package providertest

import (
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

func (b *bench) restores() bool {
	_, ok := b.Provider.(provider.Restorer)
	return ok && b.subject.Can.Can(access.Restore)
}

// downAndUp takes everything, and gives it back rung by rung. After each rung the
// account is what it was before that rung was taken.
func downAndUp(b *bench) {
	b.need(b.restores(), "way to restore")
	var seen []access.Account
	steps := b.ladder()
	for _, step := range steps {
		seen = append(seen, b.see(b.Planted).Account)
		b.do(step)
	}
	b.end(b.Planted)
	now, secret := b.Planted, ""
	for i, step := range slices.Backward(steps) {
		step.Account = now
		for _, time := range []string{"first", "second"} {
			back, err := b.restore(b.before, step)
			what := "undo, for the " + time + " time, " + words(step)
			require.NoError(b, err, what)
			b.missing(step, back, what)
			b.settle(back.Receipt)
			if back.ForeignID != "" {
				now.ForeignID = back.ForeignID
			}
			if back.Secret != "" {
				secret = back.Secret
			}
			b.same(seen[i], b.Planted, what)
			require.Equal(b, now.ForeignID, b.see(b.Planted).Account.ForeignID, what)
			if time == "first" {
				require.False(b, back.Already, what)
			}
			// The second time is a repeated call that still carries the old id.
		}
	}
	b.same(b.before, b.Planted, "all was given back")
	if !b.subject.Can.Can(access.Delete) || !b.subject.Can.Can(access.Contain) {
		return
	}
	require.NotEmpty(b, secret, "an account made anew needs a new secret")
	if b.Login != nil {
		require.True(b, b.Login(b.T, secret), "the new secret opens a session")
	}
}

// missing fails unless everything came back, but for what no account made anew has.
func (b *bench) missing(step access.Step, back provider.Restored, what string) {
	b.Helper()
	var lost []string
	for _, m := range back.Missing {
		require.NotEmpty(b, m.Why, what)
		lost = append(lost, m.Object)
	}
	if step.Action != access.Delete {
		require.Empty(b, lost, what)
		return
	}
	require.ElementsMatch(b, b.subject.Lost, lost, what)
}

// killAndRestore takes the credential, and gives a new one.
func killAndRestore(b *bench) {
	b.need(b.subject.Can.Can(access.Contain), "way to contain")
	step := access.Step{Action: access.Contain, Account: b.Planted, Mode: access.Kill}
	require.False(b, b.do(step).Already)
	b.do(step)
	require.Equal(b, !b.subject.BlindLock, b.see(b.Planted).Account.Contained)
	if b.Login != nil {
		require.False(b, b.Login(b.T, ""), "the old password opens a session")
	}
	if !b.restores() {
		return
	}
	back, err := b.restore(b.before, step)
	require.NoError(b, err)
	require.NotEmpty(b, back.Secret, "the old password cannot come back, so there is a new one")
	b.settle(back.Receipt)
	b.same(b.before, b.Planted, "opened again")
	if b.Login != nil {
		require.False(b, b.Login(b.T, ""), "the old password opens a session")
		require.True(b, b.Login(b.T, back.Secret), "the new secret opens a session")
	}
}

// sessionsEnd contains and then ends what is alive; the order is what counts.
func sessionsEnd(b *bench) {
	_, ok := b.Provider.(provider.SessionEnder)
	b.need(ok && b.subject.Can.Can(access.Contain), "way to contain and to end sessions")
	b.do(access.Step{Action: access.Contain, Account: b.Planted, Mode: access.Lock})
	b.end(b.Planted)
	seen := b.see(b.Planted)
	require.Equal(b, !b.subject.BlindLock, seen.Account.Contained)
	require.Zero(b, seen.Sessions)
	require.Equal(b, b.shown(b.before).Grants, b.shown(seen.Account).Grants, "ending sessions takes nothing")
	if b.Login != nil {
		require.False(b, b.Login(b.T, ""), "a contained account opens a session")
	}
	if !b.restores() {
		return
	}
	back, err := b.restore(b.before, access.Step{Action: access.Contain, Account: b.Planted, Mode: access.Lock})
	require.NoError(b, err)
	b.settle(back.Receipt)
	b.same(b.before, b.Planted, "opened again")
	if b.Login != nil {
		require.True(b, back.Secret != "" || b.Login(b.T, ""), "locking keeps the password, or a new one is given")
	}
}
