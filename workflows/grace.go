package workflows

import (
	"go.temporal.io/sdk/workflow"
)

// graceOver waits out the grace of the policy, which begins when the first account of
// the case is contained. It reports whether removing may begin at once: what waited
// is planned anew instead, for the person may be back and the accounts open again.
func (o *offboarding) graceOver(ctx workflow.Context, w *wave) bool {
	if o.Policy.Grace <= 0 {
		return true
	}
	now := workflow.Now(ctx)
	if o.GraceUntil.IsZero() {
		o.GraceSince, o.GraceUntil = now, now.Add(o.Policy.Grace)
	}
	if !now.Before(o.GraceUntil) {
		return true
	}
	o.turn()
	o.sleep(ctx, o.GraceUntil, func() bool { return w.stopped || o.historyLong(ctx) })
	w.stopped = true
	return false
}

// released waits while the case is held. It reports whether the wave may go on; one
// that was held for long is planned anew instead.
func (o *offboarding) released(ctx workflow.Context, w *wave) bool {
	held := workflow.Now(ctx)
	_ = workflow.Await(ctx, func() bool { return w.stopped || !o.Held || o.historyLong(ctx) })
	long := workflow.Now(ctx).Sub(held) > replanAfter
	if w.stopped || o.historyLong(ctx) || long && since(ctx, plansAfterHold) {
		w.stopped = true
		return false
	}
	return true
}
