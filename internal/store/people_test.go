package store

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

func TestPrincipals(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	_, err := s.Principal(t.Context(), "E1")
	require.ErrorIs(t, err, ErrNotFound)
	s.do(t, func(tx *Tx) error {
		return tx.UpsertPrincipals(t.Context(), []access.Principal{{ID: "E1", Login: "ada", Name: "Ada"}, {ID: "E1", Login: "twice"}, {ID: "E2"}})
	})
	s.do(t, func(tx *Tx) error {
		return tx.UpsertPrincipals(t.Context(), []access.Principal{{ID: "E1", Name: "Ada L.", Email: "ada@example.org"}})
	})
	p, err := s.Principal(t.Context(), "E1")
	require.NoError(t, err)
	require.Equal(t, access.Principal{ID: "E1", Login: "ada", Name: "Ada L.", Email: "ada@example.org"}, p)
	require.NoError(t, s.Do(t.Context(), func(tx *Tx) error { return tx.UpsertPrincipals(t.Context(), nil) }))
}

func TestImportIdentities(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	id := func(who access.PrincipalID, conn, name, host string, e access.Evidence, source string) access.Identity {
		return access.Identity{Principal: who, Connection: conn, Account: name, Host: host, Evidence: e, Source: source}
	}
	imported := func(in ...access.Identity) Diff {
		var d Diff
		s.do(t, func(tx *Tx) (err error) {
			d, err = tx.ImportIdentities(t.Context(), in, "ops")
			return err
		})
		return d
	}
	first := []access.Identity{
		id("E1", "pg", "ada", "", access.Imported, "a.csv:1"), id("E1", "my", "ada", "%", access.Imported, "a.csv:2"),
		id("E2", "pg", "ada", "", access.ByRule, "rule"), id("E2", "pg", "Ada", "", access.Confirmed, "bob"),
	}
	require.Equal(t, Diff{}, imported())
	require.Equal(t, Diff{Added: 4}, imported(first...))
	require.Equal(t, Diff{Unchanged: 4}, imported(first...))
	require.Equal(t, Diff{Added: 1, Changed: 2, Unchanged: 1}, imported(
		id("E1", "pg", "ada", "", access.Imported, "b.csv:1"),                                                   // another source
		id("E2", "pg", "ada", "", access.Imported, "b.csv:2"),                                                   // stronger
		id("E2", "pg", "Ada", "", access.Imported, "b.csv:3"),                                                   // weaker
		id("E3", "pg", "eve", "", access.ByRule, "rule"), id("E3", "pg", "eve", "", access.Imported, "b.csv:4"), // twice
	))

	all, err := s.ListIdentities(t.Context(), IdentityFilter{}, Page{})
	require.NoError(t, err)
	require.ElementsMatch(t, []access.Identity{
		id("E1", "my", "ada", "%", access.Imported, "a.csv:2"), id("E1", "pg", "ada", "", access.Imported, "b.csv:1"),
		id("E2", "pg", "Ada", "", access.Confirmed, "bob"), id("E2", "pg", "ada", "", access.Imported, "b.csv:2"),
		id("E3", "pg", "eve", "", access.Imported, "b.csv:4"),
	}, all)
	page, err := s.ListIdentities(t.Context(), IdentityFilter{Connection: "pg"}, Page{Limit: 2, Offset: 1})
	require.NoError(t, err)
	require.Len(t, page, 2)
	one, err := s.ListIdentities(t.Context(), IdentityFilter{Account: "eve"}, Page{})
	require.NoError(t, err)
	require.Len(t, one, 1)

	of, err := s.IdentitiesOf(t.Context(), "E1", "")
	require.NoError(t, err)
	require.Len(t, of, 2)
	of, err = s.IdentitiesOf(t.Context(), "E1", "my")
	require.NoError(t, err)
	require.Equal(t, []access.Identity{id("E1", "my", "ada", "%", access.Imported, "a.csv:2")}, of)

	claims, err := s.Claims(t.Context(), "pg", []string{"ada", "nobody"})
	require.NoError(t, err)
	require.Equal(t, []access.PrincipalID{"E1", "E2"}, []access.PrincipalID{claims[0].Principal, claims[1].Principal}, "exact names only")
	claims, err = s.Claims(t.Context(), "pg", nil)
	require.NoError(t, err)
	require.Empty(t, claims)

	_, err = s.Principal(t.Context(), "E3")
	require.NoError(t, err, "known by its id")
	require.Error(t, s.Do(t.Context(), func(tx *Tx) error {
		_, err := tx.ImportIdentities(t.Context(), []access.Identity{id("E1", "pg", "x", "", "guessed", "")}, "ops")
		return err
	}))
}

func TestTheFirstCommandWithAKeyDecides(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	s.do(t, func(tx *Tx) error {
		return tx.UpsertPrincipals(t.Context(), []access.Principal{{ID: "E1"}, {ID: "E2"}})
	})
	const callers = 8
	got := make([]string, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			if err := s.Do(t.Context(), func(tx *Tx) (err error) {
				got[i], err = tx.Remember(t.Context(), "key", fmt.Sprint("case-", i), "E1")
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, g := range got {
		require.Equal(t, got[0], g)
	}
	err := s.Do(t.Context(), func(tx *Tx) error {
		_, err := tx.Remember(t.Context(), "key", "case-x", "E2")
		return err
	})
	var reused *KeyReusedError
	require.ErrorAs(t, err, &reused)
	require.Equal(t, &KeyReusedError{Key: "key", CaseID: got[0], Principal: "E1"}, reused)

	recall := func(key string, who access.PrincipalID) (was string, err error) {
		return was, s.Do(t.Context(), func(tx *Tx) (err error) {
			was, err = tx.Recall(t.Context(), key, who)
			return err
		})
	}
	was, err := recall("key", "E1")
	require.NoError(t, err)
	require.Equal(t, got[0], was)
	_, err = recall("key", "E2")
	require.ErrorAs(t, err, &reused)
	for range 2 { // it ties nothing
		was, err = recall("another", "E1")
		require.NoError(t, err)
		require.Empty(t, was)
	}
}
