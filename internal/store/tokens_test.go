package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, s := open(t)
	soon := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	ci := Token{ID: "T1", Name: "ci", Roles: []string{"requester", "auditor"}, CreatedBy: "ops", ExpiresAt: soon}
	text := config.NewSecret("sever_one")
	s.do(t, func(tx *Tx) error { return tx.AddToken(ctx, ci, text) })

	got, err := s.TokenOf(ctx, text)
	require.NoError(t, err)
	require.False(t, got.CreatedAt.IsZero())
	require.True(t, got.Valid(time.Now()))
	require.False(t, got.Valid(soon))
	got.CreatedAt, got.ExpiresAt = time.Time{}, got.ExpiresAt.UTC()
	require.Equal(t, ci, got)
	for _, other := range []string{"", "sever_two", "sever_on", "T1", "SEVER_ONE"} {
		_, err := s.TokenOf(ctx, config.NewSecret(other))
		require.ErrorIs(t, err, ErrNotFound, other)
	}

	s.do(t, func(tx *Tx) error { return tx.UsedToken(ctx, "T1") })
	s.do(t, func(tx *Tx) error { return tx.RevokeToken(ctx, "T1", "eve") })
	require.ErrorIs(t, s.Do(ctx, func(tx *Tx) error { return tx.RevokeToken(ctx, "T1", "mallory") }), ErrNotFound)
	require.ErrorIs(t, s.Do(ctx, func(tx *Tx) error { return tx.RevokeToken(ctx, "T2", "mallory") }), ErrNotFound)
	all, err := s.Tokens(ctx)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, "eve", all[0].RevokedBy)
	require.False(t, all[0].Valid(time.Now()))
	require.False(t, all[0].UsedAt.IsZero())
	require.Zero(t, all[0].UsedAt.Minute(), "to the hour")
}

func TestTheDatabaseRefusesTokensThatAreNone(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	good := Token{ID: "T1", Name: "ci", Roles: []string{"requester"}, CreatedBy: "ops", ExpiresAt: time.Now().Add(time.Hour)}
	for name, c := range map[string]struct {
		change func(*Token)
		says   string
	}{
		"nobody":          {func(k *Token) { k.Name = "" }, "tokens_given"},
		"no roles":        {func(k *Token) { k.Roles = []string{} }, "tokens_roles_known"},
		"an unknown role": {func(k *Token) { k.Roles = []string{"root"} }, "tokens_roles_known"},
		"for no time":     {func(k *Token) { k.ExpiresAt = time.Now().Add(-time.Hour) }, "tokens_expire_later"},
	} {
		k := good
		c.change(&k)
		err := s.Do(t.Context(), func(tx *Tx) error { return tx.AddToken(t.Context(), k, config.NewSecret("sever_"+name)) })
		require.ErrorContains(t, err, c.says, name)
		require.NotContains(t, err.Error(), "sever_"+name)
	}
}

func TestRequestsAreAnsweredOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, s := open(t)
	begin := func(r HTTPRequest) (was HTTPRequest, err error) {
		err = s.Do(ctx, func(tx *Tx) (err error) {
			was, err = tx.BeginRequest(ctx, r)
			return err
		})
		return was, err
	}
	r := HTTPRequest{Actor: "ci", Key: "k", Fingerprint: [32]byte{1}}
	for range 2 { // the second time it has not been answered yet
		was, err := begin(r)
		require.NoError(t, err)
		require.Equal(t, r, was)
	}
	_, err := begin(HTTPRequest{Actor: "ci", Key: "k", Fingerprint: [32]byte{2}})
	require.ErrorIs(t, err, ErrOtherRequest)
	_, err = begin(HTTPRequest{Actor: "hr", Key: "k", Fingerprint: [32]byte{2}})
	require.NoError(t, err, "keys of others are no matter")

	answered := r
	answered.Status, answered.Answer = 200, []byte("yes")
	later := answered
	later.Answer = []byte("no")
	for _, a := range []HTTPRequest{answered, later} {
		s.do(t, func(tx *Tx) error { return tx.EndRequest(ctx, a) })
	}
	s.do(t, func(tx *Tx) error { return tx.ForgetRequest(ctx, r) }) // what was answered stays
	was, err := begin(r)
	require.NoError(t, err)
	require.Equal(t, answered, was)

	s.do(t, func(tx *Tx) error {
		n, err := tx.ForgetRequests(ctx, time.Hour)
		require.Zero(t, n)
		require.NoError(t, err)
		n, err = tx.ForgetRequests(ctx, -time.Hour)
		require.EqualValues(t, 2, n)
		return err
	})
	was, err = begin(HTTPRequest{Actor: "ci", Key: "k", Fingerprint: [32]byte{2}})
	require.NoError(t, err)
	require.Zero(t, was.Status)
}
