package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

func TestRostersSayWhoIsThere(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	_, err := s.LastRoster(t.Context())
	require.ErrorIs(t, err, ErrNotFound)
	_, err = s.Standing(t.Context(), "E1")
	require.ErrorIs(t, err, ErrNotFound)
	s.do(t, func(tx *Tx) error {
		return tx.UpsertPrincipals(t.Context(), []access.Principal{{ID: "E1", Login: "ada"}, {ID: "W1", Login: "robot"}})
	})
	require.Equal(t, Standing{}, standing(t, s, "E1"), "no roster has spoken yet")

	version := func() string {
		v, err := s.PeopleVersion(t.Context())
		require.NoError(t, err)
		return v
	}
	was := version()
	require.Equal(t, was, version())
	first := accept(t, s, "1.csv", here("E1", map[string]string{"Hosting": "NW1"}), here("E2", nil), gone("E3"))
	require.NotEqual(t, was, version())
	require.Equal(t, Roster{ID: first.ID, Source: "1.csv", SHA256: "sum", Active: 2, Left: 1, By: "hr", At: first.At}, first)
	require.Equal(t, Standing{Known: true, Active: true, RosterAt: first.At}, standing(t, s, "E1"))
	require.Equal(t, Standing{Known: true, LeftAt: first.At, RosterAt: first.At}, standing(t, s, "E3"))
	require.Equal(t, Standing{}, standing(t, s, "W1"), "a principal of no roster is not missing from one")

	second := accept(t, s, "2.csv", here("E1", nil), here("E4", nil))
	require.Equal(t, Standing{Known: true, LeftAt: second.At, RosterAt: second.At}, standing(t, s, "E2"), "missing is left")
	require.Equal(t, Standing{Known: true, LeftAt: first.At, RosterAt: second.At}, standing(t, s, "E3"), "left at first")
	p, err := s.Person(t.Context(), "E1")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"Hosting": "NW1"}, p.Attributes, "nothing was said about them")
	require.Equal(t, "ada", p.Login)

	was = version()
	third := accept(t, s, "3.csv", here("E1", map[string]string{}), here("E2", nil))
	require.NotEqual(t, was, version())
	require.Equal(t, Standing{Known: true, Active: true, LeftAt: second.At, ReturnedAt: third.At, RosterAt: third.At}, standing(t, s, "E2"))
	require.Equal(t, Standing{Known: true, LeftAt: third.At, RosterAt: third.At}, standing(t, s, "E4"))
	people, err := s.People(t.Context())
	require.NoError(t, err)
	var ids []access.PrincipalID
	for _, p := range people {
		ids = append(ids, p.ID)
		require.Empty(t, p.Attributes)
	}
	require.Equal(t, []access.PrincipalID{"E1", "E2", "E3", "E4", "W1"}, ids)

	last, err := s.LastRoster(t.Context())
	require.NoError(t, err)
	require.Equal(t, third, last)
	all, err := s.Rosters(t.Context(), Page{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, []Roster{third, second}, all)
}

func TestAnEmptyRosterIsRefusedByTheRecordsToo(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	for name, entries := range map[string][]Entry{"nobody": nil, "nobody is there": {gone("E1")}} {
		err := s.Do(t.Context(), func(tx *Tx) error {
			_, err := tx.AcceptRoster(t.Context(), Roster{Source: name, SHA256: "sum", By: "hr"}, entries)
			return err
		})
		require.ErrorContains(t, err, "rosters_not_empty", name)
	}
}

// here and gone are lines of a roster.
func here(id access.PrincipalID, attributes map[string]string) Entry {
	return Entry{Principal: access.Principal{ID: id}, Attributes: attributes}
}

func gone(id access.PrincipalID) Entry { return Entry{Principal: access.Principal{ID: id}, Left: true} }

func accept(t *testing.T, s *Store, source string, entries ...Entry) Roster {
	t.Helper()
	var r Roster
	s.do(t, func(tx *Tx) (err error) {
		if err := tx.LockRosters(t.Context()); err != nil {
			return err
		}
		r, err = tx.AcceptRoster(t.Context(), Roster{Source: source, SHA256: "sum", By: "hr"}, entries)
		return err
	})
	return r
}

func standing(t *testing.T, s *Store, id access.PrincipalID) Standing {
	t.Helper()
	got, err := s.Standing(t.Context(), id)
	require.NoError(t, err)
	return got
}
