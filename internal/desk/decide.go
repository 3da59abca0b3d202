package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Ruling is what a person decides about a case.
type Ruling struct {
	Update string // one of the updates of a case, such as workflows.UpdateApprove
	Case   string // or a principal
	By     string
	Why    string
	// Plan is the hash of the plan, or its beginning; of approve and deny.
	Plan string
	// Subject is the account or the connection that is waived.
	Subject string
	// Successors are added to those of the case; of retry.
	Successors map[string]string
	// Key makes a repeated ruling the same ruling; empty draws one.
	Key string
}

// Acts are what the rulings take.
var Acts = map[string]roles.Act{
	workflows.UpdateApprove: roles.Approve, workflows.UpdateDeny: roles.Deny, workflows.UpdateHold: roles.Hold,
	workflows.UpdateResume: roles.Resume, workflows.UpdateRetry: roles.Retry, workflows.UpdateEscalate: roles.Escalate,
	workflows.UpdateCancel: roles.Cancel, workflows.UpdateWaive: roles.Waive,
}

// aboutPlan reports whether the ruling is about a plan.
func (r Ruling) aboutPlan() bool {
	return r.Update == workflows.UpdateApprove || r.Update == workflows.UpdateDeny
}

// Weighed is a ruling that was checked, and can be put to its case.
type Weighed struct {
	Case     store.Case
	Decision workflows.Decision
	ruling   Ruling
}

// Decided is what was decided, as it is shown to whoever decided it.
type Decided struct {
	Case     string `json:"case"`
	Decision string `json:"decision"`
	By       string `json:"by"`
	Plan     string `json:"plan,omitempty"` // the hash
}

// Decided is the ruling once the case took it.
func (w Weighed) Decided() Decided {
	return Decided{w.Case.ID, w.ruling.Update, w.ruling.By, w.Decision.Hash}
}

// Sensible reads a ruling by itself, without asking anybody.
func (d *Desk) Sensible(r Ruling) error {
	act, known := Acts[r.Update]
	if !known {
		return Invalidf("%q is nothing that can be decided about a case", r.Update)
	}
	if err := d.May(r.By, act); err != nil {
		return err
	}
	if r.Why != "" {
		if err := ValidText("the reason", r.Why, MaxText); err != nil {
			return err
		}
	}
	if r.Key != "" {
		if err := ValidName("the key", r.Key); err != nil {
			return err
		}
	}
	if r.Update == workflows.UpdateWaive && r.Why == "" {
		return Invalidf("a waiver needs a reason").Then(`say why the access may stay: --reason "..."`)
	}
	for connection, account := range r.Successors {
		if err := d.successor(connection, account); err != nil {
			return err
		}
	}
	return nil
}

// Weigh checks everything about a ruling that can be checked before it is put to the
// case. Where it names no plan and exactly one waits, ask is asked about that one;
// without ask the plan has to be named.
func (d *Desk) Weigh(ctx context.Context, r Ruling, ask func(store.Case, store.Plan) error) (Weighed, error) {
	w := Weighed{ruling: r, Decision: workflows.Decision{By: r.By, Why: r.Why, Successors: r.Successors}}
	if err := d.Sensible(r); err != nil {
		return w, err
	}
	var err error
	if w.Case, err = Find(ctx, d.Store, r.Case); err != nil {
		return w, err
	}
	reinstating := r.aboutPlan() && w.Case.Phase != string(workflows.PhaseClosed)
	if w.Case.Status != access.CaseOpen && !reinstating {
		return w, Refusedf("case %s is not open: it is %s", w.Case.ID, strings.ReplaceAll(string(w.Case.Status), "_", " ")).
			Then("see how it ended: sever status %s", w.Case.ID)
	}
	switch {
	case r.aboutPlan():
		w.Decision.Hash, err = d.choosePlan(ctx, w.Case, r, ask)
	case r.Update == workflows.UpdateWaive:
		err = d.subject(ctx, w.Case, r.Subject, &w.Decision)
	case r.Update == workflows.UpdateEscalate:
		w.Decision.Policy, err = PolicyOf(d.Vars, access.Incident)
	}
	if err != nil {
		return w, err
	}
	return w, d.Awake(ctx)
}

// Decide puts a weighed ruling to its case. It returns when the case took it.
func (d *Desk) Decide(ctx context.Context, w Weighed) error {
	key := w.ruling.Key
	if key == "" {
		key = "desk-" + Random(20)
	}
	if w.ruling.Update == workflows.UpdateEscalate {
		_ = d.Raise(ctx, w.Case.Principal, w.Decision.Policy.Priority) // it is told all the same, later
	}
	err := d.update(ctx, d.workflowID(w.Case.Principal), w.ruling.Update, key, w.Decision)
	if f, ok := errors.AsType[*Error](err); ok && f.Kind == Refused && w.ruling.Update == workflows.UpdateResume {
		return d.instead(ctx, w.Case, f)
	}
	return err
}

// instead adds to the refusal of a resume what leads out of a quarantine.
func (d *Desk) instead(ctx context.Context, c store.Case, f *Error) error {
	plans, err := d.Store.LatestPlans(ctx, c.ID)
	if err != nil {
		return errors.Join(f, err)
	}
	for _, p := range plans {
		if p.Status == store.PlanWaiting && len(p.Guards) > 0 {
			return f.Then("%s", WaysOut(c.ID, p.Hash, c.Requester))
		}
	}
	return f
}

// WaysOut is what leads out of a quarantine.
func WaysOut(caseID, hash, requester string) string {
	return fmt.Sprintf(`somebody other than %s says sever approve %s --plan %s --reason "...", or anybody sever deny %s --plan %s, or sever cancel %s`,
		requester, caseID, Short(hash), caseID, Short(hash), caseID)
}

// Nudge lets the running case of a principal look again at once, as a retry does. An
// error says why it did not take that. What was decided is on record all the same: a
// case that cannot be told finds it when it looks the next time.
func (d *Desk) Nudge(ctx context.Context, who access.PrincipalID, by, why string) error {
	if err := d.Awake(ctx); err != nil {
		return err
	}
	return d.update(ctx, d.workflowID(who), workflows.UpdateRetry, "desk-"+Random(20), workflows.Decision{By: by, Why: why})
}
