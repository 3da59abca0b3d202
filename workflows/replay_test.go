package workflows_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/internal/wiring"
)

// Every history that was ever recorded must still replay: cases run for weeks, and
// the workflow that goes on with them is tomorrow's. A change of the workflow adds a
// recording and removes none; see the README on how to record and how to change.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	recorded := map[string]bool{}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			r := worker.NewWorkflowReplayer()
			wiring.Register(r)
			require.NoError(t, r.ReplayWorkflowHistoryFromJSONFile(nil, f))
		})
		body, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, m := range kind.FindAllSubmatch(body, -1) {
			recorded[string(m[1])] = true
		}
	}
	var all registry
	wiring.Register(&all)
	for _, name := range all {
		require.True(t, recorded[name], "no history of %s was ever recorded", name)
	}
}

// kind is where a history says which workflow it is of.
var kind = regexp.MustCompile(`"workflowType":\{"name":"([^"]*)"`)

// registry collects the names under which workflows are known.
type registry []string

func (r *registry) RegisterWorkflow(any) {}

func (r *registry) RegisterWorkflowWithOptions(_ any, o workflow.RegisterOptions) {
	*r = append(*r, o.Name)
}

func (r *registry) RegisterDynamicWorkflow(any, workflow.DynamicRegisterOptions) {}
