package desk

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Preview is a dry run under way: it looks and plans, and changes nothing.
type Preview struct {
	Case   string // under which its plan will be found
	desk   *Desk
	run    client.WorkflowRun
	within time.Duration
}

// previewWithin is how long a dry run may take beyond the policy's patience.
const previewWithin = time.Minute

// Preview begins a dry run of an order that was understood.
func (d *Desk) Preview(ctx context.Context, s workflows.Submit) (Preview, error) {
	p := Preview{Case: s.Case, desk: d, within: s.Policy.Patience + previewWithin}
	asked, cancel := context.WithTimeout(ctx, Within)
	defer cancel()
	var err error
	p.run, err = d.Temporal.ExecuteWorkflow(asked, client.StartWorkflowOptions{
		ID: workflows.PreviewID(s.Case), TaskQueue: workflows.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		Priority:                 temporal.Priority{PriorityKey: s.Policy.Priority},
		StaticSummary:            "dry run " + s.Case,
		WorkflowExecutionTimeout: p.within,
	}, "PreviewOffboarding", s)
	return p, Refusal(ctx, err, Within)
}

// Wait returns the plan once it is made.
func (p Preview) Wait(ctx context.Context) (store.Plan, error) {
	asked, cancel := context.WithTimeout(ctx, p.within)
	defer cancel()
	var done workflows.Previewed
	if err := p.run.Get(asked, &done); err != nil {
		return store.Plan{}, Refusal(ctx, err, p.within)
	}
	return p.desk.Store.Plan(ctx, done.Case, done.Plan)
}
