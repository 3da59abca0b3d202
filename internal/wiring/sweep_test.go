package wiring_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

// roster says who is there; of everybody else who was there before it says that they left.
func roster(w *severtest.World, left ...access.PrincipalID) {
	w.T.Helper()
	entries := []store.Entry{{Principal: access.Principal{ID: "E-there"}}}
	for _, id := range left {
		entries = append(entries, store.Entry{Principal: access.Principal{ID: id}, Left: true})
	}
	require.NoError(w.T, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		_, err := tx.AcceptRoster(w.Ctx, store.Roster{Source: "people.csv", SHA256: severtest.Unique(), By: "hr"}, entries)
		return err
	}))
}

// A sweep goes through whole connections, compares with the run before, and is stopped by
// no connection that does not answer.
func TestASweepFindsWhatShouldNotBeThere(t *testing.T) {
	t.Parallel()
	up, good := severtest.InMemory(t, memory.Account{Name: "ada"}, memory.Account{Name: "bob"}, memory.Account{Name: "eve", Locked: true},
		memory.Account{Name: "root", Protected: "built-in"})
	down, bad := severtest.InMemory(t, memory.Account{Name: "ada"})
	w := severtest.New(t, up, down)
	w.Owns("E-left", good.Ref("ada"), good.Ref("eve"), bad.Ref("ada"))
	w.Owns("E-there", good.Ref("bob"), good.Ref("root"))
	roster(w, "E-left")
	s := w.NewSweep(sweep.Rule{Kind: sweep.Left})

	one, err := w.Sweep(s, "")
	require.NoError(t, err)
	require.Equal(t, workflows.Swept{Run: 1, SweepEnded: one.SweepEnded}, one)
	require.Equal(t, store.SweepComplete, one.Result)
	require.Equal(t, []int64{5, 3, 3, 0, 0}, []int64{one.Accounts, one.Found, one.New, one.Gone, one.Unseen})
	require.Equal(t, map[string]sweep.What{"ada": sweep.OfLeaver, "eve": sweep.OfLeaver}, w.Found(s, 1, sweep.New))

	good.Drop(good.Ref("eve"))
	bad.Deny()
	two, err := w.Sweep(s, "-partial")
	require.NoError(t, err)
	require.Equal(t, store.SweepPartial, two.Result)
	require.Equal(t, "1 of 2 connections listed; unknown: "+down.Name, two.Words)
	require.Equal(t, []int64{2, 1, 1, 1}, []int64{two.Found, two.New, two.Gone, two.Unseen}, "what cannot be asked is not gone")
	require.Equal(t, map[string]sweep.What{"": sweep.CannotBeTold}, w.Found(s, 2, sweep.New))
	require.Equal(t, map[string]sweep.What{"eve": sweep.OfLeaver}, w.Found(s, 2, sweep.Gone))
	require.Equal(t, map[string]sweep.What{"ada": sweep.OfLeaver}, w.Found(s, 2, sweep.Unseen))
	require.Empty(t, good.Writes(), "a report changes nothing")

	numbers, err := w.Parts.Store.CountSweeps(w.Ctx)
	require.NoError(t, err)
	require.Len(t, numbers, 1)
	require.Equal(t, map[sweep.What]int64{sweep.OfLeaver: 1, sweep.CannotBeTold: 1}, numbers[0].Found)
	require.False(t, numbers[0].Complete.IsZero())
}

