package severtest

import (
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
	"github.com/severhq/sever/workflows"
)

// NewSweep sets up a sweep over some connections.
func (w *World) NewSweep(rule sweep.Rule, change ...func(*sweep.Spec)) store.Sweep {
	w.T.Helper()
	spec := sweep.Spec{Name: "sweep-" + Unique(), Rule: rule, Mode: sweep.Report, Notice: sweep.DefaultNotice,
		MaxPerRun: sweep.DefaultMaxPerRun, MaxPerHour: sweep.DefaultMaxPerHour}
	for _, c := range change {
		c(&spec)
	}
	require.NoError(w.T, spec.Check())
	var out store.Sweep
	require.NoError(w.T, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) (err error) {
		out, err = tx.CreateSweep(w.Ctx, spec, "dba@example.com")
		return err
	}))
	return out
}

// Sweep runs a sweep once, as its schedule does. More is added to the name of the
// recorded history.
func (w *World) Sweep(s store.Sweep, more string) (workflows.Swept, error) {
	w.T.Helper()
	id := workflows.SweepID + w.Queue + "-" + Unique()
	run, err := w.Parts.Temporal.ExecuteWorkflow(w.Ctx, client.StartWorkflowOptions{ID: id, TaskQueue: w.Queue}, "Sweep", workflows.SweepState{Sweep: s.ID})
	require.NoError(w.T, err)
	var out workflows.Swept
	err = run.Get(w.Ctx, &out)
	w.recordAs(id, more)
	return out, err
}

// Found are the words of what a run found, by account and kind.
func (w *World) Found(s store.Sweep, run int, state sweep.State) map[string]sweep.What {
	w.T.Helper()
	all, err := w.Parts.Store.Findings(w.Ctx, store.FindingFilter{Sweep: s.ID, Run: run, State: state})
	require.NoError(w.T, err)
	out := map[string]sweep.What{}
	for _, f := range all {
		out[f.Name] = f.What
	}
	return out
}
