package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
)

// askDue starts a discovery for every track that is due. Each goes its own way:
// one that does not answer stops no other.
func (o *offboarding) askDue(ctx workflow.Context) {
	if len(o.in(TrackAsking)) == 0 && len(o.in(TrackReady)) == 0 {
		o.gatherUntil = workflow.Now(ctx).Add(o.Policy.Patience)
	}
	for _, name := range o.in(TrackDue) {
		o.track(name).State = TrackAsking
		workflow.Go(ctx, func(ctx workflow.Context) { o.discover(ctx, name) })
	}
}

// discover asks one connection. One that cannot be asked is parked, visibly, and
// keeps the case open.
func (o *offboarding) discover(ctx workflow.Context, name string) {
	askCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	o.asking[name] = stop
	var found activities.Found
	err := workflow.ExecuteActivity(o.ask(askCtx, *o.track(name)), reach.Discover, activities.DiscoverInput{
		Case: o.Case, Connection: name}).Get(askCtx, &found)
	delete(o.asking, name)
	t := o.track(name)
	switch {
	case t.Waived:
		t.State = TrackClean
		o.turn()
		return
	case err != nil:
		o.park(ctx, "", name)
		return
	}
	t.State, t.Tries, t.Accounts, t.Grants = TrackReady, 0, found.Accounts, found.Grants
	o.turn()
}

// park puts tracks aside until their next try, and makes that known. Why is what
// failed; empty when the discovery has recorded it.
func (o *offboarding) park(ctx workflow.Context, why string, names ...string) {
	now := workflow.Now(ctx)
	for _, name := range names {
		t := o.track(name)
		t.Tries++
		t.Late = t.Late || !slices.ContainsFunc(o.Plans, func(p PlanState) bool { return slices.Contains(p.Connections, name) })
		t.State, t.NextTry = TrackParked, now.Add(backoff(t.Tries, o.Policy.RetryEvery))
		if o.Cancelled {
			continue // what is given back was recorded when it was taken
		}
		// The books are open for as long as it takes; only a mistake of ours ends this.
		if err := workflow.ExecuteActivity(o.bookLater(ctx), records.Missed, activities.MissedInput{
			Case: o.Case, Connection: name, Why: why, NextTry: t.NextTry, At: now}).Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Error("a silent connection could not be recorded", "case", o.Case, "connection", name, "error", err)
		}
	}
	o.turn()
}