// Accounts are judged in pages; a list that broke is begun again, and finds the same once.
func TestASweepOverManyPages(t *testing.T) {
	t.Parallel()
	crowd := severtest.Population{Connection: "crowd-" + severtest.Unique(), Size: 2345, People: 100}
	logins := severtest.Population{Connection: "crowd-" + severtest.Unique(), Size: 100, People: 100, Logins: true}
	shaky, sys := severtest.InMemory(t, memory.Account{Name: "ghost"})
	sys.Fail(memory.Fault{Op: memory.OpList})
	w := severtest.New(t, severtest.Crowd(crowd), severtest.Crowd(logins), shaky)
	var ids []access.Identity
	var there []store.Entry
	for i := range crowd.People {
		there = append(there, store.Entry{Principal: severtest.Nth(i), Left: i == 7})
	}
	for i := range crowd.Size {
		if id, ok := crowd.Identity(i); ok {
			ids = append(ids, id)
		}
	}
	require.NoError(t, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		if _, err := tx.AcceptRoster(w.Ctx, store.Roster{Source: "people.csv", SHA256: "1", By: "hr"}, there); err != nil {
			return err
		}
		_, err := tx.ImportIdentities(w.Ctx, ids, "dba")
		return err
	}))
	nobodys, err := w.Sweep(w.NewSweep(sweep.Rule{Kind: sweep.Unissued}), "")
	require.NoError(t, err)
	require.Equal(t, []int64{2446, 24}, []int64{nobodys.Accounts, nobodys.Found}, "every hundredth of the crowd, and the ghost")
	left, err := w.Sweep(w.NewSweep(sweep.Rule{Kind: sweep.Left}), "")
	require.NoError(t, err)
	require.EqualValues(t, 24+1, left.Found, "of the seventh: 24 of the crowd, and the login")
	orphans, err := w.Sweep(w.NewSweep(sweep.Rule{Kind: sweep.Orphans}), "")
	require.NoError(t, err)
	require.Zero(t, orphans.Found)
}

func TestASweepThatCanListNothingFails(t *testing.T) {
	t.Parallel()
	down, bad := severtest.InMemory(t, memory.Account{Name: "ada"})
	w := severtest.New(t, down)
	bad.Deny()
	s := w.NewSweep(sweep.Rule{Kind: sweep.Unissued}, func(s *sweep.Spec) { s.Connections = []string{down.Name, "nowhere"} })
	_, err := w.Sweep(s, "")
	said, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, workflows.NothingListed, said.Type())
	lanes, err := w.Parts.Store.SweepLanes(w.Ctx, s.ID, 1)
	require.NoError(t, err)
	require.Contains(t, lanes[0].Why, "list the accounts of "+down.Name)
	require.Equal(t, "the worker has no connection of this name (SEVER_CONNECTIONS)", lanes[1].Why)

	s = w.NewSweep(sweep.Rule{Kind: sweep.Unissued})
	require.NoError(t, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error { return tx.DeleteSweep(w.Ctx, s.ID, "eve") }))
	_, err = w.Sweep(s, "-deleted")
	require.ErrorContains(t, err, "was deleted by eve")
}

// A rule about what accounts may do looks at each of them, in batches.
func TestASweepLooksAtEveryAccount(t *testing.T) {
	t.Parallel()
	may := access.Grant{Kind: access.Privilege, Database: "shop", Privilege: "SELECT", Extent: access.ExtentDatabase, EndedBy: access.Revoke}
	more := may
	more.Privilege = "SELECT, DELETE"
	conn, sys := severtest.InMemory(t)
	for i := range 130 {
		a := memory.Account{Name: fmt.Sprintf("user%03d", i), Grants: []access.Grant{may}}
		switch i {
		case 77:
			a.Grants = []access.Grant{more}
		case 78:
			a.Use = access.Use{Last: time.Now(), Source: "the log"}
		case 79:
			a.Use = access.Use{Since: time.Now().AddDate(-1, 0, 0), Source: "the log"}
		}
		sys.Add(a)
	}
	w := severtest.New(t, conn)
	var mine []access.Ref
	for _, a := range sys.World() {
		mine = append(mine, a.Account.Ref)
	}
	w.Owns("E-there", mine...)
	s := w.NewSweep(sweep.Rule{Kind: sweep.Entitlements, Source: "may.csv",
		Allowed: []sweep.Entitlement{{Connection: conn.Name, Principal: "E-there", Database: "shop", Privileges: []string{"SELECT"}}}})
	one, err := w.Sweep(s, "")
	require.NoError(t, err)
	require.Equal(t, []int64{130, 1}, []int64{one.Accounts, one.Found})
	require.Equal(t, map[string]sweep.What{"user077": sweep.Beyond}, w.Found(s, 1, sweep.New))
	left, err := w.Parts.Store.LooksOf(w.Ctx, s.ID, 1, conn.Name, 0, 1000)
	require.NoError(t, err)
	require.Empty(t, left, "what was looked at is noted no longer")

	unused := w.NewSweep(sweep.Rule{Kind: sweep.Unused, Days: 45}, func(s *sweep.Spec) { s.Connections = []string{conn.Name} })
	two, err := w.Sweep(unused, "-unused")
	require.NoError(t, err)
	require.EqualValues(t, 129, two.Found, "one was used today")
	found := w.Found(unused, 1, sweep.New)
	require.Equal(t, sweep.NotUsed, found["user079"])
	require.Equal(t, sweep.CannotBeTold, found["user001"], "without a record no account is unused")
}

