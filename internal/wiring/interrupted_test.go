package wiring_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// beganElsewhere is a case of which another worker has begun the first step and will
// never say how it went. It holds the account's lock, and the worker of this test, which
// has read the step before, waits for that.
func beganElsewhere(t *testing.T) (w *severtest.World, system *memory.System, id string, gone func()) {
	t.Helper()
	conn, system := severtest.InMemory(t, hers())
	w = severtest.New(t, conn)
	ref := system.Ref("ada")
	w.Owns(ada, ref)
	elsewhere := w.OpenStore()
	lane, err := elsewhere.LockLane(w.Ctx, conn.Name+"/"+ref.Resource+"/"+ref.Name+"@", time.Second)
	require.NoError(t, err)
	t.Cleanup(lane.Release)
	id = w.Submit(ada, "key-1").Case
	db, err := pgx.Connect(w.Ctx, w.Database.Reveal())
	require.NoError(t, err)
	defer db.Close(w.Ctx)
	require.Eventually(t, func() bool {
		var n int
		err := db.QueryRow(w.Ctx, `select count(*) from pg_locks where locktype = 'advisory' and not granted
			and database = (select oid from pg_database where datname = current_database())`).Scan(&n)
		return err == nil && n > 0
	}, 30*time.Second, 5*time.Millisecond, "nobody waits for the lane")
	require.NoError(t, elsewhere.Do(w.Ctx, func(tx *store.Tx) error {
		s, err := tx.BeginStep(w.Ctx, id, 1, 1)
		if err != nil {
			return err
		}
		return tx.Append(w.Ctx, audit.Event{Chain: id, Key: fmt.Sprintf("step/1/1/%d/%s", s.Attempts, audit.StepIntent),
			Kind: audit.StepIntent, Actor: "sever", Object: ref.String(), Attempt: s.Attempts, Data: map[string]any{"action": string(s.Action)}})
	}))
	return w, system, id, lane.Release
}

// What was read before the lane was free may be out of date: a step that another worker
// has begun meanwhile is looked at before it is sent again.
func TestAStepThatWasBegunMeanwhileIsLookedAtFirst(t *testing.T) {
	t.Parallel()
	w, _, id, gone := beganElsewhere(t)
	gone()
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	w.Paired(id)
	again := 0
	for row, err := range w.Parts.Store.Events(w.Ctx, id, 1) {
		require.NoError(t, err)
		if row.Kind == audit.StepIntent && row.Attempt > 1 {
			again++
			require.Contains(t, row.Data, "seen_before_repeating")
		}
	}
	require.Equal(t, 1, again)
}

// A step that nobody has an answer of is given back, and the trail says that its attempt
// is over.
func TestAnInterruptedStepThatIsGivenBackHasAnEnd(t *testing.T) {
	t.Parallel()
	w, system, id, gone := beganElsewhere(t)
	cancel(w)
	gone()
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.True(t, system.Connect(system.Ref("ada"), "secret-of-ada"))
	require.Contains(t, w.Tale(id), "step.interrupted contain interrupted")
	w.Paired(id)
}

// refusedMeanwhile is such a case after that worker died and the system refused us.
func refusedMeanwhile(t *testing.T) (w *severtest.World, system *memory.System, id string) {
	t.Helper()
	w, system, id, gone := beganElsewhere(t)
	system.Deny()
	gone()
	require.Eventually(t, func() bool { return slices.Contains(w.Tale(id), "connection.unknown unknown") }, 30*time.Second, 20*time.Millisecond)
	return w, system, id
}

// A system that refuses us keeps an interrupted step from being tried again: its attempt is
// over when the connection is planned anew, and a case that ends clean leaves none open.
func TestAnAttemptThatNobodyEndsIsOverOncePlannedAnew(t *testing.T) {
	t.Parallel()
	w, system, id := refusedMeanwhile(t)
	system.Up()
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Contains(t, w.Tale(id), "step.interrupted contain interrupted")
	w.Paired(id)
}

// Nor does a case that is closed while the system still refuses us.
func TestAnAttemptThatNobodyEndsIsOverWithTheCase(t *testing.T) {
	t.Parallel()
	w, system, id := refusedMeanwhile(t)
	require.NoError(t, w.Say(ada, workflows.UpdateWaive, workflows.Decision{By: "cto", Why: "scrapped", Connection: system.Ref("ada").Connection}))
	require.Equal(t, access.CaseExceptions, w.Ends(ada).Status)
	require.Equal(t, map[string]access.Outcome{"ada": access.Waived}, w.Outcomes(id), "what was known there is waived with it")
	w.Paired(id)
}
