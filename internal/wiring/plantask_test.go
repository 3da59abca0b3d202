package wiring_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// task is one task of a case; a test that asks for another than there is fails.
func task(t *testing.T, w *severtest.World, caseID, key string) store.Task {
	t.Helper()
	tasks, err := w.Parts.Store.TasksOf(w.Ctx, caseID)
	require.NoError(t, err)
	for _, k := range tasks {
		if k.Key == key {
			return k
		}
	}
	require.FailNow(t, "no such task", "%s among %v", key, tasks)
	return store.Task{}
}

// ended is who closed a task, and why.
func ended(k store.Task) string { return k.ClosedBy + ": " + k.ClosedWhy }

// open are the keys of the open tasks of a case, oldest first.
func open(t *testing.T, w *severtest.World, caseID string) (keys []string) {
	t.Helper()
	tasks, err := w.Parts.Store.TasksOf(w.Ctx, caseID)
	require.NoError(t, err)
	for _, k := range tasks {
		if k.ClosedAt.IsZero() {
			keys = append(keys, k.Key)
		}
	}
	return keys
}

func TestAPlanInQuarantineIsATaskUntilItIsApproved(t *testing.T) {
	t.Parallel()
	w, _ := twoOfHers(t)
	w.Policy.TaskDue = time.Hour
	got, p := quarantined(t, w)
	k := task(t, w, got.Case, "plan/1")
	require.Equal(t, time.Hour, k.Due.Sub(k.OpenedAt))
	named := fmt.Sprintf("%s --plan %.12s", got.Case, p.Hash)
	require.Equal(t, store.Task{ID: k.ID, CaseID: got.Case, Key: "plan/1", Subject: "plan 1", Owner: "somebody other than hr@example.com", Due: k.Due, OpenedAt: k.OpenedAt,
		Words: "plan 1 is in quarantine, because blast radius: 2 accounts in one case, the limit is 1; 2 accounts to end in 9 steps",
		Next: "read it: sever plan " + named + "; then somebody other than hr@example.com says: sever approve " + named + ` --reason "..."` +
			"; or: sever deny " + named + "; or: sever cancel " + got.Case}, k)
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Why: "both are hers", Hash: p.Hash}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Equal(t, "boss: approved: both are hers", ended(task(t, w, got.Case, "plan/1")))
	require.Empty(t, open(t, w, got.Case))
}

func TestAWaitingPlanIsRemindedOf(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.TaskDue = time.Millisecond
	w.Owns(ada, system.Ref("ada"))
	got, _ := waitsForApproval(t, w)
	require.Eventually(t, func() bool { return w.Reconcile().Reminded > 0 }, 20*time.Second, 20*time.Millisecond)
	require.Equal(t, []string{"plan/1"}, open(t, w, got.Case))
	require.Contains(t, w.Tale(got.Case), audit.TaskReminded)
}

// A plan that nobody can decide about any more is nobody's task.
func TestAPlanThatIsOverIsNobodysTask(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	got, first := waitsForApproval(t, w)

	w.Terminate(ada)
	require.Equal(t, 1, w.Reconcile().TakenUp)
	w.Reaches(ada, "planned anew", severtest.InPhase(workflows.PhaseApproval))
	require.Equal(t, "the case was taken up again, and is planned anew", task(t, w, got.Case, "plan/1").ClosedWhy)
	require.Equal(t, []string{"plan/2"}, open(t, w, got.Case))

	incident, err := plan.For(access.Incident)
	require.NoError(t, err)
	incident.Approval = plan.ApproveAlways
	w.Submit(ada, "soc-1", func(s *workflows.Submit) { s.Policy, s.Requester = incident, "soc@example.com" })
	p := w.Reaches(ada, "contained, removal waits", func(p workflows.Progress) bool {
		return p.Phase == workflows.PhaseApproval && p.Reason == access.Incident && system.World()[0].Account.Contained
	})
	require.Equal(t, "the case became more urgent, and is planned anew", task(t, w, got.Case, "plan/2").ClosedWhy)
	require.Equal(t, []string{"plan/3"}, open(t, w, got.Case))
	require.NotEqual(t, first.Hash, p.Plans[len(p.Plans)-1].Hash)

	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "she stays"}))
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.Equal(t, "hr@example.com: the case was cancelled", ended(task(t, w, got.Case, "plan/3")))
	require.Empty(t, open(t, w, got.Case))
	plans, err := w.Parts.Store.Plans(w.Ctx, got.Case)
	require.NoError(t, err)
	for _, p := range plans {
		require.NotEqual(t, store.PlanWaiting, p.Status, "plan %d", p.No)
	}
}

