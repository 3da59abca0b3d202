package store

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
)

func TestAccountsAreRecordedAsSeen(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	a, b := account("pg-main", "ada", "100"), account("pg-two", "ada", "7")
	a.Gaps, a.SharedWith = []access.Gap{{Object: "database x", Why: "may not connect"}}, []access.PrincipalID{"E2", "E3"}
	absent := CaseAccount{Ref: access.Ref{Connection: "pg-main", Name: "gone"}, Evidence: access.ByRule, SeenAt: noon}
	got := found(t, s, "c1", a, b, absent)
	require.Len(t, got, 3)
	for i, want := range []CaseAccount{a, b, absent} {
		want.ID, want.CaseID = got[i].ID, "c1"
		require.Equal(t, want, got[i])
		read, err := s.Account(t.Context(), want.ID)
		require.NoError(t, err)
		want.Gaps, want.SharedWith = list(want.Gaps), list(want.SharedWith)
		require.Equal(t, want, read)
	}
	all, err := s.AccountsOf(t.Context(), "c1", nil)
	require.NoError(t, err)
	require.Equal(t, []int64{got[0].ID, got[1].ID, got[2].ID}, []int64{all[0].ID, all[1].ID, all[2].ID})
	some, err := s.AccountsOf(t.Context(), "c1", []string{"pg-two"})
	require.NoError(t, err)
	require.Equal(t, []CaseAccount{all[1]}, some)
	none, err := s.AccountsOf(t.Context(), "c1", []string{})
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestTheFirstSightOfAnAccountStays(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	first := found(t, s, "c1", account("pg-main", "ada", "100"))[0]
	s.do(t, func(tx *Tx) error { return tx.SetOutcome(t.Context(), first.ID, access.Contained, "locked") })

	later := account("pg-main", "ada", "100")
	later.Now.Contained, later.Now.Grants = true, later.Now.Grants[:1]
	later.Before, later.SeenAt, later.Evidence = later.Now, noon.Add(time.Hour), access.Confirmed
	got := found(t, s, "c1", later)[0]
	require.Equal(t, first.ID, got.ID)
	require.Equal(t, first.Before, got.Before)
	read, err := s.Account(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, first.Before, read.Before)
	require.Equal(t, later.Now, read.Now)
	require.Equal(t, access.Contained, read.Outcome)
	require.Equal(t, access.Confirmed, read.Evidence)

	gone := CaseAccount{Ref: later.Ref, Evidence: access.Confirmed, SeenAt: noon.Add(2 * time.Hour)}
	found(t, s, "c1", gone)
	read, err = s.Account(t.Context(), first.ID)
	require.NoError(t, err)
	require.False(t, read.Exists)
	require.Equal(t, first.Before, read.Before)
	require.Equal(t, "postgres", read.Engine)
	require.Empty(t, read.Now.Grants)
}

func TestAnAbsentAccountIsRecordedWhenItAppears(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	a := account("pg-main", "ada", "")
	absent := CaseAccount{Ref: a.Ref, Evidence: access.Imported, SeenAt: noon}
	id := found(t, s, "c1", absent)[0].ID
	a.Before = access.Account{} // an entry without one takes Now for it
	got := found(t, s, "c1", a)[0]
	require.Equal(t, id, got.ID)
	require.Equal(t, a.Now, got.Before)
}

func TestNobodyChangesTheFirstSight(t *testing.T) {
	t.Parallel()
	w, s := open(t)
	newCase(t, s, "c1", "E1")
	found(t, s, "c1", account("pg-main", "ada", "100"))
	for _, conn := range []config.Secret{w.app, w.owner, w.super} {
		c := connect(t, conn)
		for _, sql := range []string{`update case_accounts set before = '{}'`, `update case_accounts set before = null, account_exists = false`} {
			_, err := c.Exec(t.Context(), sql)
			require.ErrorContains(t, err, "never changes")
		}
	}
}

func TestAnAccountMadeAgainIsAnother(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	first := found(t, s, "c1", account("pg-main", "ada", "100"))[0]
	second := found(t, s, "c1", account("pg-main", "ada", "200"))[0]
	require.NotEqual(t, first.ID, second.ID)

	s.do(t, func(tx *Tx) error { return tx.SetForeignID(t.Context(), first.ID, "300") })
	read, err := s.Account(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, "300", read.ForeignID)
	require.Equal(t, "100", read.Before.ForeignID)
	s.do(t, func(tx *Tx) error { return tx.SetForeignID(t.Context(), first.ID, "300") })
	s.do(t, func(tx *Tx) error { return tx.SetForeignID(t.Context(), first.ID, "200") })
	read, err = s.Account(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, "300", read.ForeignID, "200 is on record already")
}

func TestHundredsOfAccountsWithThousandsOfGrants(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	const accounts, grants = 200, 100
	var all []CaseAccount
	for i := range accounts {
		a := account("pg-main", fmt.Sprintf("u%03d", i), strconv.Itoa(i))
		a.Now.Grants = nil
		for g := range grants {
			a.Now.Grants = append(a.Now.Grants, access.Grant{Kind: access.Privilege, Database: "db", Object: fmt.Sprint("table ", g), Extent: access.ExtentDatabase})
		}
		all = append(all, a)
	}
	for range 2 {
		require.Len(t, found(t, s, "c1", append(all, all[0])...), accounts, "one entry for each")
	}
	read, err := s.AccountsOf(t.Context(), "c1", nil)
	require.NoError(t, err)
	for i := range all {
		require.Equal(t, all[i].Now, read[i].Now)
	}
	counts, err := s.Counts(t.Context(), "c1")
	require.NoError(t, err)
	require.Equal(t, Counts{Connections: 2, Accounts: accounts, Grants: accounts * grants}, counts)
}

func TestForeignTextThatNoDatabaseCanHold(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	a := account("pg-main", "ada", "1")
	a.Before.Attributes = map[string]string{"comment": "a\x00b\xff", "path": `C:\u0000`, "slash": `\\`}
	a.Gaps = []access.Gap{{Object: "x", Why: "\x00"}}
	got := found(t, s, "c1", a)[0]
	require.Equal(t, map[string]string{"comment": "a\uFFFDb\uFFFD", "path": `C:\u0000`, "slash": `\\`}, got.Before.Attributes)
	s.do(t, func(tx *Tx) error { return tx.SetOutcome(t.Context(), got.ID, access.Blocked, "a\x00b\xff") })
	read, err := s.Account(t.Context(), got.ID)
	require.NoError(t, err)
	require.Equal(t, "a\uFFFDb\uFFFD", read.Why)
}

func TestProofs(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	a := found(t, s, "c1", account("pg-main", "ada", "1"))[0]
	proof := func(look int, gone bool, at time.Time) Proof {
		p := Proof{CaseID: "c1", AccountID: a.ID, Look: look, Asked: "pg_roles", Answered: "no row", Gone: gone, At: at}
		s.do(t, func(tx *Tx) error { return tx.AddProof(t.Context(), p) })
		return p
	}
	provenAt := func() time.Time {
		read, err := s.Account(t.Context(), a.ID)
		require.NoError(t, err)
		return read.ProvenAt
	}
	first := proof(1, true, noon)
	proof(1, true, noon) // a retry
	require.Equal(t, noon, provenAt())
	second := proof(2, true, noon.Add(time.Hour))
	require.Equal(t, noon, provenAt())
	third := proof(3, false, noon.Add(2*time.Hour))
	require.Zero(t, provenAt())
	all, err := s.ProofsOf(t.Context(), "c1")
	require.NoError(t, err)
	require.Equal(t, []Proof{first, second, third}, all)
}
