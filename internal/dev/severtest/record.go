package severtest

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
func (w *World) record(who access.PrincipalID) { w.recordAs(w.ID(who), "") }

// recordAs keeps the history of a workflow under the test's name and a word more.
func (w *World) recordAs(id, more string) {
	dir := os.Getenv("SEVER_RECORD")
	if dir == "" {
		return
	}
	var history historypb.History
	events := w.Parts.Temporal.GetWorkflowHistory(w.Ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(w.T, err)
		history.Events = append(history.Events, e)
	}
	b, err := protojson.Marshal(&history)
	require.NoError(w.T, err)
	name := strings.ReplaceAll(strings.TrimPrefix(w.T.Name(), "Test"), "/", "-") + more
	require.NoError(w.T, os.WriteFile(filepath.Join(dir, name+".json"), b, 0o644))
}
