package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

func addUser(t *testing.T, s *Store, u SCIMUser) (SCIMUser, error) {
	t.Helper()
	var out SCIMUser
	err := s.Do(t.Context(), func(tx *Tx) (err error) {
		if err := tx.UpsertPrincipals(t.Context(), []access.Principal{{ID: u.Principal}}); err != nil {
			return err
		}
		out, err = tx.AddSCIMUser(t.Context(), u)
		return err
	})
	return out, err
}

func TestSCIMUsersHaveNoDouble(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	ada, err := addUser(t, s, SCIMUser{ID: "u1", Principal: "E1", ExternalID: "x1", UserName: "Ada", Emails: []string{"Ada@Example.com"}, Active: true, Document: []byte(`{"userName": "Ada"}`)})
	require.NoError(t, err)
	require.Equal(t, SCIMUser{ID: "u1", Principal: "E1", ExternalID: "x1", UserName: "Ada", Emails: []string{"ada@example.com"}, Active: true,
		Document: []byte(`{"userName": "Ada"}`), Version: 1, CreatedAt: ada.CreatedAt, UpdatedAt: ada.CreatedAt}, ada)
	for what, double := range map[string]SCIMUser{
		"userName":   {ID: "u2", Principal: "E2", ExternalID: "x2", UserName: "ADA", Document: []byte(`{}`)},
		"externalId": {ID: "u2", Principal: "E2", ExternalID: "x1", UserName: "bob", Document: []byte(`{}`)},
		"principal":  {ID: "u2", Principal: "E1", ExternalID: "x2", UserName: "bob", Document: []byte(`{}`)},
	} {
		_, err := addUser(t, s, double)
		var taken *TakenError
		require.ErrorAs(t, err, &taken)
		require.Equal(t, what, taken.What)
	}
	_, err = addUser(t, s, SCIMUser{ID: "u3", Principal: "E3", UserName: "cy", Document: []byte(`{}`)})
	require.NoError(t, err)
	_, err = addUser(t, s, SCIMUser{ID: "u4", Principal: "E4", UserName: "dan", Document: []byte(`{}`)})
	require.NoError(t, err, "several may have no externalId")

	var gone SCIMUser
	s.do(t, func(tx *Tx) (err error) {
		gone, err = tx.DeleteSCIMUser(t.Context(), "u1")
		return err
	})
	require.False(t, gone.Active)
	require.Equal(t, int64(2), gone.Version)
	_, err = s.SCIMUser(t.Context(), "u1")
	require.ErrorIs(t, err, ErrNotFound)
	err = s.Do(t.Context(), func(tx *Tx) error {
		_, err := tx.ChangeSCIMUser(t.Context(), ada)
		return err
	})
	require.ErrorIs(t, err, ErrNotFound)
	again, err := addUser(t, s, SCIMUser{ID: "u5", Principal: "E1", ExternalID: "x1", UserName: "ada", Document: []byte(`{}`)})
	require.NoError(t, err, "who was deleted may come back")
	require.Equal(t, access.PrincipalID("E1"), again.Principal)
}

