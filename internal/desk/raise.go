package desk

import (
	"context"
	"errors"

	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/severhq/sever/internal/access"
)

// Raise moves all that a principal's case has waiting in queues up to a priority, and
// what it will queue: the tasks of its workflow, and activities that no worker has
// begun. An escalation alone would wait its turn behind everything that is less urgent.
//
// It is about the order of things and nothing else: where it fails, everything happens
// all the same, in the order that there was.
func (d *Desk) Raise(ctx context.Context, who access.PrincipalID, priority int) error {
	ctx, cancel := context.WithTimeout(ctx, Within)
	defer cancel()
	its := &commonpb.WorkflowExecution{WorkflowId: d.workflowID(who)}
	to := &commonpb.Priority{PriorityKey: int32(priority)}
	_, err := d.Temporal.WorkflowService().UpdateWorkflowExecutionOptions(ctx, &workflowservice.UpdateWorkflowExecutionOptionsRequest{
		Namespace: d.Namespace, WorkflowExecution: its,
		WorkflowExecutionOptions: &workflowpb.WorkflowExecutionOptions{Priority: to},
		UpdateMask:               &fieldmaskpb.FieldMask{Paths: []string{"priority.priority_key"}},
	})
	if err != nil {
		return err
	}
	_, err = d.Temporal.WorkflowService().UpdateActivityOptions(ctx, &workflowservice.UpdateActivityOptionsRequest{
		Namespace: d.Namespace, Execution: its,
		Activity:        &workflowservice.UpdateActivityOptionsRequest_MatchAll{MatchAll: true},
		ActivityOptions: &activitypb.ActivityOptions{Priority: to},
		UpdateMask:      &fieldmaskpb.FieldMask{Paths: []string{"priority.priority_key"}},
	})
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return nil // no activity waits for anything
	}
	return err
}
