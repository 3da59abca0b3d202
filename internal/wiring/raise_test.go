package wiring_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/workflows"
)

// queued is a Sever with one connection that takes one piece of work at a time, and
// stands still: the first case is at it, all others wait in its queue.
type queued struct {
	*severtest.World
	crowd *crowd
	let   func() // the system goes on
}

func newQueued(t *testing.T, people int) *queued {
	t.Helper()
	c := newCrowd(t, people, 1)
	release, busy := make(chan struct{}), make(chan struct{})
	first := sync.OnceFunc(func() { close(busy) })
	c.systems[0].Intercept(func(ctx context.Context, _ memory.Call) error {
		first()
		select {
		case <-release:
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	c.conns[0].Limits.Parallel = 1
	w := &queued{severtest.New(t, c.conns...), c, sync.OnceFunc(func() { close(release) })}
	t.Cleanup(w.let)
	w.Policy.Patience = 4 * time.Minute
	c.known(w.World)
	w.Submit(c.ids[0], "first")
	<-busy
	for _, who := range c.ids[1:] {
		w.Submit(who, "hr-"+string(who))
	}
	w.waiting(2, people-1)
	return w
}

// waiting waits until so many pieces of work of a priority are in the queue.
func (w *queued) waiting(priority int32, n int) {
	w.T.Helper()
	queue := w.Parts.Connections.All()[0].Queue()
	require.Eventually(w.T, func() bool {
		q, err := w.Parts.Temporal.WorkflowService().DescribeTaskQueue(w.Ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: w.Parts.Temporal.Namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY, ReportStats: true})
		return err == nil && q.GetStatsByPriorityKey()[priority].GetApproximateBacklogCount() >= int64(n)
	}, time.Minute, 20*time.Millisecond)
}

// order is in which the accounts were looked at first.
func (w *queued) order() []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range w.crowd.systems[0].Journal() {
		if c.Op == memory.OpLook && !seen[c.Account.Name] {
			seen[c.Account.Name] = true
			out = append(out, c.Account.Name)
		}
	}
	return out
}

// looked waits until so many accounts were looked at, and is their order.
func (w *queued) looked(n int) []string {
	w.T.Helper()
	require.Eventually(w.T, func() bool { return len(w.order()) >= n }, time.Minute, 10*time.Millisecond)
	return w.order()
}

func TestAnEscalatedCaseGoesAheadOfAllThatWaits(t *testing.T) {
	t.Parallel()
	w := newQueued(t, 12)
	incident, err := plan.For(access.Incident)
	require.NoError(t, err)
	last := w.crowd.ids[11]
	require.NoError(t, w.Say(last, workflows.UpdateEscalate, workflows.Decision{By: "soc", Policy: incident}))
	w.waiting(1, 1)
	w.let()
	require.Equal(t, []string{"user0", "user11"}, w.looked(2)[:2], "the one under way, and then the incident")
}

// What waits in a queue is moved up by itself, also where nothing cancels it.
func TestWhatWaitsIsRaised(t *testing.T) {
	t.Parallel()
	w := newQueued(t, 12)
	require.NoError(t, w.Desk().Raise(w.Ctx, w.crowd.ids[9], 1))
	w.waiting(1, 1)
	w.let()
	require.Equal(t, []string{"user0", "user9"}, w.looked(2)[:2])
	seen, err := w.Parts.Temporal.DescribeWorkflowExecution(w.Ctx, w.ID(w.crowd.ids[9]), "")
	require.NoError(t, err)
	require.EqualValues(t, 1, seen.GetWorkflowExecutionInfo().GetPriority().GetPriorityKey(), "its own tasks, too")
}

// An incident raises the case that it meets before it asks: its request would wait behind
// all that is less urgent.
func TestAnIncidentRaisesTheCaseThatItMeets(t *testing.T) {
	t.Parallel()
	w := newQueued(t, 12)
	in := w.Strike(desk.Alarm{Principals: w.crowd.ids[10:11], By: "soc"})
	w.Disbanded(in.ID)
	w.waiting(1, 1)
	seen, err := w.Parts.Temporal.DescribeWorkflowExecution(w.Ctx, w.ID(w.crowd.ids[10]), "")
	require.NoError(t, err)
	require.EqualValues(t, 1, seen.GetWorkflowExecutionInfo().GetPriority().GetPriorityKey())
	w.let()
	require.Equal(t, []string{"user0", "user10"}, w.looked(2)[:2])
}
