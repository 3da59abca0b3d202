package desk

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/workflows"
)

// Reconcile does now what a schedule does every minute: it compares the open cases with
// the workflows that run, and reminds of what is overdue.
func (d *Desk) Reconcile(ctx context.Context) (workflows.Reconciled, error) {
	var found workflows.Reconciled
	if err := d.Awake(ctx); err != nil {
		return found, err
	}
	run, err := d.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflows.ReconcileID + "-by-hand", TaskQueue: workflows.TaskQueue, StaticSummary: "reconcile, by hand",
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, "Reconcile")
	if err == nil {
		err = run.Get(ctx, &found)
	}
	return found, Refusal(ctx, err, Within)
}
