package wiring_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/workflows"
)

func TestATerminatedCaseIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers(memory.Owns("archive", "table old")))
	w := severtest.New(t, conn)
	w.Policy.RetryEvery, w.Policy.Approval = time.Hour, plan.ApproveAlways
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1", func(s *workflows.Submit) { s.Successors = map[string]string{"": "bob"}; s.Hold = "litigation" })
	system.Add(memory.Account{Name: "bob"})
	p := w.Reaches(ada, "waiting", severtest.InPhase(workflows.PhaseApproval)).Plans[0]
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Hash}))
	w.Reaches(ada, "held", severtest.InPhase(workflows.PhaseHeld))

	require.Zero(t, w.Reconcile().TakenUp)
	w.Terminate(ada)
	require.Equal(t, workflows.Reconciled{Open: 1, TakenUp: 1}, w.Reconcile())
	again := w.Reaches(ada, "held again, under the word that was given", severtest.InPhase(workflows.PhaseHeld))
	require.Equal(t, got.Case, again.Case)
	require.Len(t, system.World()[0].Account.Grants, 4)
	require.Zero(t, w.Reconcile().TakenUp, "its workflow runs")

	require.NoError(t, w.Say(ada, workflows.UpdateResume, workflows.Decision{By: "legal"}))
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
	require.Contains(t, w.Tale(got.Case), audit.CaseRecalled)
	require.Zero(t, w.Reconcile().Open)
	w.Paired(got.Case)
}

func TestACancelIsNotForgotten(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers(memory.Owns("archive", "table old")))
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	w.Owns(ada, system.Ref("ada"))
	before := system.World()[0].Account
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "half-way", severtest.InPhase(workflows.PhasePeople))
	system.Down()
	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "she stays"}))
	require.Eventually(t, func() bool { return slices.Contains(w.Tale(got.Case), audit.DecisionCancel) }, 30*time.Second, 10*time.Millisecond)
	w.Terminate(ada)
	system.Up()
	require.Equal(t, 1, w.Reconcile().TakenUp)
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseCancelled}, w.Ends(ada))
	require.Equal(t, before, system.World()[0].Account)
}

func TestADeniedPlanStaysDenied(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.Approval = plan.ApproveAlways
	w.Owns(ada, system.Ref("ada"))
	w.Submit(ada, "key-1")
	p := w.Reaches(ada, "waiting", severtest.InPhase(workflows.PhaseApproval)).Plans[0]
	require.NoError(t, w.Say(ada, workflows.UpdateDeny, workflows.Decision{By: "boss", Hash: p.Hash}))
	w.Reaches(ada, "denied", severtest.InPhase(workflows.PhasePeople))
	w.Terminate(ada)
	require.Equal(t, 1, w.Reconcile().TakenUp)
	again := w.Reaches(ada, "still denied", severtest.InPhase(workflows.PhasePeople))
	require.Len(t, again.Plans, 1)
	require.Empty(t, system.Writes())
}

func TestASecondRequestTakesALostCaseUp(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.Approval = plan.ApproveAlways
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "waiting", severtest.InPhase(workflows.PhaseApproval))
	w.Terminate(ada)
	incident, err := plan.For(access.Incident)
	require.NoError(t, err)
	incident.SecondLook = w.Policy.SecondLook
	w.Submit(ada, "soc-1", func(s *workflows.Submit) { s.Case, s.Policy, s.Requester = got.Case, incident, "soc@example.com" })
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
	require.Contains(t, w.Tale(got.Case), audit.CaseEscalated)
	c, err := w.Parts.Store.Case(w.Ctx, got.Case)
	require.NoError(t, err)
	require.Equal(t, access.Incident, c.Reason)
	require.Equal(t, "hr@example.com", c.Requester, "the first request counts")
}

// The reconciler may come a moment late: a case that has closed meanwhile stays as it is.
func TestAClosedCaseIsNotTakenUp(t *testing.T) {
	t.Parallel()
	w, system, caseID, _ := gone(t)
	before := w.Tale(caseID)
	run, err := w.Parts.Temporal.ExecuteWorkflow(w.Ctx, client.StartWorkflowOptions{ID: w.ID(ada), TaskQueue: w.Queue}, "OffboardPrincipal",
		workflows.State{Case: caseID, Principal: ada})
	require.NoError(t, err)
	var r workflows.Result
	require.NoError(t, run.Get(w.Ctx, &r))
	require.Equal(t, workflows.Result{Case: caseID, Status: access.CaseClean}, r)
	require.Equal(t, before, w.Tale(caseID))
	require.Empty(t, system.World())
}

func TestOverdueTasksAreRemindedOf(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers(memory.Owns("archive", "table old")))
	w := severtest.New(t, conn)
	w.Policy.RetryEvery, w.Policy.TaskDue = time.Hour, time.Hour
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "half-way", severtest.InPhase(workflows.PhasePeople))
	require.Zero(t, w.Reconcile().Reminded, "it is due in an hour")

	late := halfWayTask(t, time.Millisecond)
	require.Eventually(t, func() bool { return late.Reconcile().Reminded > 0 }, 20*time.Second, 20*time.Millisecond)
	tasks, err := w.Parts.Store.TasksOf(w.Ctx, got.Case)
	require.NoError(t, err)
	require.Zero(t, tasks[0].Reminders)
}

// halfWayTask is a world with one case that has a task, due after so long.
func halfWayTask(t *testing.T, due time.Duration) *severtest.World {
	t.Helper()
	conn, system := severtest.InMemory(t, hers(memory.Owns("archive", "table old")))
	w := severtest.New(t, conn)
	w.Policy.RetryEvery, w.Policy.TaskDue = time.Hour, due
	w.Owns(ada, system.Ref("ada"))
	w.Submit(ada, "key-1")
	w.Reaches(ada, "half-way", severtest.InPhase(workflows.PhasePeople))
	return w
}
