package wiring_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/memory"
)

// cancelledEarly is a case that was cancelled when its order to delete an account was accepted
// and not carried out, on a system that may take as long as settle for that. The account
// was given back, as far as the system shows.
func cancelledEarly(t *testing.T, settle time.Duration) (w *severtest.World, system *memory.System, id string) {
	t.Helper()
	conn, system := severtest.InMemory(t, hers())
	conn.Spec.Queues, conn.Limits = true, provider.Limits{Parallel: 8, Settle: settle}
	system.ApplyLater(memory.OpDelete)
	w = severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	id = w.Submit(ada, "key-1").Case
	tells := func(line string) {
		require.Eventually(t, func() bool { return slices.Contains(w.Tale(id), line) }, 30*time.Second, 20*time.Millisecond, line)
	}
	tells("step.result delete accepted")
	cancel(w)
	tells("restore.result delete accepted")
	return w, system, id
}

// An order to delete that is carried out after the account was given back takes it
// again: the case does not end before that can no longer be.
func TestAQueuedDeletionIsWaitedForBeforeACaseSaysGivenBack(t *testing.T) {
	t.Parallel()
	w, system, id := cancelledEarly(t, 5*time.Second)
	require.Eventually(t, func() bool { return system.Connect(system.Ref("ada"), "secret-of-ada") }, 30*time.Second, 10*time.Millisecond,
		"she does not wait for what may come")
	require.Equal(t, 1, system.Settle())
	require.Empty(t, system.World())
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.True(t, system.Connect(system.Ref("ada"), delivered(t, w.Secrets)))
	require.Equal(t, map[string]access.Outcome{"ada": access.Reinstated}, w.Outcomes(id))
	require.Contains(t, w.Tale(id), "restore.result delete restored", "what was done for it, and not that it was found there in the end")
	w.Paired(id)
}

// One that had no effect for all that time is not known to be lost, and a person is told.
func TestAQueuedDeletionThatMayStillComeIsTold(t *testing.T) {
	t.Parallel()
	w, system, id := cancelledEarly(t, 3*time.Second)
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.True(t, system.Connect(system.Ref("ada"), "secret-of-ada"))
	accounts, err := w.Parts.Store.AccountsOf(w.Ctx, id, nil)
	require.NoError(t, err)
	require.Len(t, accounts, 1)
	require.Equal(t, access.Reinstated, accounts[0].Outcome)
	require.Contains(t, accounts[0].Why, "the system may carry it out later")
	w.Paired(id)
}
