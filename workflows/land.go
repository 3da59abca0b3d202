package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
)

// land finds out how a connection stands at the end of a wave.
func (o *offboarding) land(ctx workflow.Context, w *wave, connection string) {
	if o.settle(ctx, w, connection) {
		o.weigh(ctx, []string{connection})
		o.askAgain(w, connection)
	}
	o.turn()
}

// settle notes how a connection stands where that is known, and reports whether its
// accounts have to be weighed for it.
func (o *offboarding) settle(ctx workflow.Context, w *wave, connection string) (weigh bool) {
	p := o.State.plan(w.planned.No)
	if p != nil && p.Status == PlanWaiting {
		p.Status = PlanSuperseded
	}
	t := o.track(connection)
	failed := slices.IndexFunc(w.failed, func(f failure) bool { return f.connection == connection })
	switch {
	case t.Waived:
		t.State = TrackClean
	case p != nil && p.Status == PlanDenied:
		t.State = TrackDenied
	case failed >= 0 && !w.stopped:
		o.park(ctx, w.failed[failed].why, connection)
	case w.stopped:
		t.State = TrackDue
	default:
		return true
	}
	return false
}

// askAgain makes a connection due at once on which an account turned out to be
// another one than planned.
func (o *offboarding) askAgain(w *wave, connection string) {
	if t := o.track(connection); t.State == TrackOpen && slices.Contains(w.moved, connection) {
		t.State = TrackDue
	}
}

// weigh asks the records how the accounts of some connections ended.
func (o *offboarding) weigh(ctx workflow.Context, connections []string) {
	if len(connections) == 0 {
		return
	}
	now := workflow.Now(ctx)
	var weighed activities.Weighed
	if err := workflow.ExecuteActivity(o.bookLater(ctx), records.Weigh, activities.WeighInput{
		Case: o.Case, Connections: connections, TaskDue: o.Policy.TaskDue, At: now}).Get(ctx, &weighed); err != nil {
		o.park(ctx, err.Error(), connections...)
		return
	}
	o.follow(ctx, weighed.FollowUps)
	for _, x := range weighed.Connections {
		t := o.track(x.Connection)
		t.Accounts, t.Open, t.State, t.Tries, t.NextTry = x.Accounts, x.Open, TrackClean, 0, time.Time{}
		switch {
		case x.Again:
			t.State = TrackDue
		case x.Open > 0:
			t.State, t.NextTry = TrackOpen, now.Add(o.Policy.RetryEvery)
		}
	}
	o.turn()
}
