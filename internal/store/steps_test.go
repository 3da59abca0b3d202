package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

// stepWorld is a case with one account and an approved plan of three steps.
func stepWorld(t *testing.T, status PlanStatus) (*Store, func(ordinal int) Step) {
	t.Helper()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	planned(t, s, "c1", status, found(t, s, "c1", account("pg-main", "ada", "1")))
	return s, func(ordinal int) Step {
		steps, err := s.Steps(t.Context(), "c1", 1, ordinal, ordinal)
		require.NoError(t, err)
		require.Len(t, steps, 1)
		return steps[0]
	}
}

func begin(t *testing.T, s *Store, ordinal int) (st Step, err error) {
	t.Helper()
	err = s.Do(t.Context(), func(tx *Tx) (err error) {
		st, err = tx.BeginStep(t.Context(), "c1", 1, ordinal)
		return err
	})
	return st, err
}

func end(t *testing.T, s *Store, st Step, state StepState) error {
	t.Helper()
	st.State = state
	return s.Do(t.Context(), func(tx *Tx) error { return tx.EndStep(t.Context(), st) })
}

func TestAStepFromIntentToResult(t *testing.T) {
	t.Parallel()
	s, now := stepWorld(t, PlanApproved)
	st, err := begin(t, s, 1)
	require.NoError(t, err)
	require.Equal(t, StepRunning, st.State)
	require.Equal(t, 1, st.Attempts)
	require.NotZero(t, st.StartedAt)
	require.Equal(t, st, now(1))

	again, err := begin(t, s, 1) // the attempt was interrupted
	require.NoError(t, err)
	require.Equal(t, 2, again.Attempts)
	require.Equal(t, st.StartedAt, again.StartedAt)

	require.NoError(t, end(t, s, again, StepPending)) // transient
	require.Zero(t, now(1).EndedAt)
	again, err = begin(t, s, 1)
	require.NoError(t, err)
	require.NoError(t, end(t, s, again, StepAccepted)) // an order, not yet carried out
	again, err = begin(t, s, 1)
	require.NoError(t, err)
	require.Equal(t, 4, again.Attempts)

	again.Words, again.Already, again.Blockers = "done\x00", true, []access.Blocker{{Object: "x", Why: "y"}}
	require.NoError(t, end(t, s, again, StepDone))
	done := now(1)
	require.Equal(t, "done\uFFFD", done.Words)
	require.True(t, done.Already)
	require.Equal(t, again.Blockers, done.Blockers)
	require.NotZero(t, done.EndedAt)
	require.NoError(t, end(t, s, again, StepDone), "a retry of the result")
	require.Equal(t, done, now(1))
	require.ErrorIs(t, end(t, s, again, StepBlocked), ErrStepOver)
	_, err = begin(t, s, 1)
	require.ErrorIs(t, err, ErrStepOver)
}

func TestAStepThatIsNotSentCanEnd(t *testing.T) {
	t.Parallel()
	s, now := stepWorld(t, PlanApproved)
	for ordinal, state := range map[int]StepState{1: StepBlocked, 2: StepSkipped, 3: StepDone} {
		require.NoError(t, end(t, s, now(ordinal), state))
		require.Equal(t, state, now(ordinal).State)
		require.Zero(t, now(ordinal).Attempts)
		require.NotZero(t, now(ordinal).EndedAt)
		_, err := begin(t, s, ordinal)
		require.ErrorIs(t, err, ErrStepOver)
	}
	require.Error(t, end(t, s, Step{CaseID: "c1", PlanNo: 1}, StepDone))
}

func TestOnlyAPlanInForceLetsAStepBegin(t *testing.T) {
	t.Parallel()
	for status, allowed := range map[PlanStatus][]bool{
		PlanApproved: {true, true}, PlanWaiting: {true, false}, PlanDryRun: {false, false}, PlanDenied: {false, false},
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			first := status
			if status == PlanDenied {
				first = PlanWaiting
			}
			s, _ := stepWorld(t, first)
			if status == PlanDenied {
				s.do(t, func(tx *Tx) error { return tx.DecidePlan(t.Context(), "c1", "hash of 1", PlanDenied, "bob", "no") })
			}
			for i, want := range allowed {
				_, err := begin(t, s, i+1)
				if want {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, ErrNotPlanned)
				}
			}
		})
	}
}

func TestAnInterruptedStepOfAnOldPlanIsSeenToItsEnd(t *testing.T) {
	t.Parallel()
	s, now := stepWorld(t, PlanApproved)
	st, err := begin(t, s, 2)
	require.NoError(t, err)
	accounts, err := s.AccountsOf(t.Context(), "c1", nil)
	require.NoError(t, err)
	planned(t, s, "c1", PlanApproved, accounts)
	require.Equal(t, []StepState{StepSuperseded, StepRunning, StepSuperseded}, states(t, s, "c1", 1))
	st, err = begin(t, s, st.Ordinal)
	require.NoError(t, err)
	require.NoError(t, end(t, s, st, StepDone))
	require.Equal(t, StepDone, now(2).State)
	_, err = begin(t, s, 1)
	require.ErrorIs(t, err, ErrStepOver)
}

