package wiring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

const ada = access.PrincipalID("E1042")

// hers is an account with something of everything.
func hers(more ...access.Grant) memory.Account {
	return memory.Account{Name: "ada", Password: "secret-of-ada", Sessions: 2, Grants: append([]access.Grant{
		memory.Can("SELECT", "shop", "table orders"), memory.Can("INSERT", "till", "table sales"), memory.Member("reporting")}, more...)}
}

func TestACaseEndsClean(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers(), memory.Account{Name: "bob", Password: "x", Grants: []access.Grant{memory.Can("SELECT", "shop", "table orders")}})
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))

	got := w.Submit(ada, "key-1")
	require.Equal(t, workflows.Submitted{Case: got.Case}, got)
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))

	require.Equal(t, map[string]access.Outcome{"ada": access.Removed}, w.Outcomes(got.Case))
	require.Equal(t, []string{
		"case.opened", "connection.discovered", "plan.made",
		"step.intent contain", "step.result contain done",
		"step.intent unlink", "step.result unlink done",
		"step.intent revoke", "step.result revoke done",
		"step.intent revoke", "step.result revoke done",
		"step.intent delete", "step.result delete done",
		"account.proven confirm gone", "account.outcome removed",
		"connection.discovered", "plan.made", "account.proven confirm gone", "case.closed clean",
	}, w.Tale(got.Case))
	w.Paired(got.Case)
	require.Empty(t, system.Blind(), "a write without a read before it")
	touched := system.Touched()
	require.Len(t, touched, 1)
	require.Equal(t, "ada", touched[0].Name, "nothing outside the plan is touched")

	c, err := w.Parts.Store.Case(w.Ctx, got.Case)
	require.NoError(t, err)
	require.Equal(t, access.CaseClean, c.Status)
	require.False(t, c.ContainedAt.IsZero())
	require.False(t, c.ProvenAt.IsZero())
}

func TestTheSameKeyIsTheSameCase(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	first := w.Submit(ada, "key-1")
	require.Equal(t, first, w.Submit(ada, "key-1"))
	second := w.Submit(ada, "key-2")
	require.Equal(t, workflows.Submitted{Case: first.Case, Joined: true}, second)
	w.Ends(ada)
	require.Equal(t, first, w.Submit(ada, "key-1"), "also when the case is closed")
}

func TestAnOwnerWithoutASuccessorStaysContained(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers(memory.Owns("archive", "table old")), memory.Account{Name: "bob"})
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "waiting for people", severtest.InPhase(workflows.PhasePeople))

	require.Equal(t, map[string]access.Outcome{"ada": access.Contained}, w.Outcomes(got.Case))
	require.False(t, system.Connect(system.Ref("ada"), "secret-of-ada"), "contained")
	require.Equal(t, 0, system.World()[0].Sessions)
	require.Equal(t, []access.Grant{memory.Owns("archive", "table old")}, system.World()[0].Account.Grants, "the rest is gone")
	tasks, err := w.Parts.Store.TasksOf(w.Ctx, got.Case)
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Contains(t, tasks[0].Words, "owns table old there, and nobody is named to receive them")
	require.Equal(t, "dba@example.com", tasks[0].Owner)

	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba", Successors: map[string]string{conn.Name: "bob"}}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Equal(t, []access.Grant{memory.Owns("archive", "table old")}, system.World()[0].Account.Grants, "bob has it now")
	w.Paired(got.Case)
}

func TestAProtectedAccountIsAnExceptionOnlyByAPersonsWord(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, memory.Account{Name: "root", Protected: "built-in"})
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("root"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "waiting for people", severtest.InPhase(workflows.PhasePeople))
	require.Equal(t, map[string]access.Outcome{"root": access.Protected}, w.Outcomes(got.Case))
	require.Empty(t, system.Writes())

	accounts, err := w.Parts.Store.AccountsOf(w.Ctx, got.Case, nil)
	require.NoError(t, err)
	require.ErrorContains(t, w.Say(ada, workflows.UpdateWaive, workflows.Decision{By: "cto", Account: accounts[0].ID}), "a waiver needs a reason")
	require.NoError(t, w.Say(ada, workflows.UpdateWaive, workflows.Decision{By: "cto", Why: "break-glass account", Account: accounts[0].ID}))
	require.Equal(t, access.CaseExceptions, w.Ends(ada).Status)
}

