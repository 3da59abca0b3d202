package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// replanAfter is how long a plan may have waited for people or a date before the
// systems are asked again: what moved meanwhile is not in it.
const replanAfter = 10 * time.Minute

// wave carries one plan through the ladder, for the connections that it covers.
// Waves run side by side; a connection is in one of them at most.
type wave struct {
	connections []string
	planned     activities.Planned
	// stopped is true when the wave must begin nothing more: its case was cancelled
	// or became more urgent, or its plan was denied.
	stopped bool
	cancel  workflow.CancelFunc
	// contained counts the lanes whose accounts are contained.
	contained int
	failed    []failure
	moved     []string // connections on which an account is another one than planned
}

// failure is a connection whose work could not be done.
type failure struct{ connection, why string }

func (w *wave) fail(why error, connections ...string) {
	for _, c := range connections {
		w.failed = append(w.failed, failure{c, why.Error()})
	}
}

// planReady starts a wave over the tracks that have answered: one over all of them,
// or one each where containing waits for nobody.
func (o *offboarding) planReady(ctx workflow.Context) {
	ready := o.in(TrackReady)
	groups := [][]string{ready}
	if o.Policy.ContainFirst {
		groups = slices.Collect(slices.Chunk(ready, 1))
	}
	for _, connections := range groups {
		for _, c := range connections {
			o.track(c).State = TrackBusy
		}
		w := &wave{connections: connections}
		o.waves = append(o.waves, w)
		workflow.Go(ctx, func(ctx workflow.Context) {
			climbCtx, cancel := workflow.WithCancel(ctx)
			defer cancel()
			w.cancel = cancel
			o.climb(climbCtx, w)
			o.waves = slices.DeleteFunc(o.waves, func(x *wave) bool { return x == w })
			o.turn()
		})
	}
}

// climb is the ladder: plan, wait for people and the date, contain, remove, prove.
// Each connection is weighed as soon as its own lanes have ended: one that is stuck
// keeps no other from being settled.
func (o *offboarding) climb(ctx workflow.Context, w *wave) {
	goOn := o.plan(ctx, w) && (o.Policy.ContainFirst || o.gate(ctx, w))
	if len(w.connections) > 1 && !since(ctx, landsAlone) {
		o.climbTogether(ctx, w, goOn)
		return
	}
	done := workflow.NewWaitGroup(ctx)
	for _, c := range w.connections {
		done.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer done.Done()
			if goOn {
				o.lanes(ctx, w, c)
			}
			// How it ended is found out also when the climbing was cancelled.
			own, _ := workflow.NewDisconnectedContext(ctx)
			o.land(own, w, c)
		})
	}
	done.Wait(ctx)
}

// lanes does everything on one connection, its lanes side by side.
func (o *offboarding) lanes(ctx workflow.Context, w *wave, connection string) {
	done := workflow.NewWaitGroup(ctx)
	for _, lane := range w.planned.Lanes {
		if lane.Connection != connection {
			continue
		}
		done.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer done.Done()
			if err := o.lane(ctx, w, lane); err != nil {
				w.fail(err, connection)
			}
		})
	}
	done.Wait(ctx)
}

// plan makes the plan of the wave.
func (o *offboarding) plan(ctx workflow.Context, w *wave) bool {
	supplements := o.supplements(w.connections)
	now := workflow.Now(ctx)
	in := activities.PlanInput{Case: o.Case, Connections: w.connections, Policy: o.Policy, Supplements: supplements, At: now}
	in.Approved, in.Lapsed = o.approved(w.connections, now)
	if !o.GraceUntil.IsZero() && !now.Before(o.GraceUntil) {
		in.GraceSince, in.GraceUntil = o.GraceSince, o.GraceUntil
	}
	err := workflow.ExecuteActivity(o.book(ctx), records.Plan, in).Get(ctx, &w.planned)
	if err != nil {
		w.fail(err, w.connections...)
		return false
	}
	if o.Relooking && w.planned.Mutates {
		o.reopen(ctx)
	}
	status := PlanApproved
	if w.planned.NeedsWord {
		status = PlanWaiting
	}
	for i := range o.Plans {
		if o.Plans[i].Status == PlanWaiting && containsAll(w.connections, o.Plans[i].Connections) {
			o.Plans[i].Status = PlanSuperseded
		}
	}
	o.Plans = append(o.Plans, PlanState{No: w.planned.No, Hash: w.planned.Hash, Connections: w.connections, Status: status,
		Guarded: w.planned.Guards, Supplements: supplements})
	o.turn()
	return true
}

