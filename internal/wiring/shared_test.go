package wiring_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/workflows"
)

// app is an account that ada and grace log in with.
func app() memory.Account {
	return memory.Account{Name: "app", Password: "known-to-both", Sessions: 2, Grants: []access.Grant{memory.Can("SELECT", "shop", "table orders")}}
}

const grace = access.PrincipalID("E7")

// sharing is a world with an account of hers and one that grace uses too.
func sharing(t *testing.T, rule plan.SharedRule) (*severtest.World, *memory.System) {
	t.Helper()
	conn, system := severtest.InMemory(t, hers(), app())
	w := severtest.New(t, conn)
	w.Policy.Shared = rule
	w.Owns(ada, system.Ref("ada"), system.Ref("app"))
	w.Owns(grace, system.Ref("app"))
	return w, system
}

// rotations counts the new passwords that the system was asked for.
func rotations(s *memory.System) (n int) {
	for _, c := range s.Writes() {
		if c.Op == memory.OpRotate {
			n++
		}
	}
	return n
}

func TestASharedAccountGetsANewPassword(t *testing.T) {
	t.Parallel()
	w, system := sharing(t, plan.SharedRotate)
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "a person is needed", severtest.InPhase(workflows.PhasePeople))

	secret := delivered(t, w.Secrets)
	require.True(t, system.Connect(system.Ref("app"), secret), "grace goes on with the new one")
	require.False(t, system.Connect(system.Ref("app"), "known-to-both"))
	world := system.World()
	require.Len(t, world, 1)
	require.Equal(t, app().Grants, world[0].Account.Grants)
	require.False(t, world[0].Account.Contained)

	require.Equal(t, map[string]access.Outcome{"ada": access.Removed, "app": access.Contained}, w.Outcomes(got.Case))
	shared := account(w, got.Case, "app")
	require.Contains(t, shared.Why, "shared, and its password was rotated: E7 need the new one")
	require.Contains(t, shared.Why, "new credential handed over: file "+w.Secrets)
	require.Len(t, left(w, got.Case), 1)

	// The case looks again and again, and rotates no second time.
	seen := len(w.Tale(got.Case))
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
	require.Eventually(t, func() bool {
		return strings.Contains(strings.Join(w.Tale(got.Case)[seen:], " "), "plan.made")
	}, time.Minute, 10*time.Millisecond)
	w.Reaches(ada, "still a person", severtest.InPhase(workflows.PhasePeople))
	require.Equal(t, 1, rotations(system))
	require.Equal(t, access.Contained, w.Outcomes(got.Case)["app"])

	tale := strings.Join(w.Tale(got.Case), ", ")
	require.Contains(t, tale, "step.intent rotate, secret.delivered rotate delivered, step.result rotate done")
	for row, err := range w.Parts.Store.Events(w.Ctx, got.Case, 1) {
		require.NoError(t, err)
		text, err := row.Canonical()
		require.NoError(t, err)
		require.NotContains(t, string(text), secret, row.Kind)
	}
	require.NoError(t, w.Say(ada, workflows.UpdateWaive, workflows.Decision{By: "cto", Why: "grace has it", Account: shared.ID}))
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseExceptions}, w.Ends(ada))
	require.Empty(t, left(w, got.Case))
	w.Paired(got.Case)
}

func TestNobodyIsLockedOutWithoutASink(t *testing.T) {
	t.Parallel()
	w, system := sharing(t, plan.SharedRotate)
	w.Stop()
	w.Parts.Sink = activities.NoSink()
	w.StartWorker()
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "a person is needed", severtest.InPhase(workflows.PhasePeople))
	require.Zero(t, rotations(system), "nothing is sent")
	require.True(t, system.Connect(system.Ref("app"), "known-to-both"))
	require.Equal(t, map[string]access.Outcome{"ada": access.Removed, "app": access.Blocked}, w.Outcomes(got.Case))
	require.Contains(t, account(w, got.Case, "app").Why, "nobody would receive its new password: no secret sink is configured")
	require.Contains(t, w.Tale(got.Case), "step.refused rotate blocked")

	// With a sink, the same case goes on.
	w.Stop()
	w.Parts.Sink = activities.DirSink(w.Secrets)
	w.StartWorker()
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
	require.Eventually(t, func() bool { return w.Outcomes(got.Case)["app"] == access.Contained }, time.Minute, 10*time.Millisecond)
	require.True(t, system.Connect(system.Ref("app"), delivered(t, w.Secrets)))
}

// Without a rule a shared account is left alone, and the task says what to do.
func TestASharedAccountIsATask(t *testing.T) {
	t.Parallel()
	w, system := sharing(t, "")
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "a person is needed", severtest.InPhase(workflows.PhasePeople))
	require.Zero(t, rotations(system))
	require.Equal(t, access.Blocked, w.Outcomes(got.Case)["app"])
	for _, k := range left(w, got.Case) {
		require.Contains(t, k.Next, "rotate its password by hand")
		require.Contains(t, k.Next, "sever waive "+got.Case)
	}
	_, err := os.Stat(w.Secrets)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A lost answer makes another password; the last one delivered works.
func TestTheNewestPasswordIsTheOneDelivered(t *testing.T) {
	t.Parallel()
	w, system := sharing(t, plan.SharedRotate)
	system.Fail(memory.Fault{Op: memory.OpRotate, After: true})
	w.Submit(ada, "key-1")
	w.Reaches(ada, "a person is needed", severtest.InPhase(workflows.PhasePeople))
	require.Equal(t, 2, rotations(system))
	require.True(t, system.Connect(system.Ref("app"), delivered(t, w.Secrets)))
	require.Empty(t, system.Blind())
}

// A cancel gives her own account back, and says that the shared password is another one.
func TestACancelCannotTurnARotationBack(t *testing.T) {
	t.Parallel()
	w, system := sharing(t, plan.SharedRotate)
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "a person is needed", severtest.InPhase(workflows.PhasePeople))
	shared := account(w, got.Case, "app")
	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr", Why: "she stays"}))
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.Equal(t, 1, rotations(system))
	require.Contains(t, account(w, got.Case, "app").Why, "it was rotated, and the old one cannot come back")
	var words string
	for _, k := range left(w, got.Case) {
		if k.Subject == shared.Ref.String() {
			words = k.Next
		}
	}
	require.Contains(t, words, "give the new one to whoever needs it")
	w.Paired(got.Case)
}