// Links that lead nowhere are found when the whole list was seen.
func TestASweepFindsOrphans(t *testing.T) {
	t.Parallel()
	conn, sys := severtest.InMemory(t, memory.Account{Name: "ada"})
	w := severtest.New(t, conn)
	there := sys.Ref("ada")
	gone := there
	gone.Name = "eve"
	w.Owns("E1", there, gone)
	s := w.NewSweep(sweep.Rule{Kind: sweep.Orphans})
	_, err := w.Sweep(s, "")
	require.NoError(t, err)
	require.Equal(t, map[string]sweep.What{"eve": sweep.Orphan}, w.Found(s, 1, sweep.New))
}

// A run whose history became long goes on in a new one, where it was: no account is looked
// at twice, and none is forgotten.
func TestASweepGoesOnInANewRun(t *testing.T) {
	t.Parallel()
	conn, sys := severtest.InMemory(t)
	for i := range 230 {
		sys.Add(memory.Account{Name: fmt.Sprintf("user%03d", i)})
	}
	w := severtest.New(t, conn)
	s := w.NewSweep(sweep.Rule{Kind: sweep.ACL, Most: 1})
	state, runs := workflows.SweepState{Sweep: s.ID}, 0
	for again := true; again; runs++ {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestWorkflowEnvironment()
		env.SetTestTimeout(time.Minute)
		wiring.Register(env)
		env.RegisterActivity(activities.NewRecords(w.Parts.Store, w.Parts.Connections, w.Parts.Notary, w.Parts.Roles))
		env.RegisterActivity(activities.NewAccess(w.Parts.Store, w.Parts.Connections, w.Parts.Sink, w.Parts.Pace))
		env.SetContinueAsNewSuggested(runs == 0) // the first gets nothing done, the others one round
		env.SetOnActivityCompletedListener(func(i *activity.Info, _ converter.EncodedValue, _ error) {
			env.SetContinueAsNewSuggested(runs == 0 || i.ActivityType.Name == "SweepLooks")
		})
		env.ExecuteWorkflow("Sweep", state)
		require.True(t, env.IsWorkflowCompleted())
		next := &workflow.ContinueAsNewError{}
		if again = errors.As(env.GetWorkflowError(), &next); again {
			state = workflows.SweepState{}
			require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &state))
			continue
		}
		require.NoError(t, env.GetWorkflowError())
		var out workflows.Swept
		require.NoError(t, env.GetWorkflowResult(&out))
		require.Equal(t, []any{1, store.SweepComplete, int64(230)}, []any{out.Run, out.Result, out.Accounts})
	}
	require.Greater(t, runs, 2)
	seen := map[string]int{}
	for _, c := range sys.Journal() {
		if c.Op == memory.OpLook {
			seen[c.Account.Name]++
		}
	}
	require.Len(t, seen, 230)
	for name, n := range seen {
		require.Equal(t, 1, n, name)
	}
}
