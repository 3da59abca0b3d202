package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// standings is how the plans of a case stand, oldest first, and its open tasks.
func standings(t *testing.T, s *Store, caseID string) (plans []PlanStatus, open []string) {
	t.Helper()
	all, err := s.Plans(t.Context(), caseID)
	require.NoError(t, err)
	for _, p := range all {
		plans = append(plans, p.Status)
	}
	tasks, err := s.TasksOf(t.Context(), caseID)
	require.NoError(t, err)
	for _, k := range tasks {
		if k.ClosedAt.IsZero() {
			open = append(open, k.Key)
		}
	}
	return plans, open
}

func TestATaskOfAPlanClosesWithIt(t *testing.T) {
	t.Parallel()
	waits := func(s *Store, connections ...string) {
		s.do(t, func(tx *Tx) error {
			p, err := tx.SavePlan(t.Context(), Plan{CaseID: "c1", Hash: fmt.Sprintf("hash of %v", connections), Body: []byte("{}"), Connections: connections, Status: PlanWaiting, MadeAt: noon}, nil)
			if err != nil {
				return err
			}
			return tx.OpenTask(t.Context(), Task{CaseID: "c1", Key: PlanTask(p.No), Subject: "a plan", OpenedAt: noon})
		})
	}
	for name, c := range map[string]struct {
		then  func(*Tx) error
		plans []PlanStatus
		open  []string
		why   string // of plan/1
	}{
		"approved": {func(tx *Tx) error {
			return tx.DecidePlan(t.Context(), "c1", "hash of [a b]", PlanApproved, "bob", "seen")
		}, []PlanStatus{PlanApproved, PlanWaiting}, []string{"plan/2"}, "bob: approved: seen"},
		"denied": {func(tx *Tx) error {
			return tx.DecidePlan(t.Context(), "c1", "hash of [a b]", PlanDenied, "bob", "")
		}, []PlanStatus{PlanDenied, PlanWaiting}, []string{"plan/2"}, "bob: denied"},
		"one of its connections is planned anew": {func(tx *Tx) error {
			_, err := tx.SavePlan(t.Context(), Plan{CaseID: "c1", Hash: "h", Body: []byte("{}"), Connections: []string{"a"}, Status: PlanApproved, MadeAt: noon}, nil)
			return err
		}, []PlanStatus{PlanSuperseded, PlanWaiting, PlanApproved}, []string{"plan/2"}, "sever: plan 3 took its place"},
		"a dry run takes nobody's place": {func(tx *Tx) error {
			_, err := tx.SavePlan(t.Context(), Plan{CaseID: "c1", Hash: "h", Body: []byte("{}"), Connections: []string{"a", "b", "c"}, Status: PlanDryRun, MadeAt: noon}, nil)
			return err
		}, []PlanStatus{PlanWaiting, PlanWaiting, PlanDryRun}, []string{"plan/1", "plan/2"}, ""},
		"abandoned at a connection": {func(tx *Tx) error {
			return tx.AbandonPlans(t.Context(), "c1", []string{"b"}, "sever", "b is silent")
		}, []PlanStatus{PlanSuperseded, PlanWaiting}, []string{"plan/2"}, "sever: b is silent"},
		"abandoned at no connection": {func(tx *Tx) error {
			return tx.AbandonPlans(t.Context(), "c1", []string{}, "", "why?")
		}, []PlanStatus{PlanWaiting, PlanWaiting}, []string{"plan/1", "plan/2"}, ""},
		"the case ends": {func(tx *Tx) error {
			return tx.CloseCase(t.Context(), "c1", "cancelled", noon)
		}, []PlanStatus{PlanSuperseded, PlanSuperseded}, nil, "sever: the case is closed: cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, s := open(t)
			newCase(t, s, "c1", "E1")
			waits(s, "a", "b")
			waits(s, "c")
			s.do(t, c.then)
			plans, open := standings(t, s, "c1")
			require.Equal(t, c.plans, plans)
			require.Equal(t, c.open, open)
			all, err := s.TasksOf(t.Context(), "c1")
			require.NoError(t, err)
			for _, k := range all {
				if k.Key == "plan/1" && c.why != "" {
					require.Equal(t, c.why, k.ClosedBy+": "+k.ClosedWhy)
				}
				require.True(t, k.OfPlan())
				require.False(t, k.ByHand())
			}
		})
	}
}

func TestADeniedPlanIsATaskUntilSomebodyDecides(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*Tx) error{
		"retried":   func(tx *Tx) error { return tx.CloseDenied(t.Context(), "c1", "dba", "again") },
		"cancelled": func(tx *Tx) error { return tx.ForgetPlans(t.Context(), "c1", "hr", "she stays") },
		"closed":    func(tx *Tx) error { return tx.CloseCase(t.Context(), "c1", "closed_with_exceptions", noon) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, s := open(t)
			newCase(t, s, "c1", "E1")
			p := planned(t, s, "c1", PlanWaiting, found(t, s, "c1", account("pg-main", "ada", "1")))
			s.do(t, func(tx *Tx) error {
				if err := tx.DecidePlan(t.Context(), "c1", p.Hash, PlanDenied, "bob", "no"); err != nil {
					return err
				}
				return tx.OpenTask(t.Context(), Task{CaseID: "c1", Key: DeniedTask(p.No), Subject: "plan 1", OpenedAt: noon})
			})
			s.do(t, func(tx *Tx) error { return tx.AbandonPlans(t.Context(), "c1", nil, "", "its workflow is gone") })
			_, open := standings(t, s, "c1")
			require.Equal(t, []string{"denied/1"}, open, "a denial holds")
			s.do(t, forget)
			plans, open := standings(t, s, "c1")
			require.Equal(t, []PlanStatus{PlanDenied}, plans)
			require.Empty(t, open)
		})
	}
}

// What gives back takes the place of what took away when somebody approves it, and not
// when it is asked for.
func TestAReinstatementTakesTheirPlaceOnceApproved(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	planned(t, s, "c1", PlanApproved, found(t, s, "c1", account("pg-main", "ada", "1")))
	s.do(t, func(tx *Tx) error { return tx.CloseCase(t.Context(), "c1", "cancelled", noon) })
	ask := func(hash string) {
		s.do(t, func(tx *Tx) error {
			_, err := tx.SaveReinstatement(t.Context(), Plan{CaseID: "c1", Hash: hash, Body: []byte("{}"), Connections: []string{"pg-main"}, Status: PlanWaiting, NeedsWord: true, MadeAt: noon})
			return err
		})
	}
	decide := func(hash string, status PlanStatus) {
		s.do(t, func(tx *Tx) error { return tx.DecidePlan(t.Context(), "c1", hash, status, "bob", "") })
	}
	ask("first")
	decide("first", PlanDenied)
	ask("second")
	ask("third")
	plans, _ := standings(t, s, "c1")
	require.Equal(t, []PlanStatus{PlanApproved, PlanDenied, PlanSuperseded, PlanWaiting}, plans)
	require.Equal(t, []StepState{StepPending, StepPending, StepPending}, states(t, s, "c1", 1))
	decide("third", PlanApproved)
	plans, _ = standings(t, s, "c1")
	require.Equal(t, []PlanStatus{PlanSuperseded, PlanDenied, PlanSuperseded, PlanApproved}, plans)
	require.Equal(t, []StepState{StepSuperseded, StepSuperseded, StepSuperseded}, states(t, s, "c1", 1))
}