func TestOneSilentSystemStopsNoOther(t *testing.T) {
	t.Parallel()
	up, good := severtest.InMemory(t, hers())
	down, bad := severtest.InMemory(t, hers())
	w := severtest.New(t, up, down)
	w.Policy.Patience = 1500 * time.Millisecond
	w.Owns(ada, good.Ref("ada"), bad.Ref("ada"))
	bad.Down()
	got := w.Submit(ada, "key-1")
	require.Eventually(t, func() bool { return len(good.World()) == 0 }, 30*time.Second, 10*time.Millisecond, "the other system is done")
	w.Reaches(ada, "parked", func(p workflows.Progress) bool {
		for _, c := range p.Connections {
			if c.Connection == down.Name && c.State == workflows.TrackParked {
				return true
			}
		}
		return false
	})
	conns, err := w.Parts.Store.ConnectionsOf(w.Ctx, got.Case)
	require.NoError(t, err)
	for _, c := range conns {
		if c.Connection == down.Name {
			require.Contains(t, c.Why, "connection refused")
		}
	}
	require.Len(t, bad.World(), 1, "unknown is not none")
	bad.Up()
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, bad.World())
	w.Paired(got.Case)
}

func TestAnswersThatAreLostAreReadAgain(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	for _, op := range []memory.Op{memory.OpContain, memory.OpUnlink, memory.OpRevoke, memory.OpDelete} {
		system.Fail(memory.Fault{Op: op, After: true}, memory.Fault{Op: op, Kind: provider.Throttled, RetryAfter: time.Millisecond})
	}
	got := w.Submit(ada, "key-1")
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.Blind(), "a write was repeated without a read")
	w.Paired(got.Case)
}

func TestARefusedCredentialWaitsForAPerson(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	w.Owns(ada, system.Ref("ada"))
	system.Deny()
	w.Submit(ada, "key-1")
	w.Reaches(ada, "waiting for people", severtest.InPhase(workflows.PhasePeople))
	system.Up()
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba", Why: "new password"}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
}

func TestNoKnownAccountIsNotNoAccount(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	w.Owns("E7", system.Ref("ada")) // somebody else's
	w.Owns(ada)
	require.NoError(t, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		return tx.UpsertPrincipals(w.Ctx, []access.Principal{{ID: ada}})
	}))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "waiting for people", severtest.InPhase(workflows.PhasePeople))
	tasks, err := w.Parts.Store.TasksOf(w.Ctx, got.Case)
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Contains(t, tasks[0].Words, "no identity links this principal")
	require.Empty(t, system.Writes())
	w.Owns(ada, access.Ref{Connection: conn.Name, Name: "long gone"})
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "hr"}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Equal(t, map[string]access.Outcome{"long gone": access.AlreadyGone}, w.Outcomes(got.Case))
	require.Empty(t, system.Writes())
}

func TestAcceptedIsAskedForUntilItIsDone(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	system.ApplyLater(memory.OpContain, memory.OpUnlink, memory.OpRevoke, memory.OpDelete)
	got := w.Submit(ada, "key-1")
	status := make(chan access.CaseStatus, 1)
	go func() { status <- w.Ends(ada).Status }()
	for pending := 0; ; {
		select {
		case s := <-status:
			require.Equal(t, access.CaseClean, s)
			require.Equal(t, 5, pending, "every order was accepted first")
			require.Contains(t, w.Tale(got.Case), "step.result delete accepted")
			w.Paired(got.Case)
			return
		case <-time.After(50 * time.Millisecond):
			pending += system.Settle()
		}
	}
}

func TestOneStuckLaneKeepsNoOtherFromBeingSettled(t *testing.T) {
	t.Parallel()
	one, good := severtest.InMemory(t, hers())
	two, bad := severtest.InMemory(t, hers())
	w := severtest.New(t, one, two)
	w.Owns(ada, good.Ref("ada"), bad.Ref("ada"))
	bad.Fail(memory.Fault{Op: memory.OpDelete, Times: 1000})
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "the other one is settled", func(p workflows.Progress) bool {
		states := map[string]workflows.TrackState{}
		for _, c := range p.Connections {
			states[c.Connection] = c.State
		}
		return states[one.Name] == workflows.TrackClean && states[two.Name] == workflows.TrackBusy
	})
	accounts, err := w.Parts.Store.AccountsOf(w.Ctx, got.Case, []string{one.Name})
	require.NoError(t, err)
	require.Equal(t, access.Removed, accounts[0].Outcome)
	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr", Why: "a test"}))
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.Len(t, good.World(), 1)
	w.Paired(got.Case)
}
