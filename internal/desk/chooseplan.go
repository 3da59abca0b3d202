package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// minPrefix is how much of a hash names a plan.
const minPrefix = 8

// choosePlan finds the plan that is decided about: its whole hash.
func (d *Desk) choosePlan(ctx context.Context, c store.Case, r Ruling, ask func(store.Case, store.Plan) error) (string, error) {
	if c.Status == access.CaseOpen && r.Update == workflows.UpdateApprove && strings.EqualFold(strings.TrimSpace(r.By), strings.TrimSpace(c.Requester)) {
		return "", Failf(Forbidden, "%s requested case %s: somebody else has to approve it", r.By, c.ID).Then("ask a colleague to run this, as themselves")
	}
	plans, err := d.Store.LatestPlans(ctx, c.ID)
	if err != nil {
		return "", err
	}
	if r.Plan != "" {
		p, err := PlanByPrefix(c, plans, r.Plan)
		if err != nil {
			return "", err
		}
		if p.Status != store.PlanWaiting {
			return "", Refusedf("plan %d (%s) of case %s does not wait for a word: it is %s", p.No, Short(p.Hash), c.ID, p.Status)
		}
		return p.Hash, reasonGiven(c, r, p)
	}
	plans = slices.DeleteFunc(plans, func(p store.Plan) bool { return p.Status != store.PlanWaiting })
	if len(plans) == 0 {
		return "", Refusedf("no plan of case %s waits for a word", c.ID).Then("see how it stands: sever status %s", c.ID)
	}
	if len(plans) > 1 || ask == nil {
		return "", Invalidf("which plan? %s", hashes(plans)).Then("read it (sever plan %s), then name it: sever %s %s --plan %s", c.ID, r.Update, c.ID, Short(plans[0].Hash))
	}
	if err := reasonGiven(c, r, plans[0]); err != nil {
		return "", err
	}
	return plans[0].Hash, ask(c, plans[0])
}

// reasonGiven refuses to approve a plan in quarantine without a reason.
func reasonGiven(c store.Case, r Ruling, p store.Plan) error {
	if r.Update != workflows.UpdateApprove || len(p.Guards) == 0 || strings.TrimSpace(r.Why) != "" {
		return nil
	}
	guards := "1 guard"
	if len(p.Guards) > 1 {
		guards = fmt.Sprintf("%d guards", len(p.Guards))
	}
	return Invalidf("plan %d is in quarantine (%s): approving it needs a reason", p.No, guards).
		Then(`say why it may go on: sever approve %s --plan %s --reason "..."`, c.ID, Short(p.Hash)).
		Then("read what the guards say: sever plan %s", c.ID)
}

func hashes(plans []store.Plan) string {
	var out []string
	for _, p := range plans {
		out = append(out, fmt.Sprintf("plan %d has hash %s", p.No, Short(p.Hash)))
	}
	return strings.Join(out, ", ")
}

// PlanByPrefix finds the plan of a case whose hash begins with what a person typed.
func PlanByPrefix(c store.Case, plans []store.Plan, prefix string) (store.Plan, error) {
	prefix = strings.ToLower(prefix)
	if len(prefix) < minPrefix || len(prefix) > 64 || strings.Trim(prefix, "0123456789abcdef") != "" {
		return store.Plan{}, Invalidf("plan %q is not a hash: give its first %d characters or more", prefix, minPrefix)
	}
	var found []store.Plan
	for _, p := range plans {
		if strings.HasPrefix(p.Hash, prefix) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 0 && len(plans) == 0:
		return store.Plan{}, Failf(Missing, "case %s has no plan yet", c.ID)
	case len(found) == 0:
		return store.Plan{}, Failf(Missing, "no plan of case %s has a hash that begins with %s: %s", c.ID, prefix, hashes(plans)).
			Then("the plan may have changed since you read it; read it again: sever plan %s", c.ID)
	case len(found) > 1 && found[0].Hash != found[1].Hash:
		return store.Plan{}, Invalidf("several plans of case %s begin with %s: give more of the hash", c.ID, prefix)
	}
	return found[0], nil
}
