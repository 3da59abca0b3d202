package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

// Outranked is the type of the error by which a reinstatement answers a request to
// offboard the same principal: it withdraws at once, and the request has to be made
// again, under another update id: Temporal answers the same id with the same error.
const Outranked = "Outranked"

// Reinstate asks for what a closed case took to be given back.
type Reinstate struct {
	Case      string             `json:"case"`
	Principal access.PrincipalID `json:"principal"`
	Requester string             `json:"requester"`
	Why       string             `json:"why"`
	Ticket    string             `json:"ticket,omitempty"`
}

// Reinstating is the answer to a Reinstate: the plan that somebody else has to approve.
type Reinstating struct {
	Case   string `json:"case"`
	Plan   int    `json:"plan"`
	Hash   string `json:"hash"`
	Steps  int    `json:"steps"`
	Lost   int    `json:"lost,omitempty"`   // steps of which something cannot be given back
	Joined bool   `json:"joined,omitempty"` // it was asked for before
}

// ReinstatePrincipal gives back what a closed case took, once somebody other than the
// requester has approved exactly that. It has the workflow id of the principal's
// offboarding, so that the two exclude each other; an offboarding outranks it.
func ReinstatePrincipal(ctx workflow.Context) (Result, error) {
	r := &reinstatement{status: access.CaseOpen}
	ctx, _ = workflow.NewDisconnectedContext(ctx) // a cancellation names nobody, and does nothing
	if err := r.listen(ctx); err != nil {
		return Result{}, err
	}
	_, _ = workflow.AwaitWithTimeout(ctx, submitWithin, func() bool { return r.asked.Case != "" || r.withdrawn })
	_ = workflow.Await(ctx, func() bool { return r.asked.Case == "" || r.plan.No > 0 || r.over })
	if r.plan.No == 0 {
		return Result{}, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	}
	r.decided(ctx)
	if r.approved && !r.withdrawn {
		r.giveBack(ctx)
	}
	result, err := r.end(ctx)
	_ = workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	return result, err
}

// reinstatement is what is remembered of one.
type reinstatement struct {
	asked     Reinstate
	plan      activities.Reinstatement
	inbox     []Letter
	approved  bool
	over      bool // denied, withdrawn or lapsed, or nothing came of the request
	withdrawn bool
	refusals  []Refusal
	began     bool                // something was, or may have been, given back
	stop      workflow.CancelFunc // of the giving back
	phase     Phase
	status    access.CaseStatus
}

// decided waits for a person's word, as long as the policy lets an approval hold.
func (r *reinstatement) decided(ctx workflow.Context) {
	within := r.plan.ApprovalTTL
	if within <= 0 {
		within = 72 * time.Hour
	}
	until := workflow.Now(ctx).Add(within)
	for onlyRefused := true; onlyRefused; {
		answered, _ := workflow.AwaitWithTimeout(ctx, max(until.Sub(workflow.Now(ctx)), 0), func() bool { return len(r.inbox) > 0 })
		if !answered {
			r.inbox = append(r.inbox, Letter{Key: "lapsed-" + workflow.GetInfo(ctx).WorkflowExecution.RunID, Kind: audit.DecisionWithdraw, At: workflow.Now(ctx),
				Decision: Decision{By: "sever", Why: "nobody approved it in time"}})
		}
		onlyRefused = r.record(ctx)
	}
}

