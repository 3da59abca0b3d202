package wiring_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/workflows"
)

// inGrace is a case whose accounts are contained and that waits out its grace.
func inGrace(t *testing.T, grace time.Duration) (*severtest.World, *memory.System, workflows.Submitted) {
	t.Helper()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.Grace = grace
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "in its grace", severtest.InPhase(workflows.PhaseGrace))
	require.True(t, system.World()[0].Account.Contained)
	require.False(t, system.Connect(system.Ref("ada"), "secret-of-ada"))
	require.Len(t, system.World()[0].Account.Grants, 3, "nothing is removed in the grace")
	return w, system, got
}

// waitsAgain waits for a second plan that waits for a word, and gives its guards.
func waitsAgain(w *severtest.World, caseID string) (workflows.PlanState, string) {
	w.T.Helper()
	p := w.Reaches(ada, "a plan waits", func(p workflows.Progress) bool {
		return len(p.Plans) > 1 && p.Plans[len(p.Plans)-1].Status == workflows.PlanWaiting
	})
	last := p.Plans[len(p.Plans)-1]
	saved, err := w.Parts.Store.Plan(w.Ctx, caseID, last.No)
	require.NoError(w.T, err)
	return last, strings.Join(saved.Guards, "; ")
}

func TestAfterTheGraceSheIsStillGone(t *testing.T) {
	t.Parallel()
	w, system, got := inGrace(t, 2*time.Second)
	w.Roster(ada, true)
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.World())
	w.Paired(got.Case)
}

func TestAfterTheGraceSheIsBack(t *testing.T) {
	t.Parallel()
	w, system, got := inGrace(t, 3*time.Second)
	w.Roster(ada, true)
	w.Roster(ada, false)
	_, guards := waitsAgain(w, got.Case)
	require.Contains(t, guards, "came back: ")
	require.Len(t, system.World()[0].Account.Grants, 3)
	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "she is back"}))
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.True(t, system.Connect(system.Ref("ada"), "secret-of-ada"))
}

func TestAfterTheGraceNobodyKnows(t *testing.T) {
	t.Parallel()
	w, system, got := inGrace(t, 2*time.Second)
	last, guards := waitsAgain(w, got.Case)
	require.Contains(t, guards, "not known whether still gone: no roster speaks of "+string(ada))
	require.Len(t, system.World()[0].Account.Grants, 3)
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Why: "I saw her leave", Hash: last.Hash}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.World())
}

func TestAfterTheGraceSomebodyHasOpenedTheAccount(t *testing.T) {
	t.Parallel()
	w, system, got := inGrace(t, 3*time.Second)
	w.Roster(ada, true)
	system.Open(system.Ref("ada"))
	_, guards := waitsAgain(w, got.Case)
	require.Contains(t, guards, "opened again: ")
	require.Len(t, system.World()[0].Account.Grants, 3)
}

func TestAnApprovalLapses(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers(memory.Owns("archive", "table old")))
	w := severtest.New(t, conn)
	w.Policy.RetryEvery, w.Policy.ApprovalTTL, w.Policy.Approval = time.Hour, time.Millisecond, plan.ApproveAlways
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	first := w.Reaches(ada, "waiting", severtest.InPhase(workflows.PhaseApproval)).Plans[0]
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: first.Hash}))
	w.Reaches(ada, "stuck without a successor", severtest.InPhase(workflows.PhasePeople))

	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
	second, _ := waitsAgain(w, got.Case)
	require.Equal(t, 2, second.No, "the same steps need a word again")
	require.Contains(t, w.Tale(got.Case), audit.ApprovalLapsed)
}

func TestACaseCanBeHeldFromItsBeginning(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1", func(s *workflows.Submit) { s.Hold = "litigation 17/2026" })
	w.Reaches(ada, "held", func(p workflows.Progress) bool {
		return p.Phase == workflows.PhaseHeld && system.World()[0].Account.Contained
	})
	require.Len(t, system.World()[0].Account.Grants, 3)
	require.Contains(t, w.Tale(got.Case), audit.DecisionHold)
	require.NoError(t, w.Say(ada, workflows.UpdateResume, workflows.Decision{By: "legal"}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
}
