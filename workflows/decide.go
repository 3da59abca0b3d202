package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/audit"
)

// record writes the decisions of people into the audit trail, one by one; each
// takes effect when it is written, never before.
func (o *offboarding) record(ctx workflow.Context) {
	for len(o.Inbox) > 0 {
		l := o.Inbox[0]
		in := activities.RecordInput{Case: o.Case, Key: l.Key, Kind: l.Kind, By: l.By, Why: l.Why, At: l.At, Requested: l.Requested, Hash: l.Hash,
			Successors: l.Successors, Account: l.Account, Connection: l.Connection}
		if p := o.waiting(l.Hash); p != nil {
			in.Plan = p.No
		}
		if l.Kind == audit.CaseEscalated {
			in.Policy = &l.Policy
		}
		var done activities.Recorded
		// What a person says goes ahead of what machines have queued: one who escalates
		// must not wait for the queue that the case is to leave.
		err := workflow.ExecuteActivity(bookkeeping(ctx, first), records.Record, in).Get(ctx, &done)
		o.Inbox = o.Inbox[1:]
		if err != nil {
			workflow.GetLogger(ctx).Error("a decision could not be recorded and has no effect", "case", o.Case, "kind", l.Kind, "error", err)
			continue
		}
		if done.Refused != "" {
			o.Refusals = refuse(o.Refusals, l, done.Refused)
			continue
		}
		o.effect(ctx, l)
	}
	o.turn()
}

// effect is what a recorded decision changes.
func (o *offboarding) effect(ctx workflow.Context, l Letter) {
	switch l.Kind {
	case audit.PlanApproved:
		if p := o.waiting(l.Hash); p != nil {
			p.Status, p.ByPerson, p.DecidedAt = PlanApproved, true, l.At
		}
	case audit.PlanDenied:
		if p := o.waiting(l.Hash); p != nil {
			p.Status = PlanDenied
		}
	case audit.DecisionHold:
		o.Held = true
	case audit.DecisionResume:
		o.Held = false
	case audit.DecisionCancel:
		o.Cancelled = true
		o.stopAll()
	case audit.CaseEscalated:
		// What is urgent waits for no date.
		o.Policy, o.EffectiveAt, o.GraceSince, o.GraceUntil = l.Policy, time.Time{}, time.Time{}, time.Time{}
		o.upsert(ctx, SearchReason.ValueSet(string(l.Policy.Reason)))
		o.stopAll()
		o.again()
	case audit.CaseJoined, audit.DecisionRetry:
		o.again()
		if o.FollowUps > 0 {
			o.followUp(ctx)
		}
	case audit.DecisionWaive:
		o.waive(ctx, l)
	}
}

// again makes every connection due that waits for a time or for a person.
func (o *offboarding) again() {
	for i := range o.Tracks {
		if slices.Contains([]TrackState{TrackParked, TrackOpen, TrackDenied}, o.Tracks[i].State) {
			o.Tracks[i].State = TrackDue
		}
	}
}

func (o *offboarding) waive(ctx workflow.Context, l Letter) {
	if l.Connection == "" {
		o.weigh(ctx, o.in(TrackOpen))
		return
	}
	t := o.track(l.Connection)
	t.Waived = true
	if slices.Contains([]TrackState{TrackParked, TrackOpen, TrackDenied, TrackDue}, t.State) {
		t.State = TrackClean
	}
}

// restore gives back everything that the case took, connection by connection, each
// in reverse order, and closes the case. A connection that cannot be reached is
// tried until it can.
func (o *offboarding) restore(ctx workflow.Context) (Result, error) {
	o.say(ctx)
	done := workflow.NewWaitGroup(ctx)
	for _, t := range o.Tracks {
		done.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer done.Done()
			o.giveBack(ctx, t)
		})
	}
	done.Wait(ctx)
	for {
		if result, closed, err := o.close(ctx, true); closed || err != nil {
			return result, err
		}
	}
}

func (o *offboarding) giveBack(ctx workflow.Context, t Track) {
	for tries := 1; ; tries++ {
		err := workflow.ExecuteActivity(reaching(ctx, t.Queue, "restore on "+t.Connection, o.Policy.Horizon, after(o.Policy.Priority)), reach.Restore,
			activities.RestoreInput{Case: o.Case, Connection: t.Connection}).Get(ctx, nil)
		if err == nil {
			return
		}
		workflow.GetLogger(ctx).Error("what was taken could not be given back yet", "case", o.Case, "connection", t.Connection, "error", err)
		_ = workflow.Sleep(ctx, backoff(tries, o.Policy.RetryEvery))
	}
}
