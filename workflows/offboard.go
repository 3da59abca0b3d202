// Package workflows says what happens to a case, in which order. The work itself
// is in activities, the decisions are pure functions in internal/plan and next.go.
package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

// submitWithin is how long a workflow that nobody gave a case waits for one.
const submitWithin = time.Minute

// OffboardPrincipal ends the access of one principal. There is at most one for a
// principal at a time; every command enters by update-with-start, so that a second
// trigger joins the running case.
//
// It asks every connection, plans, waits for the people and the date that the plan
// needs, contains, removes, proves, looks again a day later, and closes. It ends
// only when everything is settled, or when a person cancelled the case and
// everything was given back.
func OffboardPrincipal(ctx workflow.Context, state State) (Result, error) {
	o := newOffboarding(state)
	ctx = o.outlive(ctx)
	if err := o.listen(ctx); err != nil {
		return Result{}, err
	}
	if !o.submitted(ctx) {
		return Result{}, nil
	}
	if err := o.open(ctx); err != nil {
		return Result{}, err
	}
	for o.status == access.CaseOpen {
		move, until := o.next(ctx)
		switch move {
		case MoveRecord:
			o.record(ctx)
		case MoveAsk:
			o.askDue(ctx)
		case MovePlan:
			o.planReady(ctx)
		case MoveProve:
			o.proven(ctx)
		case MoveRelook:
			o.relook(ctx)
		case MoveFollowUp:
			o.followUp(ctx)
		case MoveRestore:
			return o.restore(ctx)
		case MoveClose:
			if result, closed, err := o.close(ctx, false); err != nil || closed {
				return result, err
			}
		case MoveContinue:
			return Result{}, o.continueAsNew(ctx)
		case MoveWait:
			o.wait(ctx, until)
		}
	}
	return Result{o.Case, o.status}, nil
}

// offboarding is one run of a case's workflow: what is remembered, and what is
// under way.
type offboarding struct {
	State
	gatherUntil time.Time                      // how long the plan waits for silent connections
	asking      map[string]workflow.CancelFunc // discoveries under way, by connection; never ranged over
	waves       []*wave                        // under way, oldest first
	turns       int                            // counts changes, so that a wait notices them
	status      access.CaseStatus
	// closing is true while the records are asked to end the case: what it said yes to
	// then, nobody would carry out.
	closing bool
}

func newOffboarding(s State) *offboarding {
	return &offboarding{State: s, asking: map[string]workflow.CancelFunc{}, status: access.CaseOpen}
}

// outlive gives the case a context that a cancellation by Temporal's own means does
// not end. Such a cancellation names nobody, so it gives nothing back: it holds the
// case until a person says resume, or cancels it by the command that is recorded.
func (o *offboarding) outlive(ctx workflow.Context) workflow.Context {
	own, _ := workflow.NewDisconnectedContext(ctx)
	workflow.Go(own, func(own workflow.Context) {
		ctx.Done().Receive(own, nil)
		if o.Opened {
			o.Inbox = append(o.Inbox, Letter{Key: activities.HeldByTemporal, Kind: audit.DecisionHold, At: workflow.Now(own),
				Decision: Decision{By: "temporal", Why: "the workflow was cancelled outside Sever; only sever cancel gives access back"}})
			o.turn()
		}
	})
	return own
}

// submitted waits for the command that gives this workflow its case.
func (o *offboarding) submitted(ctx workflow.Context) bool {
	o.sleep(ctx, workflow.Now(ctx).Add(submitWithin), func() bool { return o.Case != "" })
	return o.Case != ""
}

// open writes the case and makes a track for each connection.
func (o *offboarding) open(ctx workflow.Context) error {
	o.announce(ctx)
	if o.Opened {
		return nil
	}
	o.OpenedAt = workflow.Now(ctx)
	var opened activities.Opened
	err := workflow.ExecuteActivity(o.book(ctx), records.Open, activities.OpenInput{
		Case: o.Case, Principal: o.Principal, Policy: o.Policy, Requester: o.Requester, Ticket: o.Ticket,
		EffectiveAt: o.EffectiveAt, Successors: o.Successors, Incident: o.Incident, Why: o.Why, At: o.OpenedAt,
	}).Get(ctx, &opened)
	if err != nil {
		return inOwnWords(err)
	}
	for _, c := range opened.Connections {
		o.Tracks = append(o.Tracks, Track{Connection: c.Name, Queue: c.Queue, State: TrackDue})
	}
	o.Opened, o.Look, o.Said = true, 1, PhaseDiscovering
	if opened.Recalled != nil {
		o.takeUp(ctx, *opened.Recalled)
	}
	return nil
}