// gate waits for the approval that the plan needs and for the effective date. It
// reports whether the wave may go on; a plan that waited long is made anew instead.
func (o *offboarding) gate(ctx workflow.Context, w *wave) bool {
	if !w.planned.Mutates {
		return true
	}
	since := workflow.Now(ctx)
	status := func() PlanStatus { return o.State.plan(w.planned.No).Status }
	_ = workflow.Await(ctx, func() bool { return w.stopped || status() != PlanWaiting || o.historyLong(ctx) })
	if status() == PlanApproved && workflow.Now(ctx).Before(o.EffectiveAt) {
		o.turn()
		o.sleep(ctx, o.EffectiveAt, func() bool { return w.stopped || o.historyLong(ctx) })
	}
	if status() != PlanApproved || w.stopped || o.historyLong(ctx) || workflow.Now(ctx).Sub(since) > replanAfter {
		w.stopped = true
		return false
	}
	return true
}

// lane does everything on one resource: contain, wait for the others to be
// contained, remove batch by batch, and look.
func (o *offboarding) lane(ctx workflow.Context, w *wave, l plan.Lane) error {
	err := o.all(ctx, w, l.Contain)
	w.contained++
	o.noteContained(w)
	if err != nil || w.stopped {
		return err
	}
	if o.Policy.ContainFirst && len(l.Remove) > 0 && !o.gate(ctx, w) {
		return nil
	}
	// Everything is contained before anything is removed; a lane that cannot be
	// reached keeps the others waiting for the policy's patience only.
	o.sleep(ctx, workflow.Now(ctx).Add(o.Policy.Patience), func() bool { return w.stopped || w.contained == len(w.planned.Lanes) })
	if len(l.Remove) > 0 {
		o.lull(ctx, w)
	}
	for i, b := range l.Remove {
		if i == 0 && !w.stopped && !o.graceOver(ctx, w) {
			return nil
		}
		if !o.released(ctx, w) {
			return nil
		}
		if err := o.all(ctx, w, []plan.Batch{b}); err != nil {
			return err
		}
	}
	return o.all(ctx, w, l.Confirm)
}

// all runs batches side by side and waits for every one; it returns the first error.
func (o *offboarding) all(ctx workflow.Context, w *wave, batches []plan.Batch) error {
	futures := make([]workflow.Future, len(batches))
	for i, b := range batches {
		futures[i] = o.batch(ctx, w, b)
	}
	var first error
	for i, f := range futures {
		var t activities.Tally
		if err := f.Get(ctx, &t); err != nil && first == nil {
			first = err
		}
		if t.Moved > 0 {
			w.moved = append(w.moved, batches[i].Connection)
		}
	}
	return first
}

func (o *offboarding) batch(ctx workflow.Context, w *wave, b plan.Batch) workflow.Future {
	return workflow.ExecuteActivity(o.acting(ctx, b), activityOf(b.Action), activities.Batch{Case: o.Case, Plan: w.planned.No, Batch: b, Look: o.Look})
}

// activityOf names the activity of an action.
func activityOf(a access.Action) any {
	switch a {
	case access.Contain:
		return reach.Contain
	case access.Rotate:
		return reach.Rotate
	case access.Unlink:
		return reach.Unlink
	case access.Revoke:
		return reach.Revoke
	case access.Reassign:
		return reach.Reassign
	case access.Delete:
		return reach.Delete
	}
	return reach.Confirm
}

// noteContained notes that every lane under way is contained; the records know the
// moment.
func (o *offboarding) noteContained(w *wave) {
	o.Contained = len(w.failed) == 0 && !slices.ContainsFunc(o.waves, func(x *wave) bool {
		return x.planned.No == 0 || x.contained < len(x.planned.Lanes)
	})
	o.turn()
}

// stopAll makes every wave and every discovery begin nothing more. What is under
// way is waited for: what it really did counts.
func (o *offboarding) stopAll() {
	for _, w := range o.waves {
		w.stopped = true
		if w.cancel != nil {
			w.cancel()
		}
	}
	for _, name := range o.in(TrackAsking) {
		if stop := o.asking[name]; stop != nil {
			stop()
		}
	}
}

func (o *offboarding) historyLong(ctx workflow.Context) bool {
	return historyLong(ctx)
}
