package workflows

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
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
	given     int // connections that have everything back
	phase     Phase
	status    access.CaseStatus
}

func (r *reinstatement) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, QueryProgress, func() (Progress, error) { return r.progress(), nil }); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateReinstate, r.ask, workflow.UpdateHandlerOptions{Validator: r.validAsk}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateSubmit, r.outranked, workflow.UpdateHandlerOptions{}); err != nil {
		return err
	}
	for _, u := range []struct{ name, kind string }{{UpdateApprove, audit.PlanApproved}, {UpdateDeny, audit.PlanDenied}} {
		if err := workflow.SetUpdateHandlerWithOptions(ctx, u.name, func(ctx workflow.Context, d Decision) error {
			r.post(ctx, u.kind, d)
			return nil
		}, workflow.UpdateHandlerOptions{Validator: func(d Decision) error { return r.valid(u.name, d) }}); err != nil {
			return err
		}
	}
	return nil
}

// ask plans the reinstatement. What it refuses is told to whoever asked.
func (r *reinstatement) ask(ctx workflow.Context, in Reinstate) (Reinstating, error) {
	joined := r.plan.No > 0
	if !joined {
		r.asked = in
		err := workflow.ExecuteActivity(bookkeeping(ctx, 0), records.PlanReinstatement, activities.ReinstateInput{Case: in.Case, Principal: in.Principal,
			By: in.Requester, Why: in.Why, Ticket: in.Ticket, Key: workflow.GetCurrentUpdateInfo(ctx).ID, Phase: string(PhaseReinstatement), At: workflow.Now(ctx)}).Get(ctx, &r.plan)
		if err != nil {
			r.over = true
			return Reinstating{}, inOwnWords(err)
		}
		r.phase = PhaseReinstatement
		r.announce(ctx)
	}
	return Reinstating{Case: r.asked.Case, Plan: r.plan.No, Hash: r.plan.Hash, Steps: r.plan.Steps, Lost: r.plan.Lost, Joined: joined}, nil
}

func (r *reinstatement) validAsk(in Reinstate) error {
	switch {
	case in.Case == "" || in.Principal == "" || strings.TrimSpace(in.Requester) == "":
		return errors.New("a case, a principal and a requester are needed")
	case strings.TrimSpace(in.Why) == "":
		return errors.New("a reinstatement needs a reason")
	case r.over || r.status != access.CaseOpen:
		return errors.New("the reinstatement has just ended; ask again")
	case r.asked.Case != "" && (r.asked.Case != in.Case || r.plan.No == 0):
		return fmt.Errorf("a reinstatement of case %s is under way", r.asked.Case)
	}
	return nil
}

// outranked withdraws: who is to lose access must not get it back meanwhile.
func (r *reinstatement) outranked(ctx workflow.Context, s Submit) (Submitted, error) {
	r.withdrawn = true
	r.post(ctx, audit.DecisionWithdraw, Decision{By: s.Requester, Why: strings.TrimSpace("an offboarding was asked for " + s.Ticket)})
	return Submitted{}, temporal.NewNonRetryableApplicationError("a reinstatement of this principal was under way, and is withdrawn; ask again", Outranked, nil)
}

// post puts a decision on its way into the records.
func (r *reinstatement) post(ctx workflow.Context, kind string, d Decision) {
	r.inbox = append(r.inbox, Letter{Key: workflow.GetCurrentUpdateInfo(ctx).ID, Kind: kind, At: workflow.Now(ctx), Decision: d})
}

// valid refuses what makes no sense. The requester's own word is not enough.
func (r *reinstatement) valid(update string, d Decision) error {
	switch {
	case r.plan.No == 0 || r.over:
		return errors.New("no reinstatement waits for a decision")
	case strings.TrimSpace(d.By) == "":
		return errors.New("a decision needs the name of who takes it")
	case r.approved:
		return fmt.Errorf("plan %d is approved already; what it gave back is taken again by a new offboarding", r.plan.No)
	case d.Hash != r.plan.Hash:
		return fmt.Errorf("no plan of case %s has the hash %q", r.asked.Case, d.Hash)
	case update == UpdateApprove && strings.EqualFold(strings.TrimSpace(d.By), strings.TrimSpace(r.asked.Requester)):
		return fmt.Errorf("%s asked for it: somebody else has to approve it", d.By)
	}
	return nil
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
// reached keeps no other from it. A withdrawal ends the waiting, not what is under way.
func (r *reinstatement) giveBack(ctx workflow.Context) {
	r.phase = PhaseRestoring
	r.announce(ctx)
	r.mark(ctx, string(PhaseRestoring))
	done := workflow.NewWaitGroup(ctx)
	for _, c := range r.plan.Connections {
		done.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer done.Done()
			for tries := 1; !r.withdrawn; tries++ {
				err := workflow.ExecuteActivity(reaching(ctx, c.Queue, "restore on "+c.Name, r.plan.Horizon, r.plan.Priority), reach.Restore,
					activities.RestoreInput{Case: r.asked.Case, Connection: c.Name}).Get(ctx, nil)
				if err == nil {
					r.given++
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

// end closes the case as reinstated once anything was given back.
func (r *reinstatement) end(ctx workflow.Context) (Result, error) {
	r.over, r.phase = true, PhaseClosed
	if r.given == 0 {
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

// inOwnWords is what an activity said, without what Temporal says about it.
func inOwnWords(err error) error {
	if said, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return temporal.NewNonRetryableApplicationError(said.Message(), said.Type(), nil)
	}
	return err
}
