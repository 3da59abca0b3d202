package desk

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/workflows"
)

// Within is how long a request waits for a worker to take it. Workers answer within a
// moment, or there is none.
const Within = 15 * time.Second

// Awake refuses a request that no worker would take: it would wait for one that may
// never come.
func (d *Desk) Awake(ctx context.Context) error {
	asked, cancel := context.WithTimeout(ctx, Within)
	defer cancel()
	queue, err := d.Temporal.DescribeTaskQueue(asked, d.queue(), enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return Refusal(ctx, err, Within)
	}
	if len(queue.GetPollers()) == 0 {
		return Failf(Unreachable, "no worker is running for namespace %s: nothing would happen", d.Namespace).
			Then("start one: sever-worker (sever up does it for you, once a connection is configured)")
	}
	return nil
}

// update sends a person's word to a running workflow. The key makes a repeated call
// the same call.
func (d *Desk) update(ctx context.Context, workflowID, update, key string, with workflows.Decision) error {
	asked, cancel := context.WithTimeout(ctx, Within)
	defer cancel()
	h, err := d.Temporal.UpdateWorkflow(asked, client.UpdateWorkflowOptions{WorkflowID: workflowID, UpdateID: key, UpdateName: update,
		Args: []any{with}, WaitForStage: client.WorkflowUpdateStageCompleted})
	if err == nil {
		err = h.Get(asked, nil)
	}
	return Refusal(ctx, err, Within)
}

// whileEnding asks again for as long as what runs for the principal is about to end, and
// makes room for what was asked for: a case that has just closed, or a reinstatement that
// withdraws. Ask is given a suffix that makes each try a request of its own.
func whileEnding[T any](ctx context.Context, ask func(ctx context.Context, try string) (T, error)) (T, error) {
	asked, cancel := context.WithTimeout(ctx, Within)
	defer cancel()
	for try := ""; ; try += "+" {
		answer, err := ask(asked, try)
		said, ok := errors.AsType[*temporal.ApplicationError](err)
		if !ok || said.Type() != workflows.Outranked && said.Type() != workflows.Closing {
			return answer, Refusal(ctx, err, Within)
		}
		select {
		case <-asked.Done():
			return answer, Refusal(ctx, err, Within)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Refusal tells a case that says no from a worker that says nothing within a time.
func Refusal(ctx context.Context, err error, within time.Duration) error {
	var said *temporal.ApplicationError
	var gone *serviceerror.NotFound
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &said):
		f := Refusedf("%s", said.Message())
		f.Said = said.Type()
		return f
	case errors.As(err, &gone):
		return Failf(Open, "no workflow is running for this case").
			Then("sever offboard opens it again: it goes on where the records stand")
	case unreachable(err), errors.As(err, new(*client.WorkflowUpdateServiceTimeoutOrCanceledError)):
		return Failf(Unreachable, "no worker answered within %s: whether the command takes effect is not known", within).
			Then("start a worker: sever-worker (sever up does it for you)")
	}
	return err
}
