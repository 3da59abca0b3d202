package activities

import (
	"context"
	"fmt"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Recorded says what became of a decision.
type Recorded struct {
	// Refused is why the decision has no effect: who took it may not. Empty otherwise.
	Refused string `json:"refused,omitempty"`
}

// acts are what people do by the decisions that reach Record.
var acts = map[string]roles.Act{
	audit.PlanApproved: roles.Approve, audit.PlanDenied: roles.Deny,
	audit.DecisionHold: roles.Hold, audit.DecisionResume: roles.Resume, audit.DecisionRetry: roles.Retry,
	audit.CaseEscalated: roles.Escalate, audit.CaseJoined: roles.Request,
	audit.DecisionCancel: roles.Cancel, audit.DecisionWaive: roles.Waive,
}

// may asks the roles whether a decision counts. What nobody asked for by a command is
// not theirs to judge: that the workflow was cancelled by Temporal's means, which holds
// the case, and that a reinstatement is withdrawn, by time or by an offboarding. Both
// give access to nobody. A decision that is not known is refused.
func (r *Records) may(in RecordInput) error {
	act, known := acts[in.Kind]
	switch {
	case in.Kind == audit.DecisionWithdraw, in.Kind == audit.DecisionHold && in.Key == HeldByTemporal:
		return nil
	case in.Requested:
		act = roles.Request
	case !known:
		act = roles.Act(in.Kind)
	}
	return r.roles.May(in.By, act)
}

// HeldByTemporal is the key of the decision that holds a case whose workflow was
// cancelled outside Sever.
const HeldByTemporal = "temporal-cancel"

// refuseDecision writes that a decision was not allowed. It changes nothing else.
func refuseDecision(ctx context.Context, tx *store.Tx, in RecordInput, no error) error {
	object := in.Case
	if in.Plan > 0 {
		object = fmt.Sprintf("plan %d", in.Plan)
	}
	data := map[string]any{"decision": in.Kind}
	if in.Why != "" {
		data["why"] = in.Why
	}
	if in.Hash != "" {
		data["hash"] = in.Hash
	}
	return tx.Append(ctx, audit.Event{Chain: in.Case, Key: "decision/" + in.Key, At: in.At, Kind: audit.DecisionRefused, Actor: in.By,
		Object: object, Outcome: "refused", Words: no.Error(), Data: data})
}

// mayRequest refuses a case that is requested by somebody who may not. The refusal is
// a row of the house: there is no case that it could belong to.
func (r *Records) mayRequest(ctx context.Context, in OpenInput) error {
	act := roles.Request
	if in.DryRun {
		act = roles.Rehearse
	}
	no := r.roles.May(in.Requester, act)
	if no == nil {
		return nil
	}
	err := r.store.Do(ctx, func(tx *store.Tx) error {
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: "refused/" + in.Case, At: in.At, Kind: audit.CaseRefused, Actor: in.Requester,
			Object: string(in.Principal), Outcome: "refused", Words: no.Error(),
			Data: map[string]any{"case": in.Case, "reason": string(in.Policy.Reason), "ticket": in.Ticket, "dry_run": in.DryRun}})
	})
	if err != nil {
		return err
	}
	return refused(no.Error())
}

// mayReinstate refuses a reinstatement that is asked for by somebody who may not.
func (r *Records) mayReinstate(ctx context.Context, in ReinstateInput) error {
	no := r.roles.May(in.By, roles.Reinstate)
	if no == nil {
		return nil
	}
	err := r.store.Do(ctx, func(tx *store.Tx) error {
		return refuseDecision(ctx, tx, RecordInput{Case: in.Case, Key: in.Key, Kind: audit.DecisionReinstate, By: in.By, Why: in.Why, At: in.At}, no)
	})
	if err != nil {
		return err
	}
	return refused(no.Error())
}
