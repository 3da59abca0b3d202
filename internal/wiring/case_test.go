package wiring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
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
	conn, system := inMemory(t, hers(), memory.Account{Name: "bob", Password: "x", Grants: []access.Grant{memory.Can("SELECT", "shop", "table orders")}})
	w := newWorld(t, conn)
	w.owns(ada, system.Ref("ada"))

	got := w.submit(ada, "key-1")
	require.Equal(t, workflows.Submitted{Case: got.Case}, got)
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.ends(ada))

	require.Equal(t, map[string]access.Outcome{"ada": access.Removed}, w.outcomes(got.Case))
	require.Equal(t, []string{
		"case.opened", "connection.discovered", "plan.made",
		"step.intent contain", "step.result contain done",
		"step.intent unlink", "step.result unlink done",
		"step.intent revoke", "step.result revoke done",
		"step.intent revoke", "step.result revoke done",
		"step.intent delete", "step.result delete done",
		"account.proven confirm gone", "account.outcome removed",
		"connection.discovered", "plan.made", "account.proven confirm gone", "case.closed clean",
	}, w.tale(got.Case))
	w.paired(got.Case)
	require.Empty(t, system.Blind(), "a write without a read before it")
	touched := system.Touched()
	require.Len(t, touched, 1)
	require.Equal(t, "ada", touched[0].Name, "nothing outside the plan is touched")

	c, err := w.parts.Store.Case(w.ctx, got.Case)
	require.NoError(t, err)
	require.Equal(t, access.CaseClean, c.Status)
	require.False(t, c.ContainedAt.IsZero())
	require.False(t, c.ProvenAt.IsZero())
}

func TestTheSameKeyIsTheSameCase(t *testing.T) {
	t.Parallel()
	conn, system := inMemory(t, hers())
	w := newWorld(t, conn)
	w.owns(ada, system.Ref("ada"))
	first := w.submit(ada, "key-1")
	require.Equal(t, first, w.submit(ada, "key-1"))
	second := w.submit(ada, "key-2")
	require.Equal(t, workflows.Submitted{Case: first.Case, Joined: true}, second)
	w.ends(ada)
	require.Equal(t, first, w.submit(ada, "key-1"), "also when the case is closed")
}

