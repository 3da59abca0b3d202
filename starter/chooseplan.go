package main

import (
	"bufio"
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

// choosePlan finds the plan that is decided about. Who names none is shown the plan
// and asked, on a terminal; elsewhere it has to be named.
func (a *app) choosePlan(ctx context.Context, cl *clients, c store.Case, r ruling, w wish, d *workflows.Decision) error {
	if c.Status == access.CaseOpen && r.update == workflows.UpdateApprove && strings.EqualFold(strings.TrimSpace(d.By), strings.TrimSpace(c.Requester)) {
		return badInput("%s requested case %s: somebody else has to approve it", d.By, c.ID).then("ask a colleague to run this, as themselves")
	}
	plans, err := cl.store.LatestPlans(ctx, c.ID)
	if err != nil {
		return err
	}
	if w.plan != "" {
		p, err := byPrefix(c, plans, w.plan)
		if err != nil {
			return err
		}
		if p.Status != store.PlanWaiting {
			return badInput("plan %d (%s) of case %s does not wait for a word: it is %s", p.No, short(p.Hash), c.ID, p.Status)
		}
		d.Hash = p.Hash
		return reasonGiven(c, r, p, d)
	}
	plans = slices.DeleteFunc(plans, func(p store.Plan) bool { return p.Status != store.PlanWaiting })
	if len(plans) == 0 {
		return badInput("no plan of case %s waits for a word", c.ID).then("see how it stands: sever status %s", c.ID)
	}
	if len(plans) > 1 || !a.out.terminal || a.json {
		return badInput("which plan? %s", waitingPlans(plans)).then("read it (sever plan %s), then name it: sever %s %s --plan %s", c.ID, r.update, c.ID, short(plans[0].Hash))
	}
	if err := reasonGiven(c, r, plans[0], d); err != nil {
		return err
	}
	return a.ask(ctx, c, r, plans[0], d)
}

// reasonGiven refuses to approve a plan in quarantine without a reason.
func reasonGiven(c store.Case, r ruling, p store.Plan, d *workflows.Decision) error {
	if r.update != workflows.UpdateApprove || len(p.Guards) == 0 || strings.TrimSpace(d.Why) != "" {
		return nil
	}
	return badInput("plan %d is in quarantine (%s): approving it needs a reason", p.No, plural(len(p.Guards), "guard", "guards")).
		then(`say why it may go on: sever approve %s --plan %s --reason "..."`, c.ID, short(p.Hash)).
		then("read what the guards say: sever plan %s", c.ID)
}

// ask shows the plan and waits for a yes.
func (a *app) ask(ctx context.Context, c store.Case, r ruling, p store.Plan, d *workflows.Decision) error {
	if err := a.plans(ctx, c.ID, p.Hash, false); err != nil {
		return err
	}
	fmt.Fprintf(a.out.w, "\nAs %s: %s this plan? [y/N] ", printable(d.By), r.update)
	line, _ := bufio.NewReader(a.stdin).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return badInput("nothing was decided")
	}
	d.Hash = p.Hash
	return nil
}

func waitingPlans(plans []store.Plan) string {
	var out []string
	for _, p := range plans {
		out = append(out, fmt.Sprintf("plan %d has hash %s", p.No, short(p.Hash)))
	}
	return strings.Join(out, ", ")
}

// byPrefix finds the plan whose hash begins with what a person typed.
func byPrefix(c store.Case, plans []store.Plan, prefix string) (store.Plan, error) {
	prefix = strings.ToLower(prefix)
	if len(prefix) < minPrefix || len(prefix) > 64 || strings.Trim(prefix, "0123456789abcdef") != "" {
		return store.Plan{}, badInput("--plan %q is not a hash: give its first %d characters or more", prefix, minPrefix)
	}
	var found []store.Plan
	for _, p := range plans {
		if strings.HasPrefix(p.Hash, prefix) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 0 && len(plans) == 0:
		return store.Plan{}, badInput("case %s has no plan yet", c.ID)
	case len(found) == 0:
		return store.Plan{}, badInput("no plan of case %s has a hash that begins with %s: %s", c.ID, prefix, waitingPlans(plans)).
			then("the plan may have changed since you read it; read it again: sever plan %s", c.ID)
	case len(found) > 1 && found[0].Hash != found[1].Hash:
		return store.Plan{}, badInput("several plans of case %s begin with %s: give more of the hash", c.ID, prefix)
	}
	return found[0], nil
}
