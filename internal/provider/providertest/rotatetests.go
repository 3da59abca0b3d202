package providertest

import (
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// rotate gives Planted a new credential, and listens.
func (b *bench) rotate(ref access.Ref) (provider.Rotated, error) {
	out, err := b.Provider.(provider.Rotator).Rotate(b.ctx, ref)
	secret := out.Secret
	out.Secret = ""
	b.hear(err, out)
	b.mu.Lock()
	b.Secrets = append(b.Secrets, secret)
	b.mu.Unlock()
	out.Secret = secret
	return out, err
}

// opens fails unless exactly the one secret of these opens a session.
func (b *bench) opens(works string, dead ...string) {
	b.Helper()
	if b.Login == nil {
		return
	}
	require.True(b, b.Login(b.T, works), "the new secret opens a session")
	for _, old := range dead {
		require.False(b, b.Login(b.T, old), "an old password opens a session")
	}
}

// rotated replaces the credential twice. All else is as it was, sessions too.
func rotated(b *bench) {
	b.need(b.subject.Can.Can(access.Rotate), "way to rotate")
	dead := []string{""} // the password that it had at first
	for range 2 {
		now, err := b.rotate(b.Planted)
		require.NoError(b, err)
		require.False(b, now.Already)
		require.NotEmpty(b, now.Secret)
		require.NotContains(b, dead, now.Secret, "a new one each time")
		require.NotEmpty(b, now.Words)
		b.settle(now.Receipt)
		b.same(b.before, b.Planted, "nothing but the credential changed")
		seen := b.see(b.Planted)
		require.False(b, seen.Account.Contained)
		if len(dead) == 1 { // before we logged in ourselves
			require.Equal(b, b.Sessions, seen.Sessions, "the others go on")
		}
		if now.ForeignID == "" {
			now.ForeignID = b.Planted.ForeignID
		}
		require.Equal(b, now.ForeignID, seen.Account.ForeignID)
		b.opens(now.Secret, dead...)
		dead = append(dead, now.Secret)
		// The second time is a repeated call that still carries the old id.
	}
	// With the id that it has now it is the planned account as well.
	ref := b.see(b.Planted).Account.Ref
	now, err := b.rotate(ref)
	require.NoError(b, err)
	b.settle(now.Receipt)
	b.opens(now.Secret, dead...)

	b.need(b.Remove != nil, "lever Remove")
	b.Remove(b.T)
	gone, err := b.rotate(ref)
	require.NoError(b, err)
	require.True(b, gone.Already)
	require.Empty(b, gone.Secret, "nobody can use it")
}

// rotatedAgain loses the answer, and then the request: the newest secret works.
func rotatedAgain(b *bench) {
	b.need(b.subject.Can.Can(access.Rotate), "way to rotate")
	b.need(b.Break != nil, "lever Break")
	for _, after := range []bool{true, false} {
		b.Break(b.T, access.Rotate, after)
		lost, err := b.rotate(b.Planted)
		require.Error(b, err)
		require.NotEqual(b, provider.Rejected, provider.KindOf(err), "a failure is no refusal: %v", err)
		require.Empty(b, lost.Secret, "nobody knows whether it took effect")
		now, err := b.rotate(b.Planted)
		require.NoError(b, err)
		b.settle(now.Receipt)
		b.same(b.before, b.Planted, "nothing but the credential changed")
		b.opens(now.Secret, "")
	}
}
