package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// waits makes a task of a plan that waits for a person's word. The task closes with the
// word, or when nothing waits for it any more; the store sees to both.
func (r *Records) waits(ctx context.Context, tx *store.Tx, in PlanInput, p plan.Plan, made Planned) error {
	c, err := tx.Case(ctx, in.Case)
	if err != nil {
		return err
	}
	w := waitingPlan{caseID: in.Case, no: made.No, hash: made.Hash, requester: c.Requester, guards: p.Guards, comesTo: comesTo(p),
		at: in.At, due: in.At.Add(orADay(in.Policy.TaskDue))}
	if c.EffectiveAt.After(in.At) && c.EffectiveAt.Before(w.due) {
		w.due = c.EffectiveAt // whoever says it later says it too late
	}
	return tx.OpenTask(ctx, w.task(r.roles))
}

// decidePlan notes a person's word about a plan. Nothing of a denied one is done until
// somebody says what becomes of its case: that is a task, too.
func decidePlan(ctx context.Context, tx *store.Tx, in RecordInput) error {
	status := store.PlanDenied
	if in.Kind == audit.PlanApproved {
		status = store.PlanApproved
	}
	err := tx.DecidePlan(ctx, in.Case, in.Hash, status, in.By, in.Why)
	switch {
	case in.Kind == audit.DecisionWithdraw && errors.Is(err, store.ErrDecided):
		return nil // it was approved, and is not wanted any more all the same
	case err != nil || in.Kind != audit.PlanDenied:
		return err
	}
	c, err := tx.Case(ctx, in.Case)
	if err != nil || c.Status != access.CaseOpen {
		return err
	}
	policy, err := policyOf(c)
	if err != nil {
		return err
	}
	words := fmt.Sprintf("plan %d was denied by %s", in.Plan, in.By)
	if in.Why != "" {
		words += ": " + in.Why
	}
	return tx.OpenTask(ctx, store.Task{CaseID: c.ID, Key: store.DeniedTask(in.Plan), Subject: fmt.Sprintf("plan %d", in.Plan),
		Words: words + "; nothing of it is done, and the access stays",
		Next: fmt.Sprintf(`plan it anew: sever retry %s; or give back what the case took: sever cancel %s; or let the access stay: sever waive %s CONNECTION --reason "..."`,
			c.ID, c.ID, c.ID),
		Owner: c.Requester, Due: in.At.Add(orADay(policy.TaskDue)), OpenedAt: in.At})
}

// waitingPlan is a plan that somebody other than its requester has to decide about.
type waitingPlan struct {
	caseID    string
	no        int
	hash      string
	requester string
	guards    []string
	comesTo   string
	givesBack bool // a reinstatement: its case is closed, and cannot be cancelled
	at, due   time.Time
}

func (w waitingPlan) task(who roles.Roles) store.Task {
	words := fmt.Sprintf("plan %d waits for approval: %s", w.no, w.comesTo)
	reason := ""
	if len(w.guards) > 0 {
		words = fmt.Sprintf("plan %d is in quarantine, because %s; %s", w.no, strings.Join(w.guards, "; "), w.comesTo)
		reason = ` --reason "..."`
	}
	plan := fmt.Sprintf("%s --plan %.12s", w.caseID, w.hash)
	owner, first := approvers(who, w.requester)
	next := fmt.Sprintf("%sread it: sever plan %s; then somebody other than %s says: sever approve %s%s; or: sever deny %s", first, plan, w.requester, plan, reason, plan)
	if !w.givesBack {
		next += "; or: sever cancel " + w.caseID
	}
	return store.Task{CaseID: w.caseID, Key: store.PlanTask(w.no), Subject: fmt.Sprintf("plan %d", w.no), Words: words, Next: next,
		Owner: owner, Due: w.due, OpenedAt: w.at}
}

// approvers are those who may approve what somebody else asked for, and what has to be
// done first where there is nobody.
func approvers(who roles.Roles, requester string) (names, first string) {
	all, everybody := who.Who(roles.Approve)
	others := slices.DeleteFunc(slices.Clone(all), func(p string) bool { return strings.EqualFold(p, strings.TrimSpace(requester)) })
	switch {
	case everybody:
		return "somebody other than " + requester, ""
	case len(others) > 0:
		return strings.Join(others, ", "), ""
	}
	nobody := "nobody"
	if len(all) > 0 {
		nobody += " but " + requester
	}
	return whoRuns, fmt.Sprintf("%s may approve it: list somebody in %s; ", nobody, roles.Approver.Variable())
}

// whoRuns has the tasks that are nobody else's.
const whoRuns = "who runs Sever"

// comesTo says what a plan comes to.
func comesTo(p plan.Plan) string {
	end, rotate := 0, 0
	for _, v := range p.Accounts {
		switch {
		case v.Act && len(v.SharedWith) > 0:
			rotate++
		case v.Act:
			end++
		}
	}
	var parts []string
	if end > 0 {
		parts = append(parts, access.Count(end, "account")+" to end")
	}
	if rotate > 0 {
		parts = append(parts, access.Count(rotate, "shared account")+" to give a new password")
	}
	if len(parts) == 0 {
		return "nothing to end; looks again in " + access.Count(len(p.Steps), "step")
	}
	return strings.Join(parts, " and ") + " in " + access.Count(len(p.Steps), "step")
}

// orADay is a length of time, or a day where there is none.
func orADay(d time.Duration) time.Duration { return cmp.Or(max(d, 0), 24*time.Hour) }
