package wiring_test

import (
	"encoding/base64"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/payload"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

// dialed is another client of the world's Temporal, with these keys.
func dialed(w *severtest.World, keys ...string) *wiring.Temporal {
	w.T.Helper()
	address, namespace := devtest.Temporal(w.T)
	temporal, err := wiring.DialWorker(w.Ctx, config.Vars{"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": namespace,
		payload.Variable: strings.Join(keys, ",")}, slog.New(slog.DiscardHandler))
	require.NoError(w.T, err)
	w.T.Cleanup(temporal.Close)
	return temporal
}

// restartWith replaces the worker, and the client that the test itself uses.
func restartWith(w *severtest.World, keys ...string) {
	w.T.Helper()
	w.Stop()
	w.Parts.Temporal = dialed(w, keys...)
	w.StartWorker()
}

// stored is the history of a principal's workflow as Temporal has it: nothing is decoded.
func stored(w *severtest.World, who access.PrincipalID) string {
	w.T.Helper()
	var all strings.Builder
	events := w.Parts.Temporal.GetWorkflowHistory(w.Ctx, w.ID(who), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(w.T, err)
		b, err := protojson.Marshal(e)
		require.NoError(w.T, err)
		all.Write(b)
	}
	return all.String()
}

func newKey(t *testing.T, id string) string {
	t.Helper()
	k, err := payload.NewKey(id)
	require.NoError(t, err)
	return k
}

// A case begins in the clear, goes on encrypted, waits while its worker has not got the
// key, and ends under another key.
func TestACaseSurvivesTheChangeOfItsKeys(t *testing.T) {
	t.Parallel()
	one, two := newKey(t, "one"), newKey(t, "two")
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.Approval = plan.ApproveAlways
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "waiting", severtest.InPhase(workflows.PhaseApproval))

	restartWith(w, one)
	require.NoError(t, w.Say(ada, workflows.UpdateHold, workflows.Decision{By: "legal", Why: "wait for the court"}))
	require.Contains(t, stored(w, ada), base64.StdEncoding.EncodeToString([]byte("one")))
	require.NotContains(t, stored(w, ada), base64.StdEncoding.EncodeToString([]byte(`{"by":"legal"`))[:12])

	// A worker without the key: its tasks fail and are tried again, the case is not ended.
	w.Stop()
	keyless := w.Parts
	keyless.Temporal = dialed(w)
	stop, err := wiring.Start(w.Ctx, keyless)
	require.NoError(t, err)
	require.NoError(t, keyless.Temporal.SignalWorkflow(w.Ctx, w.ID(ada), "", "wake-up", nil))
	require.Eventually(t, func() bool {
		return strings.Contains(stored(w, ada), "key one, and that key is not in SEVER_PAYLOAD_KEYS, which has none")
	}, 60*time.Second, 50*time.Millisecond)
	run, err := w.Parts.Temporal.DescribeWorkflowExecution(w.Ctx, w.ID(ada), "")
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, run.WorkflowExecutionInfo.Status)
	stop()

	w.Parts.Temporal = dialed(w, two, one)
	w.StartWorker()
	require.NoError(t, w.Say(ada, workflows.UpdateResume, workflows.Decision{By: "legal"}))
	p := w.Reaches(ada, "waiting again", severtest.InPhase(workflows.PhaseApproval)).Plans[0]
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Hash}))
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
	require.Contains(t, stored(w, ada), base64.StdEncoding.EncodeToString([]byte("two")))
}

// What Temporal keeps and may show of an encrypted case has nothing readable in it but
// ids and words of ours.
func TestTemporalReadsNothingOfAnEncryptedCase(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	restartWith(w, newKey(t, "k"))
	w.Owns(ada, system.Ref("ada"))
	system.Down()
	w.Submit(ada, "key-1", func(s *workflows.Submit) { s.Requester = "requester@example.com" })
	var words []string
	require.Eventually(t, func() bool { words = failing(w, ada); return len(words) > 0 }, 30*time.Second, 10*time.Millisecond)
	require.Equal(t, []string{"Encoded failure"}, words)
	system.Up()
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	inHistory := stored(w, ada)
	require.True(t, readable(base64.StdEncoding.EncodeToString([]byte(`{"requester":"requester@example.com"}`)), "requester@example.com"), "the search can find")
	for _, words := range []string{"requester@example.com", "discover " + conn.Name, `"principal"`, `"accounts"`} {
		require.False(t, readable(inHistory, words), words)
	}
}

// readable reports whether the words are in a history, also within a payload.
func readable(history, words string) bool {
	if strings.Contains(history, words) {
		return true
	}
	for shift := range 3 { // base64 depends on where a word begins
		inner := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(".", shift) + words))
		if strings.Contains(history, inner[4:len(inner)-4]) {
			return true
		}
	}
	return false
}

// failing are the words that Temporal shows of activities which are being retried.
func failing(w *severtest.World, who access.PrincipalID) (words []string) {
	w.T.Helper()
	run, err := w.Parts.Temporal.DescribeWorkflowExecution(w.Ctx, w.ID(who), "")
	require.NoError(w.T, err)
	for _, a := range run.PendingActivities {
		if a.LastFailure != nil {
			words = append(words, a.LastFailure.Message)
		}
	}
	return words
}
