package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
)

// Names of the two receivers, used only to name their methods.
var (
	records *activities.Records
	reach   *activities.Access
)

// pulse is how long a worker may be silent before its activities go to another one.
// The activities beat by themselves for as long as their process lives.
const pulse = 6 * time.Second

// book are the options of activities that keep records. They are retried until the
// database answers: a case never forgets because its books were closed.
func (o *offboarding) book(ctx workflow.Context) workflow.Context {
	return bookkeeping(ctx, o.Policy.Priority)
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

// reaching are the options of activities that change or confirm something. A
// cancelled one is waited for: what it really did counts.
func (o *offboarding) reaching(ctx workflow.Context, queue, summary string) workflow.Context {
	return reaching(ctx, queue, summary, o.Policy.Horizon, o.Policy.Priority)
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