// Nothing of a denied plan is done, and somebody has to say what becomes of the case.
func TestADeniedPlanIsATask(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	got, p := waitsForApproval(t, w)
	require.NoError(t, w.Say(ada, workflows.UpdateDeny, workflows.Decision{By: "boss", Why: "not yet", Hash: p.Hash}))
	w.Reaches(ada, "denied", severtest.InPhase(workflows.PhasePeople))
	require.Equal(t, []string{"denied/1"}, open(t, w, got.Case))
	k := task(t, w, got.Case, "denied/1")
	require.Equal(t, "plan 1 was denied by boss: not yet; nothing of it is done, and the access stays", k.Words)
	require.Equal(t, "hr@example.com", k.Owner)
	require.Equal(t, w.Policy.TaskDue, k.Due.Sub(k.OpenedAt))

	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "hr@example.com", Why: "now"}))
	w.Reaches(ada, "planned anew", severtest.InPhase(workflows.PhaseApproval))
	require.Equal(t, "hr@example.com: now", ended(task(t, w, got.Case, "denied/1")))
	require.Equal(t, []string{"plan/2"}, open(t, w, got.Case))
}

// A plan over two systems waits, and the case begins anew: one answers, the other does
// not. The old plan is over for both.
func TestAPlanIsOverWhereASystemIsSilent(t *testing.T) {
	t.Parallel()
	up, good := severtest.InMemory(t, hers())
	down, bad := severtest.InMemory(t, hers())
	w := severtest.New(t, up, down)
	w.Policy.Patience, w.Policy.RetryEvery = time.Second, time.Hour
	w.Owns(ada, good.Ref("ada"), bad.Ref("ada"))
	got, p := waitsForApproval(t, w)
	require.Len(t, p.Connections, 2)
	w.Terminate(ada)
	bad.Down()
	require.Equal(t, 1, w.Reconcile().TakenUp)
	require.Eventually(t, func() bool {
		keys := open(t, w, got.Case)
		return len(keys) == 2
	}, 30*time.Second, 20*time.Millisecond)
	require.ElementsMatch(t, []string{"plan/2", "connection/" + down.Name}, open(t, w, got.Case))
}

func TestAReinstatementIsATaskUntilSomebodyDecides(t *testing.T) {
	t.Parallel()
	w, _, caseID, _ := gone(t)
	status := func(no int) store.PlanStatus {
		p, err := w.Parts.Store.Plan(w.Ctx, caseID, no)
		require.NoError(t, err)
		return p.Status
	}
	r, err := w.Reinstate(caseID, ada, "hr@example.com")
	require.NoError(t, err)
	took := r.Plan - 1 // the plan of the second look
	require.Equal(t, store.PlanApproved, status(took), "to ask takes nobody's place")
	key := store.PlanTask(r.Plan)
	k := task(t, w, caseID, key)
	named := fmt.Sprintf("%s --plan %.12s", caseID, r.Hash)
	require.Equal(t, fmt.Sprintf("plan %d waits for approval: gives back 1 account in %d steps", r.Plan, r.Steps), k.Words)
	require.Equal(t, "read it: sever plan "+named+"; then somebody other than hr@example.com says: sever approve "+named+"; or: sever deny "+named, k.Next)
	require.NoError(t, w.Say(ada, workflows.UpdateDeny, workflows.Decision{By: "boss", Why: "no", Hash: r.Hash}))
	w.Ends(ada)
	require.Empty(t, open(t, w, caseID))
	require.Equal(t, "boss: denied: no", ended(task(t, w, caseID, key)))
	require.Equal(t, store.PlanApproved, status(took))

	again, err := w.Reinstate(caseID, ada, "hr@example.com")
	require.NoError(t, err)
	require.ErrorContains(t, w.Try(ada, "soc-1"), "is withdrawn; ask again")
	w.Ends(ada)
	require.Equal(t, "hr@example.com: denied: an offboarding was asked for", ended(task(t, w, caseID, store.PlanTask(again.Plan))))

	last, err := w.Reinstate(caseID, ada, "hr@example.com")
	require.NoError(t, err)
	approveReinstatement(w, last)
	require.Equal(t, access.CaseReinstated, w.Ends(ada).Status)
	require.Empty(t, open(t, w, caseID))
	require.Equal(t, store.PlanSuperseded, status(took))
}
