package severtest

import (
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Reinstate asks for what a closed case took to be given back; the error is why that
// is refused.
func (w *World) Reinstate(caseID string, who access.PrincipalID, by string) (workflows.Reinstating, error) {
	start := w.Parts.Temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: w.ID(who), TaskQueue: w.Queue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, "ReinstatePrincipal")
	h, err := w.Parts.Temporal.UpdateWithStartWorkflow(w.Ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateName: workflows.UpdateReinstate, WaitForStage: client.WorkflowUpdateStageCompleted,
			Args: []any{workflows.Reinstate{Case: caseID, Principal: who, Requester: by, Why: "hired again"}}},
	})
	var out workflows.Reinstating
	if err == nil {
		err = h.Get(w.Ctx, &out)
	}
	return out, err
}

// Reconcile runs the reconciler once.
func (w *World) Reconcile() workflows.Reconciled {
	w.T.Helper()
	id := workflows.ReconcileID + "-" + w.Queue
	run, err := w.Parts.Temporal.ExecuteWorkflow(w.Ctx, client.StartWorkflowOptions{ID: id, TaskQueue: w.Queue}, "Reconcile")
	require.NoError(w.T, err)
	var out workflows.Reconciled
	require.NoError(w.T, run.Get(w.Ctx, &out))
	w.recordAs(id, "-reconcile")
	return out
}

// ImportRoster takes the roster once.
func (w *World) ImportRoster() activities.RosterTaken {
	w.T.Helper()
	id := workflows.RosterID + "-once-" + w.Queue
	run, err := w.Parts.Temporal.ExecuteWorkflow(w.Ctx, client.StartWorkflowOptions{ID: id, TaskQueue: w.Queue}, "ImportRoster")
	require.NoError(w.T, err)
	var out activities.RosterTaken
	require.NoError(w.T, run.Get(w.Ctx, &out))
	w.recordAs(id, "-import")
	return out
}

// Preview is a dry run.
func (w *World) Preview(who access.PrincipalID) workflows.Previewed {
	w.T.Helper()
	s := workflows.Submit{Case: "case-" + Unique(), Principal: who, Policy: w.Policy, Requester: "hr@example.com"}
	run, err := w.Parts.Temporal.ExecuteWorkflow(w.Ctx, client.StartWorkflowOptions{ID: workflows.PreviewID(s.Case), TaskQueue: w.Queue}, "PreviewOffboarding", s)
	require.NoError(w.T, err)
	var out workflows.Previewed
	require.NoError(w.T, run.Get(w.Ctx, &out))
	w.recordAs(workflows.PreviewID(s.Case), "")
	return out
}

// Terminate ends the workflow of a principal as an operator of Temporal can: none of
// its code runs.
func (w *World) Terminate(who access.PrincipalID) {
	w.T.Helper()
	require.NoError(w.T, w.Parts.Temporal.TerminateWorkflow(w.Ctx, w.ID(who), "", "by mistake"))
}

// Roster records a complete roster, and whether a person has left by it.
func (w *World) Roster(who access.PrincipalID, left bool) {
	w.T.Helper()
	require.NoError(w.T, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		_, err := tx.AcceptRoster(w.Ctx, store.Roster{Source: "test " + time.Now().Format(time.RFC3339Nano), SHA256: Unique(), By: "test"},
			[]store.Entry{{Principal: access.Principal{ID: who}, Left: left}, {Principal: access.Principal{ID: "E-somebody-else"}}})
		return err
	}))
}
