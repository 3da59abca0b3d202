package wiring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
	"github.com/severhq/sever/workflows"
)

// leavers is a world in which some people have left and their accounts are still there.
func leavers(t *testing.T, people ...access.PrincipalID) (*severtest.World, *memory.System) {
	t.Helper()
	conn, system := severtest.InMemory(t, memory.Account{Name: "ghost"})
	w := severtest.New(t, conn)
	w.Parts.SweepPolicy, _ = plan.For(access.Sweep)
	w.Parts.SweepPolicy.SecondLook, w.Parts.SweepPolicy.RetryEvery, w.Parts.SweepPolicy.Patience = 300*time.Millisecond, 500*time.Millisecond, 10*time.Second
	w.Stop()
	w.StartWorker()
	for _, p := range people {
		system.Add(memory.Account{Name: "of-" + string(p), Password: "x"})
		w.Owns(p, system.Ref("of-"+string(p)))
	}
	roster(w, people...)
	return w, system
}

func enforcing(notice time.Duration) func(*sweep.Spec) {
	return func(s *sweep.Spec) { s.Mode, s.Notice, s.MaxPerRun = sweep.Enforce, notice, 2 }
}

func marked(s *memory.System, who access.PrincipalID) bool {
	for _, a := range s.World() {
		if a.Account.Name == "of-"+string(who) {
			return a.Account.Contained
		}
	}
	return false
}

// The first plan of a sweep waits for somebody's word, and the other leavers wait for
// that. Then it goes on, as far as its limits allow: accounts are locked, and removed
// after the notice.
func TestASweepEnforcesAfterItsFirstPlanIsApproved(t *testing.T) {
	t.Parallel()
	w, system := leavers(t, "E1", "E2", "E3", "E4")
	s := w.NewSweep(sweep.Rule{Kind: sweep.Left}, enforcing(3*time.Second))

	one, err := w.Sweep(s, "-first")
	require.NoError(t, err)
	require.Equal(t, []int{1, 3}, []int{one.Opened, one.Waiting})
	require.Contains(t, one.WaitsFor, "the first plan of this sweep has to be approved")
	p := w.Reaches("E1", "a plan waits", func(p workflows.Progress) bool { return len(p.Plans) > 0 && p.Plans[0].Status == workflows.PlanWaiting })
	require.Empty(t, system.Writes(), "nothing is touched before somebody has read the plan")
	c, err := w.Parts.Store.OpenCaseOf(w.Ctx, "E1")
	require.NoError(t, err)
	require.Equal(t, []string{string(access.Sweep), "dba@example.com", "sweep " + s.Name + ", run 1"}, []string{string(c.Reason), c.Requester, c.Ticket})

	two, err := w.Sweep(s, "")
	require.NoError(t, err)
	require.Equal(t, []int{0, 3}, []int{two.Opened, two.Waiting})
	require.Contains(t, two.WaitsFor, "sever approve "+c.ID)
	require.Error(t, w.Say("E1", workflows.UpdateApprove, workflows.Decision{By: "dba@example.com", Hash: p.Plans[0].Hash}), "who set it up does not approve it")
	require.NoError(t, w.Say("E1", workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Plans[0].Hash}))
	w.Reaches("E1", "is marked", severtest.InPhase(workflows.PhaseGrace))
	require.True(t, system.World()[1].Account.Contained, "the mark is the lock")
	roster(w, "E1", "E2", "E3", "E4") // she is still gone
	require.Equal(t, access.CaseClean, w.Ends("E1").Status)

	three, err := w.Sweep(s, "")
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{three.Opened, three.Waiting})
	require.Equal(t, "at most 2 cases a run: the next run goes on", three.WaitsFor)
	for _, who := range []access.PrincipalID{"E2", "E3"} { // nobody's word is needed any more
		w.Reaches(who, "is marked", func(workflows.Progress) bool { return marked(system, who) })
	}
	four, err := w.Sweep(s, "")
	require.NoError(t, err)
	require.Equal(t, []int{1, 0}, []int{four.Opened, four.Waiting})
	w.Reaches("E4", "is marked", func(workflows.Progress) bool { return marked(system, "E4") })
	require.False(t, system.World()[0].Account.Contained, "the account that nobody is known to have is left alone")
	require.Len(t, w.Rows(audit.House, audit.SweepEnforced), 4)
}

// What a person has decided is not decided again by a sweep, and who may not ask for a
// case may not do so by a sweep.
func TestASweepRespectsPeople(t *testing.T) {
	t.Parallel()
	w, system := leavers(t, "E1")
	s := w.NewSweep(sweep.Rule{Kind: sweep.Left}, enforcing(time.Hour))
	_, err := w.Sweep(s, "")
	require.NoError(t, err)
	w.Reaches("E1", "a plan waits", func(p workflows.Progress) bool { return len(p.Plans) > 0 && p.Plans[0].Status == workflows.PlanWaiting })
	require.NoError(t, w.Say("E1", workflows.UpdateCancel, workflows.Decision{By: "boss", Why: "she is a consultant now"}))
	require.Equal(t, access.CaseCancelled, w.Ends("E1").Status)
	again, err := w.Sweep(s, "")
	require.NoError(t, err)
	require.Equal(t, []int{0, 0}, []int{again.Opened, again.Waiting})
	require.EqualValues(t, 1, again.Found, "it is still found")
	require.Empty(t, system.Writes())

	w, _ = leavers(t, "E1")
	w.Stop()
	w.Parts.Roles, err = roles.Parse(map[string]string{"SEVER_ROLE_REQUESTER": "somebody-else"})
	require.NoError(t, err)
	w.StartWorker()
	s = w.NewSweep(sweep.Rule{Kind: sweep.Left}, enforcing(time.Hour))
	_, err = w.Sweep(s, "")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(w.Rows(audit.House, audit.CaseRefused)) == 1 }, time.Minute, 10*time.Millisecond)
	_, err = w.Parts.Store.OpenCaseOf(w.Ctx, "E1")
	require.ErrorIs(t, err, store.ErrNotFound)
}
