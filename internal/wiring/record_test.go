package wiring_test

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/severhq/sever/internal/access"
)

// record keeps the history of a case that has ended, under the test's name, in the
// folder that SEVER_RECORD names: a new file for workflows/testdata.
func (w *world) record(who access.PrincipalID) {
	dir := os.Getenv("SEVER_RECORD")
	if dir == "" {
		return
	}
	var history historypb.History
	events := w.parts.Temporal.GetWorkflowHistory(w.ctx, w.id(who), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(w.t, err)
		history.Events = append(history.Events, e)
	}
	b, err := protojson.Marshal(&history)
	require.NoError(w.t, err)
	name := strings.ReplaceAll(strings.TrimPrefix(w.t.Name(), "Test"), "/", "-")
	require.NoError(w.t, os.WriteFile(filepath.Join(dir, name+".json"), b, 0o644))
}
