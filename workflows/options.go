package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// Names of the two receivers, used only to name their methods.
var (
	records *activities.Records
	reach   *activities.Access
)

// pulse is how long a worker may be silent before its activities go to another one.
// The activities beat by themselves for as long as their process lives.
const pulse = 6 * time.Second

// first is the priority of what waits for nothing in a queue.
const first = 1

// after is the priority of what follows containing: nobody's removal keeps anybody else
// from being contained.
func after(priority int) int { return min(priority+1, 5) }

// book are the options of activities that keep records. They are retried until the
// database answers: a case never forgets because its books were closed.
func (o *offboarding) book(ctx workflow.Context) workflow.Context {
	return bookkeeping(ctx, o.Policy.Priority)
}

// bookLater is book for what nobody waits for to be contained.
func (o *offboarding) bookLater(ctx workflow.Context) workflow.Context {
	return bookkeeping(ctx, after(o.Policy.Priority))
}

func bookkeeping(ctx workflow.Context, priority int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 5 * time.Minute,
		HeartbeatTimeout:    pulse,
		Priority:            temporal.Priority{PriorityKey: priority},
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumInterval: 30 * time.Second,
			NonRetryableErrorTypes: []string{activities.BadInput}},
	})
}

// ask are the options of a discovery: it has the policy's patience, and what did
// not answer by then is parked and asked again later.
func (o *offboarding) ask(ctx workflow.Context, t Track) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: t.Queue, Summary: "discover " + t.Connection,
		StartToCloseTimeout:    10 * time.Minute,
		ScheduleToCloseTimeout: o.Policy.Patience,
		HeartbeatTimeout:       pulse,
		WaitForCancellation:    true,
		Priority:               o.priority(),
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute,
			NonRetryableErrorTypes: []string{activities.Denied, activities.BadInput}},
	})
}

// acting are the options of activities that change or confirm something. A
// cancelled one is waited for: what it really did counts.
func (o *offboarding) acting(ctx workflow.Context, b plan.Batch) workflow.Context {
	priority := o.Policy.Priority
	if b.Action != access.Contain && b.Action != access.Rotate {
		priority = after(priority)
	}
	return reaching(ctx, o.track(b.Connection).Queue, string(b.Action)+" on "+b.Connection, o.Policy.Horizon, priority)
}

func reaching(ctx workflow.Context, queue, summary string, horizon time.Duration, priority int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: queue, Summary: summary,
		StartToCloseTimeout:    30 * time.Minute,
		ScheduleToCloseTimeout: horizon,
		HeartbeatTimeout:       pulse,
		WaitForCancellation:    true,
		Priority:               temporal.Priority{PriorityKey: priority},
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute,
			NonRetryableErrorTypes: []string{activities.Denied, activities.BadInput}},
	})
}

func (o *offboarding) priority() temporal.Priority {
	return temporal.Priority{PriorityKey: o.Policy.Priority}
}
