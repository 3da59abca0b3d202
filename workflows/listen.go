package workflows

import (
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
)

// listen registers the query and the updates. Handlers only write down what
// arrived and answer at once; the main loop records it and acts. Validators refuse
// what makes no sense, and a refusal leaves no trace in the history.
func (o *offboarding) listen(ctx workflow.Context) error {
	err := workflow.SetQueryHandler(ctx, QueryProgress, func() (Progress, error) { return o.progress(), nil })
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, UpdateSubmit, o.submit, workflow.UpdateHandlerOptions{
		Description: "open a case for this principal, or join the one that is running",
		Validator:   o.validSubmit,
	})
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, UpdateReinstate, func(workflow.Context, Reinstate) (Reinstating, error) {
		return Reinstating{}, nil // the validator refuses every one
	}, workflow.UpdateHandlerOptions{Validator: o.validReinstate})
	if err != nil {
		return err
	}
	for _, u := range []struct {
		name, kind string
		valid      func(Decision) error
	}{
		{UpdateApprove, audit.PlanApproved, o.validApproval},
		{UpdateDeny, audit.PlanDenied, o.validPlan},
		{UpdateHold, audit.DecisionHold, o.validHold},
		{UpdateResume, audit.DecisionResume, o.validResume},
		{UpdateRetry, audit.DecisionRetry, func(Decision) error { return nil }},
		{UpdateEscalate, audit.CaseEscalated, o.validEscalation},
		{UpdateCancel, audit.DecisionCancel, func(Decision) error { return nil }},
		{UpdateWaive, audit.DecisionWaive, o.validWaiver},
	} {
		err := workflow.SetUpdateHandlerWithOptions(ctx, u.name, func(ctx workflow.Context, d Decision) error {
			o.post(ctx, u.kind, d)
			return nil
		}, workflow.UpdateHandlerOptions{Validator: func(d Decision) error {
			if err := o.alive(d); err != nil {
				return err
			}
			return u.valid(d)
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// submit opens the case, or joins the running one. The same update id gets the same
// answer, also in a later run of the same workflow.
func (o *offboarding) submit(ctx workflow.Context, s Submit) (Submitted, error) {
	key := workflow.GetCurrentUpdateInfo(ctx).ID
	if a, ok := o.answered(key); ok {
		return a, nil
	}
	a := Submitted{Case: o.Case, Joined: true}
	if o.Case == "" {
		o.Case, o.Principal, o.Policy, o.Requester = s.Case, s.Principal, s.Policy, s.Requester
		o.Ticket, o.EffectiveAt, o.Successors, o.Incident, o.Why = s.Ticket, s.EffectiveAt, s.Successors, s.Incident, s.Why
		a = Submitted{Case: s.Case}
		if s.Hold != "" {
			o.postRequested(ctx, audit.DecisionHold, Decision{By: s.Requester, Why: s.Hold})
		}
	} else if plan.MoreUrgent(s.Policy.Reason, o.Policy.Reason) {
		a.Escalated = true
		o.postRequested(ctx, audit.CaseEscalated, Decision{By: s.Requester, Why: strings.TrimSpace("a second, more urgent request " + s.about()), Policy: s.Policy})
	} else {
		o.postRequested(ctx, audit.CaseJoined, Decision{By: s.Requester, Why: strings.TrimSpace("a second request " + s.about()), Successors: s.Successors})
	}
	o.remember(key, a)
	o.turn()
	return a, nil
}

// post puts a decision on its way into the records.
func (o *offboarding) post(ctx workflow.Context, kind string, d Decision) {
	o.Inbox = append(o.Inbox, Letter{Key: workflow.GetCurrentUpdateInfo(ctx).ID, Kind: kind, At: workflow.Now(ctx), Decision: d})
	o.turn()
}

// postRequested posts what came with a request to offboard.
func (o *offboarding) postRequested(ctx workflow.Context, kind string, d Decision) {
	o.post(ctx, kind, d)
	o.Inbox[len(o.Inbox)-1].Requested = true
}

func (o *offboarding) validSubmit(s Submit) error {
	switch {
	case s.Case == "" || s.Principal == "" || s.Requester == "":
		return errors.New("a case id, a principal and a requester are needed")
	case o.Case != "" && s.Principal != o.Principal:
		return fmt.Errorf("this workflow is about another principal")
	case o.closing || o.status != access.CaseOpen:
		return o.isClosing()
	case o.Cancelled:
		return later(Cancelling, fmt.Sprintf("case %s is being cancelled; submit again when it is closed", o.Case))
	}
	return nil
}

// later is a refusal that another moment does not hear.
func later(kind, words string) error {
	return temporal.NewNonRetryableApplicationError(words, kind, nil)
}

func (o *offboarding) isClosing() error {
	return later(Closing, fmt.Sprintf("case %s is closing at this moment; ask again", o.Case))
}

// validReinstate refuses to reinstate while a case is open: a cancel gives back what
// it took.
func (o *offboarding) validReinstate(Reinstate) error {
	switch {
	case o.Case == "":
		return errors.New("an offboarding is about to begin; ask again")
	case o.closing || o.status != access.CaseOpen:
		return o.isClosing()
	}
	return fmt.Errorf("case %s is open: sever cancel %s gives back what it took", o.Case, o.Case)
}

// alive refuses decisions that come too early, too late, or from nobody.
func (o *offboarding) alive(d Decision) error {
	switch {
	case o.Case == "" || !o.Opened:
		return errors.New("there is no case yet")
	case o.closing || o.status != access.CaseOpen:
		return o.isClosing()
	case o.Cancelled:
		return fmt.Errorf("case %s is being cancelled", o.Case)
	case strings.TrimSpace(d.By) == "":
		return errors.New("a decision needs the name of who takes it")
	}
	return nil
}

func (o *offboarding) validPlan(d Decision) error {
	for _, l := range o.Inbox {
		if l.Hash != "" && l.Hash == d.Hash {
			return fmt.Errorf("%s has just decided about the plan %.12s", l.By, d.Hash)
		}
	}
	if o.waiting(d.Hash) != nil {
		return nil
	}
	for _, p := range o.Plans {
		if p.Hash == d.Hash {
			return fmt.Errorf("plan %d (%.12s) is %s", p.No, p.Hash, p.Status)
		}
	}
	return fmt.Errorf("no plan of case %s has the hash %q", o.Case, d.Hash)
}

// validApproval adds the four eyes: the requester's own word is not enough.
func (o *offboarding) validApproval(d Decision) error {
	if err := o.validPlan(d); err != nil {
		return err
	}
	if strings.EqualFold(strings.TrimSpace(d.By), strings.TrimSpace(o.Requester)) {
		return fmt.Errorf("%s requested case %s: somebody else has to approve it", d.By, o.Case)
	}
	if p := o.waiting(d.Hash); p.Guarded > 0 && strings.TrimSpace(d.Why) == "" {
		return fmt.Errorf("plan %d is in quarantine (%s): approving it needs a reason", p.No, access.Count(p.Guarded, "guard"))
	}
	return nil
}

func (o *offboarding) validHold(Decision) error {
	if o.held() {
		return temporal.NewNonRetryableApplicationError("the case is held already", HeldAlready, nil)
	}
	return nil
}

// validResume knows that a case in quarantine waits for another word.
func (o *offboarding) validResume(Decision) error {
	if o.held() {
		return nil
	}
	if p := o.quarantined(); p != nil {
		return fmt.Errorf("case %s is not held: plan %d is in quarantine (%s); approve that plan with a reason, deny it, or cancel the case",
			o.Case, p.No, access.Count(p.Guarded, "guard"))
	}
	return errors.New("the case is not held")
}

func (o *offboarding) validEscalation(d Decision) error {
	if plan.MoreUrgent(d.Policy.Reason, o.Policy.Reason) {
		return nil
	}
	return fmt.Errorf("reason %s is not more urgent than %s", d.Policy.Reason, o.Policy.Reason)
}

func (o *offboarding) validWaiver(d Decision) error {
	switch {
	case strings.TrimSpace(d.Why) == "":
		return errors.New("a waiver needs a reason")
	case (d.Account == 0) == (d.Connection == ""):
		return errors.New("a waiver names one account or one connection")
	case d.Connection != "" && o.track(d.Connection) == nil:
		return fmt.Errorf("case %s does not cover a connection %q", o.Case, d.Connection)
	}
	return nil
}
