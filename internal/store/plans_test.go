package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

// planned is a case with an account at each connection and a plan over some of
// them: contain, revoke and delete for each account, in this order.
func planned(t *testing.T, s *Store, caseID string, status PlanStatus, accounts []CaseAccount) Plan {
	t.Helper()
	var steps []Step
	for _, a := range accounts {
		for _, what := range []access.Action{access.Contain, access.Revoke, access.Delete} {
			st := Step{AccountID: a.ID, Lane: 1, Step: access.Step{Ordinal: len(steps) + 1, Action: what, Account: a.Ref}}
			if what == access.Revoke {
				st.Database = "shop"
			}
			if what == access.Contain {
				st.Mode, st.Irreversible = access.Kill, "its credential"
			}
			steps = append(steps, st)
		}
	}
	var saved Plan
	s.do(t, func(tx *Tx) (err error) {
		saved, err = tx.SavePlan(t.Context(), Plan{CaseID: caseID, Hash: fmt.Sprintf("hash of %d", len(accounts)), Body: []byte("{ \"exactly\": \"this\" }"), Status: status,
			NeedsWord: status == PlanWaiting, Guards: []string{"too many"}, MadeAt: noon}, steps)
		return err
	})
	return saved
}

// states are the states of the steps of a plan.
func states(t *testing.T, s *Store, caseID string, no int) []StepState {
	t.Helper()
	steps, err := s.Steps(t.Context(), caseID, no, 1, 1000)
	require.NoError(t, err)
	out := make([]StepState, len(steps))
	for i := range steps {
		out[i] = steps[i].State
	}
	return out
}

func TestAPlanIsKeptExactly(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	accounts := found(t, s, "c1", account("pg-main", "ada", "1"), account("pg-two", "ada", "2"))
	want := planned(t, s, "c1", PlanApproved, accounts)
	require.Equal(t, Plan{CaseID: "c1", No: 1, Hash: "hash of 2", Body: []byte("{ \"exactly\": \"this\" }"), Connections: []string{"pg-main", "pg-two"},
		Status: PlanApproved, Guards: []string{"too many"}, MadeAt: noon, DecidedBy: "policy", DecidedAt: noon}, want)
	got, err := s.Plan(t.Context(), "c1", 1)
	require.NoError(t, err)
	require.Equal(t, want, got)
	byHash, err := s.PlanByHash(t.Context(), "c1", "hash of 2")
	require.NoError(t, err)
	require.Equal(t, want, byHash)

	steps, err := s.Steps(t.Context(), "c1", 1, 4, 5)
	require.NoError(t, err)
	require.Equal(t, []Step{
		{CaseID: "c1", PlanNo: 1, AccountID: accounts[1].ID, Lane: 1, State: StepPending, Blockers: []access.Blocker{}, Missing: []access.Gap{},
			Step: access.Step{Ordinal: 4, Action: access.Contain, Account: accounts[1].Ref, Mode: access.Kill, Irreversible: "its credential", Blocked: []access.Blocker{}}},
		{CaseID: "c1", PlanNo: 1, AccountID: accounts[1].ID, Lane: 1, State: StepPending, Blockers: []access.Blocker{}, Missing: []access.Gap{},
			Step: access.Step{Ordinal: 5, Action: access.Revoke, Account: accounts[1].Ref, Database: "shop", Blocked: []access.Blocker{}}},
	}, steps)
	none, err := s.Steps(t.Context(), "c1", 1, 1, 0)
	require.NoError(t, err)
	require.Empty(t, none)
	all, err := s.StepsOf(t.Context(), "c1")
	require.NoError(t, err)
	require.Len(t, all, 6)
}

func TestANewPlanTakesThePlaceOfOlderOnes(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	accounts := found(t, s, "c1", account("pg-main", "ada", "1"), account("pg-two", "ada", "2"), account("pg-main", "eve", "3"))
	planned(t, s, "c1", PlanDryRun, accounts)
	planned(t, s, "c1", PlanApproved, accounts)
	end := func(ordinal int, state StepState) {
		s.do(t, func(tx *Tx) error {
			st, err := tx.BeginStep(t.Context(), "c1", 2, ordinal)
			if err != nil || state == StepRunning {
				return err
			}
			st.State = state
			return tx.EndStep(t.Context(), st)
		})
	}
	end(1, StepDone)
	end(2, StepBlocked)
	end(7, StepRunning)
	end(8, StepAccepted)
	s.do(t, func(tx *Tx) error {
		return tx.EndStep(t.Context(), Step{CaseID: "c1", PlanNo: 2, Step: access.Step{Ordinal: 3}, State: StepSkipped})
	})

	planned(t, s, "c1", PlanWaiting, []CaseAccount{accounts[0]})
	require.Equal(t, []StepState{
		StepDone, StepSuperseded, StepSuperseded, // pg-main/ada: done, was blocked, was skipped
		StepPending, StepPending, StepPending, // pg-two is not planned anew
		StepRunning, StepAccepted, StepSuperseded, // pg-main/eve
	}, states(t, s, "c1", 2))
	require.Equal(t, StepPending, states(t, s, "c1", 1)[0], "a dry run is left alone")
	no := func(plans []Plan) (out []int) {
		for _, p := range plans {
			out = append(out, p.No)
		}
		return out
	}
	latest, err := s.LatestPlans(t.Context(), "c1")
	require.NoError(t, err)
	require.Equal(t, []int{3, 2, 1}, no(latest), "plan 2 still has pg-two")
	planned(t, s, "c1", PlanWaiting, accounts)
	latest, err = s.LatestPlans(t.Context(), "c1")
	require.NoError(t, err)
	require.Equal(t, []int{4, 1}, no(latest))
	planned(t, s, "c1", PlanDryRun, accounts)
	require.Equal(t, StepPending, states(t, s, "c1", 4)[0], "and leaves others alone")

	s.do(t, func(tx *Tx) error {
		_, err := tx.SavePlan(t.Context(), Plan{CaseID: "c1", Hash: "empty", Body: []byte("{}"), Connections: []string{"pg-main", "pg-two"},
			Status: PlanApproved, MadeAt: noon}, nil)
		return err
	})
	require.Equal(t, StepSuperseded, states(t, s, "c1", 4)[0], "a plan that does nothing counts for its connections")
}

func TestAPlanIsDecidedOnce(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	p := planned(t, s, "c1", PlanWaiting, found(t, s, "c1", account("pg-main", "ada", "1")))
	decide := func(hash string, status PlanStatus, by string) error {
		return s.Do(t.Context(), func(tx *Tx) error { return tx.DecidePlan(t.Context(), "c1", hash, status, by, "seen") })
	}
	require.ErrorIs(t, decide("another", PlanApproved, "bob"), ErrNotFound)
	require.NoError(t, decide(p.Hash, PlanApproved, "bob"))
	require.NoError(t, decide(p.Hash, PlanApproved, "bob"))
	require.ErrorIs(t, decide(p.Hash, PlanApproved, "eve"), ErrDecided)
	require.ErrorIs(t, decide(p.Hash, PlanDenied, "bob"), ErrDecided)
	got, err := s.Plan(t.Context(), "c1", 1)
	require.NoError(t, err)
	require.Equal(t, PlanApproved, got.Status)
	require.Equal(t, "bob", got.DecidedBy)
	require.Equal(t, "seen", got.DecidedWhy)
	require.NotZero(t, got.DecidedAt)
}
