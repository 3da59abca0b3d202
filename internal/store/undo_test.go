package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

// What has no end, or took more than one attempt, may still be on its way; also when it
// was given back since.
func TestUnsettled(t *testing.T) {
	t.Parallel()
	s, _ := stepWorld(t, PlanApproved)
	unsettled := func() int {
		all, err := s.Unsettled(t.Context(), "c1", "pg-main")
		require.NoError(t, err)
		for _, ago := range all {
			require.Less(t, ago, time.Hour)
			require.GreaterOrEqual(t, ago, time.Duration(0))
		}
		return len(all)
	}
	require.Zero(t, unsettled(), "nothing was sent")
	st, err := begin(t, s, 1)
	require.NoError(t, err)
	require.Equal(t, 1, unsettled(), "the attempt has no end")
	require.NoError(t, end(t, s, st, StepDone))
	require.Zero(t, unsettled(), "the only attempt has one")
	for range 2 {
		st, err = begin(t, s, 2)
		require.NoError(t, err)
	}
	require.NoError(t, end(t, s, st, StepDone))
	require.Equal(t, 1, unsettled(), "the first of two attempts has none")
	require.NoError(t, s.Do(t.Context(), func(tx *Tx) error { return tx.EndUndo(t.Context(), st, StepUndone, "", nil) }))
	require.Equal(t, 1, unsettled(), "given back since")
	others, err := s.Unsettled(t.Context(), "c1", "pg-other")
	require.NoError(t, err)
	require.Empty(t, others)
}

// An account that is gone once more has lost what was given back to it, and what was known
// of that holds no longer.
func TestTakenAgain(t *testing.T) {
	t.Parallel()
	s, now := stepWorld(t, PlanApproved)
	for n := range 2 {
		st, err := begin(t, s, n+1)
		require.NoError(t, err)
		require.NoError(t, end(t, s, st, StepDone))
	}
	taken := func() (lost int) {
		require.NoError(t, s.Do(t.Context(), func(tx *Tx) (err error) {
			lost, err = tx.TakenAgain(t.Context(), "c1", now(1).AccountID)
			return err
		}))
		return lost
	}
	require.Zero(t, taken(), "nothing was given back")
	missing := []access.Gap{{Object: "password", Why: "it died"}}
	require.NoError(t, s.Do(t.Context(), func(tx *Tx) error { return tx.Returned(t.Context(), now(2), ReturnedRestored, "made anew", missing) }))
	require.Equal(t, StepDone, now(2).State, "it is not undone yet")
	require.Equal(t, ReturnedRestored, now(2).Returned)
	require.Equal(t, missing, now(2).Missing)
	require.NoError(t, s.Do(t.Context(), func(tx *Tx) error { return tx.EndUndo(t.Context(), now(1), StepUndone, "granted", nil) }))
	require.Equal(t, 1, taken())
	require.Empty(t, now(2).Returned)
	require.Equal(t, StepDone, now(1).State)
	require.Zero(t, now(1).UndoneAt)
	require.Zero(t, taken(), "a retry")
}
