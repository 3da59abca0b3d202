package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
)

// takeUp goes on with a case whose former workflow is gone. What people decided
// holds: a hold, a cancel, an approval, a denial, a waiver. How the systems stand is
// asked anew.
func (o *offboarding) takeUp(ctx workflow.Context, r activities.Recalled) {
	asked, by, successors := o.Policy, o.Requester, o.Successors
	o.Policy, o.Requester, o.Ticket, o.EffectiveAt, o.Successors = r.Policy, r.Requester, r.Ticket, r.EffectiveAt, r.Successors
	o.OpenedAt, o.Held, o.Cancelled, o.Look, o.SecondLookAt = r.OpenedAt, r.Held, r.Cancelled, r.Look, r.SecondLookAt
	if r.Policy.Grace > 0 && !r.ContainedAt.IsZero() {
		o.GraceSince, o.GraceUntil = r.ContainedAt, r.ContainedAt.Add(r.Policy.Grace)
	}
	for _, p := range r.Plans {
		status, state := PlanSuperseded, TrackDue
		if p.Denied {
			status, state = PlanDenied, TrackDenied
		}
		o.Plans = append(o.Plans, PlanState{No: p.No, Hash: p.Hash, Connections: p.Connections, Status: status, ByPerson: p.ByPerson, DecidedAt: p.DecidedAt})
		for _, c := range p.Connections {
			if t := o.track(c); t != nil {
				t.State = state
			}
		}
	}
	for i := range o.Tracks {
		if t := &o.Tracks[i]; slices.Contains(r.Waived, t.Connection) {
			t.Waived, t.State = true, TrackClean
		}
	}
	o.status = r.Status
	if r.Status != access.CaseOpen || asked.Reason == "" {
		return // over, or taken up by the reconciler
	}
	l := Letter{Key: "taken-up-" + workflow.GetInfo(ctx).WorkflowExecution.RunID, Kind: audit.CaseJoined, At: workflow.Now(ctx),
		Decision: Decision{By: by, Why: "a second request", Successors: successors}}
	if plan.MoreUrgent(asked.Reason, r.Policy.Reason) {
		l.Kind, l.Decision = audit.CaseEscalated, Decision{By: by, Why: "a second, more urgent request", Policy: asked}
	}
	l.Requested = true
	o.Inbox = append(o.Inbox, l)
}