func (o *offboarding) next(ctx workflow.Context) (Move, time.Time) {
	now := workflow.Now(ctx)
	wake(&o.State, now)
	return next(o.State, o.gatherUntil, now, workflow.GetInfo(ctx).GetContinueAsNewSuggested())
}

// wait says where the case stands, then waits until something changes.
func (o *offboarding) wait(ctx workflow.Context, until time.Time) {
	turns := o.turns
	o.say(ctx)
	o.sleep(ctx, until, func() bool { return o.turns != turns })
}

// turn notes that something changed.
func (o *offboarding) turn() { o.turns++ }

// sleep waits for a condition, at most until a moment (zero: for as long as it
// takes). Its timer does not outlive it.
func (o *offboarding) sleep(ctx workflow.Context, until time.Time, cond func() bool) {
	if cond() {
		return
	}
	if until.IsZero() {
		_ = workflow.Await(ctx, cond)
		return
	}
	timerCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	due := false
	timer := workflow.NewTimerWithOptions(timerCtx, max(until.Sub(workflow.Now(ctx)), 0), workflow.TimerOptions{Summary: "look again"})
	workflow.Go(timerCtx, func(ctx workflow.Context) { due = timer.Get(ctx, nil) == nil })
	_ = workflow.Await(ctx, func() bool { return due || cond() })
}

// proven notes that every account is proven gone, and when to look again.
func (o *offboarding) proven(ctx workflow.Context) {
	now := workflow.Now(ctx)
	o.SecondLookAt = now.Add(o.Policy.SecondLook)
	o.mark(ctx, activities.MarkInput{ProvenAt: now, SecondLookAt: o.SecondLookAt})
}

// relook makes every connection due again. What it finds, if it finds anything,
// goes through a plan like everything else.
func (o *offboarding) relook(workflow.Context) {
	o.Look, o.Relooking = o.Look+1, true
	for i := range o.Tracks {
		if !o.Tracks[i].Waived {
			o.Tracks[i].State = TrackDue
		}
	}
}

// reopen says loudly that the second look found something. What it found goes the
// whole way, up to a second look of its own.
func (o *offboarding) reopen(ctx workflow.Context) {
	o.Relooking, o.Contained, o.SecondLookAt = false, false, time.Time{}
	o.mark(ctx, activities.MarkInput{Reopened: workflow.Now(ctx), Look: o.Look})
}

// close ends the case, if the records agree that it can end.
func (o *offboarding) close(ctx workflow.Context, cancelled bool) (Result, bool, error) {
	o.closing = true
	defer func() { o.closing = o.status != access.CaseOpen }()
	var closed activities.Closed
	err := workflow.ExecuteActivity(o.bookLater(ctx), records.Close, activities.CloseInput{
		Case: o.Case, Cancelled: cancelled, At: workflow.Now(ctx), TaskDue: o.Policy.TaskDue}).Get(ctx, &closed)
	if err != nil {
		return Result{}, false, err
	}
	if closed.FollowUps > 0 {
		o.follow(ctx, closed.FollowUps)
		return Result{}, false, nil
	}
	if closed.Status == access.CaseOpen {
		// The records know better than we do: ask everything again.
		o.park(ctx, "the records have something open that the case took for settled", o.in(TrackClean)...)
		return Result{}, false, nil
	}
	o.status = closed.Status
	o.say(ctx)
	_ = workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	return Result{o.Case, closed.Status}, true, nil
}

// continueAsNew goes on in a new run, with everything that is remembered.
func (o *offboarding) continueAsNew(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, OffboardPrincipal, o.State)
}
