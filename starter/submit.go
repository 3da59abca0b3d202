package main

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

// answerWithin is how long a command waits for a worker to take it. Workers answer
// within a moment, or there is none.
const answerWithin = 15 * time.Second

// awake refuses a command that no worker would take: it would wait for one that may
// never come.
func awake(ctx context.Context, t *wiring.Temporal) error {
	asked, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	queue, err := t.DescribeTaskQueue(asked, workflows.TaskQueue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return refusal(ctx, err, answerWithin)
	}
	if len(queue.GetPollers()) == 0 {
		return failed(exitUnreachable, "no worker is running for namespace %s: nothing would happen", t.Namespace).
			then("start one: sever-worker (sever up does it for you, once a connection is configured)")
	}
	return nil
}

// submit opens the case, or joins the running one. The key makes a repeated call
// the same call.
func submit(ctx context.Context, t *wiring.Temporal, s workflows.Submit, key string) (workflows.Submitted, error) {
	asked, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	for try := key; ; try += "+" {
		answer, err := submitOnce(asked, t, s, try)
		// A reinstatement of the same person withdraws for us; it ends in a moment.
		if said, ok := errors.AsType[*temporal.ApplicationError](err); !ok || said.Type() != workflows.Outranked {
			return answer, refusal(ctx, err, answerWithin)
		}
		select {
		case <-asked.Done():
			return answer, refusal(ctx, err, answerWithin)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func submitOnce(ctx context.Context, t *wiring.Temporal, s workflows.Submit, key string) (workflows.Submitted, error) {
	start := t.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: workflows.WorkflowID(s.Principal), TaskQueue: workflows.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		Priority:                 temporal.Priority{PriorityKey: s.Policy.Priority},
		TypedSearchAttributes: temporal.NewSearchAttributes(workflows.SearchPrincipal.ValueSet(string(s.Principal)),
			workflows.SearchCase.ValueSet(s.Case), workflows.SearchReason.ValueSet(string(s.Policy.Reason))),
		StaticSummary: "case " + s.Case,
	}, "OffboardPrincipal", workflows.State{})
	var answer workflows.Submitted
	h, err := t.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateID: key, UpdateName: workflows.UpdateSubmit, Args: []any{s},
			WaitForStage: client.WorkflowUpdateStageCompleted},
	})
	if err == nil {
		err = h.Get(ctx, &answer)
	}
	return answer, err
}

// decide sends a person's decision to the running case.
func decide(ctx context.Context, t *wiring.Temporal, workflowID, update, key string, d workflows.Decision) error {
	asked, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	h, err := t.UpdateWorkflow(asked, client.UpdateWorkflowOptions{WorkflowID: workflowID, UpdateID: key, UpdateName: update,
		Args: []any{d}, WaitForStage: client.WorkflowUpdateStageCompleted})
	if err == nil {
		err = h.Get(asked, nil)
	}
	return refusal(ctx, err, answerWithin)
}

// refusal tells a case that says no from a worker that says nothing.
func refusal(ctx context.Context, err error, within time.Duration) error {
	var said *temporal.ApplicationError
	var gone *serviceerror.NotFound
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &said):
		return badInput("%s", said.Message())
	case errors.As(err, &gone):
		return failed(exitOpen, "no workflow is running for this case").
			then("sever offboard opens it again: it goes on where the records stand")
	case unreachable(err), errors.As(err, new(*client.WorkflowUpdateServiceTimeoutOrCanceledError)):
		return failed(exitUnreachable, "no worker answered within %s: whether the command takes effect is not known", within).
			then("start a worker: sever-worker (sever up does it for you)")
	}
	return err
}
