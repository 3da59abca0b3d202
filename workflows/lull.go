package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
)

const (
	// lullMost is how long a case waits at most for the others of its incident.
	lullMost = 10 * time.Minute
	// lullEach is how long it waits for each of those who are not contained yet before it
	// asks again: about as fast as a small installation contains.
	lullEach               = 100 * time.Millisecond
	lullLeast, lullLongest = time.Second, time.Minute
)

// lull keeps a case of an incident from removing until everybody of the incident is
// contained who can be: removing takes what the containing of others needs, and nobody
// can log in meanwhile. It does not last long, whatever becomes of the others.
func (o *offboarding) lull(ctx workflow.Context, w *wave) {
	if o.Incident == "" || o.Calm || !since(ctx, removesLast) {
		return
	}
	if o.Lulled {
		_ = workflow.Await(ctx, func() bool { return w.stopped || !o.Lulled })
		return
	}
	o.Lulled = true
	o.turn()
	until := o.OpenedAt.Add(lullMost)
	for !w.stopped && !o.historyLong(ctx) && workflow.Now(ctx).Before(until) {
		var left activities.Uncontained
		err := workflow.ExecuteActivity(o.bookLater(ctx), incidents.Others, activities.OthersInput{Incident: o.Incident, Case: o.Case}).Get(ctx, &left)
		if err != nil || left.People == 0 {
			break
		}
		again := workflow.Now(ctx).Add(lullPause(left.People))
		o.sleep(ctx, earlier(again, until), func() bool { return w.stopped || o.historyLong(ctx) })
	}
	o.Lulled, o.Calm = false, !w.stopped
	o.turn()
}

// lullPause is when to ask again while so many are not contained.
func lullPause(people int) time.Duration {
	return min(max(time.Duration(people)*lullEach, lullLeast), lullLongest)
}
