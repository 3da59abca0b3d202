package workflows

import (
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

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
		return later(Closing, "the reinstatement has just ended; ask again")
	case r.asked.Case != "" && (r.asked.Case != in.Case || r.plan.No == 0):
		return fmt.Errorf("a reinstatement of case %s is under way", r.asked.Case)
	}
	return nil
}

// outranked withdraws: who is to lose access must not get it back meanwhile.
func (r *reinstatement) outranked(ctx workflow.Context, s Submit) (Submitted, error) {
	r.withdrawn = true
	if r.stop != nil {
		r.stop()
	}
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
	case len(r.inbox) > 0:
		return fmt.Errorf("%s has just decided about it", r.inbox[0].By)
	case d.Hash != r.plan.Hash:
		return fmt.Errorf("no plan of case %s has the hash %q", r.asked.Case, d.Hash)
	case update == UpdateApprove && strings.EqualFold(strings.TrimSpace(d.By), strings.TrimSpace(r.asked.Requester)):
		return fmt.Errorf("%s asked for it: somebody else has to approve it", d.By)
	}
	return nil
}

// inOwnWords is what an activity said, without what Temporal says about it.
func inOwnWords(err error) error {
	if said, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return temporal.NewNonRetryableApplicationError(said.Message(), said.Type(), nil)
	}
	return err
}