func TestAnOwnerWithoutASuccessorStaysContained(t *testing.T) {
	t.Parallel()
	conn, system := inMemory(t, hers(memory.Owns("archive", "table old")), memory.Account{Name: "bob"})
	w := newWorld(t, conn)
	w.policy.RetryEvery = time.Hour
	w.owns(ada, system.Ref("ada"))
	got := w.submit(ada, "key-1")
	w.reaches(ada, "waiting for people", inPhase(workflows.PhasePeople))

	require.Equal(t, map[string]access.Outcome{"ada": access.Contained}, w.outcomes(got.Case))
	require.False(t, system.Connect(system.Ref("ada"), "secret-of-ada"), "contained")
	require.Equal(t, 0, system.World()[0].Sessions)
	require.Equal(t, []access.Grant{memory.Owns("archive", "table old")}, system.World()[0].Account.Grants, "the rest is gone")
	tasks, err := w.parts.Store.TasksOf(w.ctx, got.Case)
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Contains(t, tasks[0].Words, "owns table old there, and nobody is named to receive them")
	require.Equal(t, "dba@example.com", tasks[0].Owner)

	require.NoError(t, w.say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba", Successors: map[string]string{conn.Name: "bob"}}))
	require.Equal(t, access.CaseClean, w.ends(ada).Status)
	require.Equal(t, []access.Grant{memory.Owns("archive", "table old")}, system.World()[0].Account.Grants, "bob has it now")
	w.paired(got.Case)
}

func TestAProtectedAccountIsAnExceptionOnlyByAPersonsWord(t *testing.T) {
	t.Parallel()
	conn, system := inMemory(t, memory.Account{Name: "root", Protected: "built-in"})
	w := newWorld(t, conn)
	w.owns(ada, system.Ref("root"))
	got := w.submit(ada, "key-1")
	w.reaches(ada, "waiting for people", inPhase(workflows.PhasePeople))
	require.Equal(t, map[string]access.Outcome{"root": access.Protected}, w.outcomes(got.Case))
	require.Empty(t, system.Writes())

	accounts, err := w.parts.Store.AccountsOf(w.ctx, got.Case, nil)
	require.NoError(t, err)
	require.ErrorContains(t, w.say(ada, workflows.UpdateWaive, workflows.Decision{By: "cto", Account: accounts[0].ID}), "a waiver needs a reason")
	require.NoError(t, w.say(ada, workflows.UpdateWaive, workflows.Decision{By: "cto", Why: "break-glass account", Account: accounts[0].ID}))
	require.Equal(t, access.CaseExceptions, w.ends(ada).Status)
}

func TestOneSilentSystemStopsNoOther(t *testing.T) {
	t.Parallel()
	up, good := inMemory(t, hers())
	down, bad := inMemory(t, hers())
	w := newWorld(t, up, down)
	w.policy.Patience = 1500 * time.Millisecond
	w.owns(ada, good.Ref("ada"), bad.Ref("ada"))
	bad.Down()
	got := w.submit(ada, "key-1")
	require.Eventually(t, func() bool { return len(good.World()) == 0 }, 30*time.Second, 10*time.Millisecond, "the other system is done")
	w.reaches(ada, "parked", func(p workflows.Progress) bool {
		for _, c := range p.Connections {
			if c.Connection == down.Name && c.State == workflows.TrackParked {
				return true
			}
		}
		return false
	})
	conns, err := w.parts.Store.ConnectionsOf(w.ctx, got.Case)
	require.NoError(t, err)
	for _, c := range conns {
		if c.Connection == down.Name {
			require.Contains(t, c.Why, "connection refused")
		}
	}
	require.Len(t, bad.World(), 1, "unknown is not none")
	bad.Up()
	require.Equal(t, access.CaseClean, w.ends(ada).Status)
	require.Empty(t, bad.World())
	w.paired(got.Case)
}

func TestAnswersThatAreLostAreReadAgain(t *testing.T) {
	t.Parallel()
	conn, system := inMemory(t, hers())
	w := newWorld(t, conn)
	w.owns(ada, system.Ref("ada"))
	for _, op := range []memory.Op{memory.OpContain, memory.OpUnlink, memory.OpRevoke, memory.OpDelete} {
		system.Fail(memory.Fault{Op: op, After: true}, memory.Fault{Op: op, Kind: provider.Throttled, RetryAfter: time.Millisecond})
	}
	got := w.submit(ada, "key-1")
	require.Equal(t, access.CaseClean, w.ends(ada).Status)
	require.Empty(t, system.Blind(), "a write was repeated without a read")
	w.paired(got.Case)
}

func TestARefusedCredentialWaitsForAPerson(t *testing.T) {
	t.Parallel()
	conn, system := inMemory(t, hers())
	w := newWorld(t, conn)
	w.policy.RetryEvery = time.Hour
	w.owns(ada, system.Ref("ada"))
	system.Deny()
	w.submit(ada, "key-1")
	w.reaches(ada, "waiting for people", inPhase(workflows.PhasePeople))
	system.Up()
	require.NoError(t, w.say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba", Why: "new password"}))
	require.Equal(t, access.CaseClean, w.ends(ada).Status)
}

func TestNoKnownAccountIsNotNoAccount(t *testing.T) {
	t.Parallel()
	conn, system := inMemory(t, hers())
	w := newWorld(t, conn)
	w.policy.RetryEvery = time.Hour
	w.owns("E7", system.Ref("ada")) // somebody else's
	w.owns(ada)
	require.NoError(t, w.parts.Store.Do(w.ctx, func(tx *store.Tx) error {
		return tx.UpsertPrincipals(w.ctx, []access.Principal{{ID: ada}})
	}))
	got := w.submit(ada, "key-1")
	w.reaches(ada, "waiting for people", inPhase(workflows.PhasePeople))
	tasks, err := w.parts.Store.TasksOf(w.ctx, got.Case)
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Contains(t, tasks[0].Words, "no identity links this principal")
	require.Empty(t, system.Writes())
	w.owns(ada, access.Ref{Connection: conn.Name, Name: "long gone"})
	require.NoError(t, w.say(ada, workflows.UpdateRetry, workflows.Decision{By: "hr"}))
	require.Equal(t, access.CaseClean, w.ends(ada).Status)
	require.Equal(t, map[string]access.Outcome{"long gone": access.AlreadyGone}, w.outcomes(got.Case))
	require.Empty(t, system.Writes())
}

func TestAcceptedIsAskedForUntilItIsDone(t *testing.T) {
	t.Parallel()
	conn, system := inMemory(t, hers())
	w := newWorld(t, conn)
	w.owns(ada, system.Ref("ada"))
	system.ApplyLater(memory.OpContain, memory.OpUnlink, memory.OpRevoke, memory.OpDelete)
	got := w.submit(ada, "key-1")
	status := make(chan access.CaseStatus, 1)
	go func() { status <- w.ends(ada).Status }()
	for pending := 0; ; {
		select {
		case s := <-status:
			require.Equal(t, access.CaseClean, s)
			require.Equal(t, 5, pending, "every order was accepted first")
			require.Contains(t, w.tale(got.Case), "step.result delete accepted")
			w.paired(got.Case)
			return
		case <-time.After(50 * time.Millisecond):
			pending += system.Settle()
		}
	}
}

func TestOneStuckLaneKeepsNoOtherFromBeingSettled(t *testing.T) {
	t.Parallel()
	one, good := inMemory(t, hers())
	two, bad := inMemory(t, hers())
	w := newWorld(t, one, two)
	w.owns(ada, good.Ref("ada"), bad.Ref("ada"))
	bad.Fail(memory.Fault{Op: memory.OpDelete, Times: 1000})
	got := w.submit(ada, "key-1")
	w.reaches(ada, "the other one is settled", func(p workflows.Progress) bool {
		states := map[string]workflows.TrackState{}
		for _, c := range p.Connections {
			states[c.Connection] = c.State
		}
		return states[one.Name] == workflows.TrackClean && states[two.Name] == workflows.TrackBusy
	})
	accounts, err := w.parts.Store.AccountsOf(w.ctx, got.Case, []string{one.Name})
	require.NoError(t, err)
	require.Equal(t, access.Removed, accounts[0].Outcome)
	require.NoError(t, w.say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr", Why: "a test"}))
	require.Equal(t, access.CaseCancelled, w.ends(ada).Status)
	require.Len(t, good.World(), 1)
	w.paired(got.Case)
}
