package wiring_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// couldKnow says that ada could know a shared secret.
func couldKnow(w *severtest.World, name string) {
	w.T.Helper()
	require.NoError(w.T, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		_, err := tx.ImportSecrets(w.Ctx, []store.SharedSecret{{Principal: ada, Name: name, Owner: "ops", How: "wiki"}}, "test")
		return err
	}))
}

// rotatedIt says that somebody has rotated one.
func rotatedIt(w *severtest.World, caseID, name string) {
	w.T.Helper()
	require.NoError(w.T, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		return tx.FinishTask(w.Ctx, caseID, store.TaskOfSecret+name, "ops", "version 18")
	}))
}

func TestAFollowUpKeepsTheCaseOpenUntilItIsDone(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	w.Owns(ada, system.Ref("ada"))
	couldKnow(w, "deploy key")
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "gone, and a person is needed", severtest.InPhase(workflows.PhasePeople))
	require.Equal(t, map[string]access.Outcome{"ada": access.Removed}, w.Outcomes(got.Case))
	tasks := left(w, got.Case)
	require.Len(t, tasks, 1)
	k := tasks["secret/deploy key"]
	require.Equal(t, "ops", k.Owner)
	require.Equal(t, `rotate it (wiki), then: sever tasks done `+got.Case+` 'secret/deploy key' --reason "..."`, k.Next)
	require.False(t, k.Due.IsZero())
	require.Equal(t, 1, strings.Count(strings.Join(w.Tale(got.Case), " "), "task.opened"), "however often it is counted")

	rotatedIt(w, got.Case, "deploy key")
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "ops", Why: "done"}))
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
}

// The one who rotated it could not reach the case: it sees so by itself.
func TestAFollowUpIsCountedAgainByItself(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	couldKnow(w, "deploy key")
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "a person is needed", severtest.InPhase(workflows.PhasePeople))
	rotatedIt(w, got.Case, "deploy key")
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
	require.Empty(t, left(w, got.Case))
}

func TestASecretThatComesToBeKnownLate(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.SecondLook = 2 * time.Second
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "proven", severtest.InPhase(workflows.PhaseSecondLook))
	couldKnow(w, "lab")
	w.Reaches(ada, "the second look finds it on the list", severtest.InPhase(workflows.PhasePeople))
	require.Contains(t, left(w, got.Case), "secret/lab")
	rotatedIt(w, got.Case, "lab")
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
}

// Nothing is weighed where every connection is waived. The end itself looks at the list.
func TestAWaivedCaseDoesNotForgetTheList(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.Patience = time.Second
	w.Owns(ada, system.Ref("ada"))
	couldKnow(w, "lab")
	system.Down()
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "parked", severtest.InPhase(workflows.PhasePeople))
	require.NoError(t, w.Say(ada, workflows.UpdateWaive, workflows.Decision{By: "cto", Why: "scrapped", Connection: conn.Name}))
	require.Eventually(t, func() bool { _, there := left(w, got.Case)["secret/lab"]; return there }, time.Minute, 10*time.Millisecond)
	rotatedIt(w, got.Case, "lab")
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseExceptions}, w.Ends(ada))
}

func TestACancelLeavesTheListAlone(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	couldKnow(w, "lab")
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "a person is needed", severtest.InPhase(workflows.PhasePeople))
	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr", Why: "she stays"}))
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseCancelled}, w.Ends(ada))
	require.NotContains(t, left(w, got.Case), "secret/lab", "she stays, and may know it")
}
