package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
)

// Previewed names the plan of a dry run.
type Previewed struct {
	Case string `json:"case"`
	Plan int    `json:"plan"`
	// Silent are the connections that did not answer: what they hold is unknown, and
	// the plan says so.
	Silent []string `json:"silent,omitempty"`
}

// PreviewOffboarding is a dry run: it asks every connection, plans, and ends. It
// changes nothing anywhere, and excludes no running case.
func PreviewOffboarding(ctx workflow.Context, in Submit) (Previewed, error) {
	o := newOffboarding(State{Case: in.Case, Principal: in.Principal, Policy: in.Policy})
	now := workflow.Now(ctx)
	var opened activities.Opened
	if err := workflow.ExecuteActivity(o.book(ctx), records.Open, activities.OpenInput{
		Case: in.Case, Principal: in.Principal, Policy: in.Policy, Requester: in.Requester, Ticket: in.Ticket,
		EffectiveAt: in.EffectiveAt, Successors: in.Successors, DryRun: true, At: now,
	}).Get(ctx, &opened); err != nil {
		return Previewed{}, inOwnWords(err)
	}
	out := Previewed{Case: in.Case}
	asked := make([]workflow.Future, len(opened.Connections))
	all := make([]string, len(opened.Connections))
	for i, c := range opened.Connections {
		all[i] = c.Name
		asked[i] = workflow.ExecuteActivity(o.ask(ctx, Track{Connection: c.Name, Queue: c.Queue}), reach.Discover,
			activities.DiscoverInput{Case: in.Case, Connection: c.Name})
	}
	for i, f := range asked {
		if err := f.Get(ctx, nil); err != nil {
			out.Silent = append(out.Silent, all[i])
		}
	}
	var planned activities.Planned
	err := workflow.ExecuteActivity(o.book(ctx), records.Plan, activities.PlanInput{
		Case: in.Case, Connections: all, Policy: in.Policy, DryRun: true, At: workflow.Now(ctx)}).Get(ctx, &planned)
	out.Plan = planned.No
	return out, err
}