func TestAPersonSaysTryAgain(t *testing.T) {
	t.Parallel()
	s, now := stepWorld(t, PlanApproved)
	st, err := begin(t, s, 2)
	require.NoError(t, err)
	require.NoError(t, end(t, s, st, StepBlocked))
	require.NoError(t, end(t, s, now(3), StepSkipped))
	reopen := func(connection string) (n int) {
		s.do(t, func(tx *Tx) (err error) {
			n, err = tx.ReopenSteps(t.Context(), "c1", []string{connection})
			return err
		})
		return n
	}
	require.Zero(t, reopen("pg-two"))
	require.Equal(t, 2, reopen("pg-main"))
	require.Zero(t, reopen("pg-main"))
	st, err = begin(t, s, 2)
	require.NoError(t, err)
	require.Equal(t, 2, st.Attempts)
}

func TestUndoGoesThroughAllThatWasBegun(t *testing.T) {
	t.Parallel()
	s, now := stepWorld(t, PlanApproved)
	for _, ordinal := range []int{1, 2} {
		_, err := begin(t, s, ordinal)
		require.NoError(t, err)
	}
	require.NoError(t, end(t, s, now(1), StepDone)) // 2 has no answer, 3 was never begun
	ordinals := func(connection string) []int {
		steps, err := s.BegunSteps(t.Context(), "c1", connection)
		require.NoError(t, err)
		out := []int{}
		for _, st := range steps {
			out = append(out, st.Ordinal)
		}
		return out
	}
	require.Equal(t, []int{2, 1}, ordinals(""))
	require.Equal(t, []int{2, 1}, ordinals("pg-main"))
	require.Empty(t, ordinals("pg-two"))

	undo := func(ordinal int) (n int, err error) {
		err = s.Do(t.Context(), func(tx *Tx) (err error) {
			n, err = tx.BeginUndo(t.Context(), now(ordinal))
			return err
		})
		return n, err
	}
	for want := 1; want <= 2; want++ {
		n, err := undo(2)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	missing := []access.Gap{{Object: "password", Why: "nobody has it"}}
	s.do(t, func(tx *Tx) error { return tx.EndUndo(t.Context(), now(2), StepUndone, "given back", missing) })
	st := now(2)
	require.Equal(t, StepUndone, st.State)
	require.Equal(t, missing, st.Missing)
	require.Equal(t, "given back", st.Words)
	require.NotZero(t, st.UndoneAt)
	s.do(t, func(tx *Tx) error { return tx.EndUndo(t.Context(), now(2), StepUndone, "given back", missing) })
	require.Equal(t, st, now(2))
	require.Equal(t, []int{1}, ordinals(""))
	_, err := undo(2)
	require.ErrorIs(t, err, ErrStepOver)
	_, err = undo(3)
	require.ErrorIs(t, err, ErrStepOver)
}

func TestTasks(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	task := Task{CaseID: "c1", Key: "account/1", Connection: "pg-main", Subject: "pg-main/ada", Words: "owns 3 tables", Next: "name a successor",
		Owner: "dba", Due: noon.AddDate(0, 0, 1), OpenedAt: noon}
	report := func(k Task) Task {
		s.do(t, func(tx *Tx) error { return tx.OpenTask(t.Context(), k) })
		all, err := s.TasksOf(t.Context(), "c1")
		require.NoError(t, err)
		require.Len(t, all, 1)
		k = all[0]
		return k
	}
	want := task
	want.ID = report(task).ID
	again := task
	again.Words, again.OpenedAt, again.Due = "owns 4 tables", noon.AddDate(0, 0, 3), noon.AddDate(0, 0, 4)
	want.Words = again.Words
	require.Equal(t, want, report(again))

	closing := func(key string) {
		s.do(t, func(tx *Tx) error { return tx.CloseTask(t.Context(), "c1", key, "bob", "done") })
	}
	closing("account/1")
	closing("account/1")
	closing("never opened")
	open, err := s.OpenTasks(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
	all, err := s.TasksOf(t.Context(), "c1")
	require.NoError(t, err)
	require.Equal(t, "bob", all[0].ClosedBy)
	require.NotZero(t, all[0].ClosedAt)

	want.OpenedAt, want.Due = again.OpenedAt, again.Due
	require.Equal(t, want, report(again), "opened anew")
	open, err = s.OpenTasks(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Task{want}, open)
}

// An attempt without an end can be ended for good, once, and no other begins in its place.
func TestAnOpenStepIsSuperseded(t *testing.T) {
	t.Parallel()
	s, now := stepWorld(t, PlanApproved)
	open := func() []Step {
		steps, err := s.OpenSteps(t.Context(), "c1", []string{"pg-main"})
		require.NoError(t, err)
		return steps
	}
	supersede := func(st Step) (ended bool) {
		require.NoError(t, s.Do(t.Context(), func(tx *Tx) (err error) {
			ended, err = tx.Supersede(t.Context(), st)
			return err
		}))
		return ended
	}
	require.Empty(t, open())
	first, err := begin(t, s, 1)
	require.NoError(t, err)
	second, err := begin(t, s, 1)
	require.NoError(t, err)
	require.Equal(t, []Step{second}, open())
	require.False(t, supersede(first), "another attempt has begun")
	require.True(t, supersede(second))
	require.False(t, supersede(second), "a retry")
	require.Empty(t, open())
	require.Equal(t, StepSuperseded, now(1).State)
	_, err = begin(t, s, 1)
	require.ErrorIs(t, err, ErrStepOver)
	require.ErrorIs(t, end(t, s, second, StepDone), ErrStepOver, "whoever made it comes too late")
}