func TestSCIMUsersAreFound(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	for _, u := range []SCIMUser{
		{ID: "u1", Principal: "E1", ExternalID: "x1", UserName: "Ada", Emails: []string{"ada@example.com", "a@example.com"}, Active: true},
		{ID: "u2", Principal: "E2", ExternalID: "x2", UserName: "bob", Emails: []string{"bob@example.com"}},
		{ID: "u3", Principal: "E3", UserName: "cy", Active: true},
	} {
		u.Document = []byte(`{}`)
		_, err := addUser(t, s, u)
		require.NoError(t, err)
	}
	yes := true
	for name, c := range map[string]struct {
		filter SCIMFilter
		page   Page
		want   []string
		all    int
	}{
		"all":                           {want: []string{"u1", "u2", "u3"}, all: 3},
		"a page":                        {page: Page{Limit: 1, Offset: 1}, want: []string{"u2"}, all: 3},
		"by name":                       {filter: SCIMFilter{UserName: "ADA"}, want: []string{"u1"}, all: 1},
		"by externalId":                 {filter: SCIMFilter{ExternalID: "x2"}, want: []string{"u2"}, all: 1},
		"not by another spelling of it": {filter: SCIMFilter{ExternalID: "X2"}},
		"by id":                         {filter: SCIMFilter{ID: "u3"}, want: []string{"u3"}, all: 1},
		"by address":                    {filter: SCIMFilter{Email: "A@example.com"}, want: []string{"u1"}, all: 1},
		"who is active":                 {filter: SCIMFilter{Active: &yes}, want: []string{"u1", "u3"}, all: 2},
		"all of it":                     {filter: SCIMFilter{Active: &yes, ExternalID: "x2"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.SCIMUsers(t.Context(), c.filter, c.page)
			require.NoError(t, err)
			var ids []string
			for _, u := range got {
				ids = append(ids, u.ID)
			}
			require.Equal(t, c.want, ids)
			n, err := s.CountSCIMUsers(t.Context(), c.filter)
			require.NoError(t, err)
			require.Equal(t, c.all, n)
		})
	}
}

func TestSCIMUsersChange(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	u, err := addUser(t, s, SCIMUser{ID: "u1", Principal: "E1", ExternalID: "x1", UserName: "ada", Active: true, Document: []byte(`{}`)})
	require.NoError(t, err)
	s.do(t, func(tx *Tx) error {
		u, err := tx.LockSCIMUser(t.Context(), "u1")
		if err != nil {
			return err
		}
		u.UserName, u.Principal, u.Active = "ada.l", "E9", false
		_, err = tx.ChangeSCIMUser(t.Context(), u)
		return err
	})
	got, err := s.SCIMUser(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, access.PrincipalID("E1"), got.Principal, "it never belongs to another one")
	require.Equal(t, "ada.l", got.UserName)
	require.False(t, got.Active)
	require.Equal(t, u.Version+1, got.Version)
}

func TestProvisionedPeople(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	s.do(t, func(tx *Tx) error {
		return tx.UpsertPrincipals(t.Context(), []access.Principal{{ID: "E1", Login: "ada", Email: "ada@example.com"}})
	})
	put := func(active bool, attributes map[string]string, unknown ...string) (was Standing) {
		s.do(t, func(tx *Tx) (err error) {
			was, err = tx.Provision(t.Context(), Person{Principal: access.Principal{ID: "E1", Name: "Ada"}, Attributes: attributes}, active, unknown)
			return err
		})
		return was
	}
	require.Equal(t, Standing{}, put(true, map[string]string{"Title": "DBA", "Team": "x"}))
	p, err := s.Person(t.Context(), "E1")
	require.NoError(t, err)
	first := p.Standing.RosterAt
	require.Equal(t, Person{Principal: access.Principal{ID: "E1", Login: "ada", Name: "Ada", Email: "ada@example.com"},
		Attributes: map[string]string{"Title": "DBA", "Team": "x"}, Standing: Standing{Known: true, Active: true, RosterAt: first}}, p)

	require.True(t, put(false, map[string]string{"Title": "CTO"}, "Team", "Nothing").Active)
	p, err = s.Person(t.Context(), "E1")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"Title": "CTO"}, p.Attributes)
	left := p.Standing.LeftAt
	require.Equal(t, Standing{Known: true, LeftAt: left, RosterAt: left}, p.Standing)

	require.False(t, put(false, nil).Active)
	require.Equal(t, left, standing(t, s, "E1").LeftAt, "left at first")
	put(true, map[string]string{})
	back := standing(t, s, "E1")
	require.True(t, back.Active)
	require.Equal(t, back.RosterAt, back.ReturnedAt)
}