// record writes what people decided; each decision takes effect when it is written. It
// reports whether all of it was refused, because who decided may not.
func (r *reinstatement) record(ctx workflow.Context) (onlyRefused bool) {
	onlyRefused = true
	for len(r.inbox) > 0 {
		l := r.inbox[0]
		var done activities.Recorded
		err := workflow.ExecuteActivity(bookkeeping(ctx, r.plan.Priority), records.Record, activities.RecordInput{Case: r.asked.Case, Key: l.Key, Kind: l.Kind,
			By: l.By, Why: l.Why, At: l.At, Hash: r.plan.Hash, Plan: r.plan.No}).Get(ctx, &done)
		r.inbox = r.inbox[1:]
		if done.Refused != "" {
			r.refusals = refuse(r.refusals, l, done.Refused)
			continue
		}
		onlyRefused = false
		if err != nil {
			workflow.GetLogger(ctx).Error("a decision could not be recorded and has no effect", "case", r.asked.Case, "kind", l.Kind, "error", err)
			continue
		}
		switch l.Kind {
		case audit.PlanApproved:
			r.approved = true
		default:
			r.over = true
		}
	}
	return onlyRefused
}

// giveBack restores every connection, each in reverse order; one that cannot be
// reached keeps no other from it. A withdrawal ends it: what a system was asked for is
// seen to its end, and nothing more begins.
func (r *reinstatement) giveBack(ctx workflow.Context) {
	r.phase, r.began = PhaseRestoring, true
	r.announce(ctx)
	r.mark(ctx, string(PhaseRestoring))
	restoring, stop := workflow.WithCancel(ctx)
	defer stop()
	r.stop = stop
	done := workflow.NewWaitGroup(ctx)
	for _, c := range r.plan.Connections {
		done.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer done.Done()
			for tries := 1; !r.withdrawn; tries++ {
				err := workflow.ExecuteActivity(reaching(restoring, c.Queue, "restore on "+c.Name, r.plan.Horizon, r.plan.Priority), reach.Restore,
					activities.RestoreInput{Case: r.asked.Case, Connection: c.Name}).Get(ctx, nil)
				if err == nil {
					return
				}
				workflow.GetLogger(ctx).Error("what was taken could not be given back yet", "case", r.asked.Case, "connection", c.Name, "error", err)
				_, _ = workflow.AwaitWithTimeout(ctx, backoff(tries, r.plan.RetryEvery), func() bool { return r.withdrawn })
			}
		})
	}
	done.Wait(ctx)
	r.record(ctx)
}

// end closes the case as reinstated once anything may have been given back.
func (r *reinstatement) end(ctx workflow.Context) (Result, error) {
	r.over, r.phase = true, PhaseClosed
	if !r.began {
		r.mark(ctx, string(PhaseClosed))
		return Result{Case: r.asked.Case}, nil
	}
	var closed activities.Closed
	err := workflow.ExecuteActivity(bookkeeping(ctx, r.plan.Priority), records.Close, activities.CloseInput{Case: r.asked.Case, Reinstated: true, At: workflow.Now(ctx)}).Get(ctx, &closed)
	r.status = closed.Status
	r.announce(ctx)
	return Result{r.asked.Case, closed.Status}, err
}

func (r *reinstatement) mark(ctx workflow.Context, phase string) {
	if err := workflow.ExecuteActivity(bookkeeping(ctx, r.plan.Priority), records.Mark, activities.MarkInput{Case: r.asked.Case, Phase: phase}).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Error("where the reinstatement stands could not be recorded", "case", r.asked.Case, "error", err)
	}
}

func (r *reinstatement) announce(ctx workflow.Context) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, SearchPrincipal.ValueSet(string(r.asked.Principal)), SearchCase.ValueSet(r.asked.Case),
		SearchPhase.ValueSet(string(r.phase))); err != nil {
		workflow.GetLogger(ctx).Error("search attributes", "case", r.asked.Case, "error", err)
	}
}

func (r *reinstatement) progress() Progress {
	p := Progress{Case: r.asked.Case, Phase: r.phase, Status: r.status, Refusals: r.refusals}
	if r.plan.No > 0 {
		status := PlanWaiting
		switch {
		case r.approved:
			status = PlanApproved
		case r.over:
			status = PlanDenied
		}
		p.Plans = []PlanState{{No: r.plan.No, Hash: r.plan.Hash, Status: status}}
	}
	return p
}
