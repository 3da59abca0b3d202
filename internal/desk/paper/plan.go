package paper

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
)

// Plans are the plans of a case, or that of a dry run.
type Plans struct {
	Case      string    `json:"case"`
	Principal string    `json:"principal"`
	Name      string    `json:"name,omitempty"`
	Plans     []Planned `json:"plans"`
}

// Planned is a plan with everything that it would touch.
type Planned struct {
	No          int                `json:"no"`
	Hash        string             `json:"hash"`
	Status      store.PlanStatus   `json:"status"`
	Accounts    []plan.Verdict     `json:"accounts"`
	Steps       []ExplainedStep    `json:"steps"`
	Unknown     []plan.Silent      `json:"unknown"`
	Guards      []string           `json:"guards"`
	NeedsWord   bool               `json:"needs_approval"`
	Principal   access.PrincipalID `json:"principal"`
	Reason      access.Reason      `json:"reason"`
	NothingDone bool               `json:"nothing_done"` // always true for a dry run
	Supplement  *plan.Supplement   `json:"supplement,omitempty"`
	Questions   []plan.Question    `json:"questions,omitempty"`
	Body        plan.Plan          `json:"-"`
}

// ExplainedStep is a step with what it would send.
type ExplainedStep struct {
	access.Step
	// Statements are what will be sent, in words that could be pasted; empty when the
	// connection is not configured here.
	Statements []string `json:"statements,omitempty"`
}

// GivesBack reports whether it is the plan of a reinstatement.
func (p Planned) GivesBack() bool { return len(p.Steps) > 0 && p.Steps[0].Undoes != "" }

// PlansOfCase are the plans of a case: those in force, and what became of older ones; or
// the one whose hash begins like this. The policy is that of the case.
func PlansOfCase(ctx context.Context, s *store.Store, conns *catalog.Connections, c store.Case, hash string) (Plans, plan.Policy, error) {
	var policy plan.Policy
	steps, err := s.StepsOf(ctx, c.ID)
	if err != nil {
		return Plans{}, policy, err
	}
	plans, err := PlansOf(ctx, s, c.ID, steps)
	if err != nil {
		return Plans{}, policy, err
	}
	if hash != "" {
		one, err := desk.PlanByPrefix(c, plans, hash)
		if err != nil {
			return Plans{}, policy, err
		}
		plans = []store.Plan{one}
	}
	if err := json.Unmarshal(c.Policy, &policy); err != nil {
		return Plans{}, policy, fmt.Errorf("the policy of case %s cannot be read: %w", c.ID, err)
	}
	who, err := s.Principal(ctx, c.Principal)
	if err != nil {
		return Plans{}, policy, err
	}
	out := Plans{Case: c.ID, Principal: string(c.Principal), Name: who.Name, Plans: []Planned{}}
	for _, p := range plans {
		part, err := Explain(p, conns, policy)
		if err != nil {
			return out, policy, err
		}
		part.NothingDone = p.Status == store.PlanDryRun
		out.Plans = append(out.Plans, part)
	}
	return out, policy, nil
}

// Explain opens a plan and asks the providers what they would send.
func Explain(p store.Plan, conns *catalog.Connections, policy plan.Policy) (Planned, error) {
	body, err := desk.PlanOf(p)
	if err != nil {
		return Planned{}, err
	}
	out := Planned{No: p.No, Hash: p.Hash, Status: p.Status, Accounts: body.Accounts, Unknown: body.Unknown, Guards: body.Guards, Supplement: body.Supplement, Questions: body.Questions,
		NeedsWord: body.NeedsWord(policy), Principal: body.Principal, Reason: body.Reason, Steps: []ExplainedStep{}, Body: body}
	for _, s := range body.Steps {
		out.Steps = append(out.Steps, ExplainedStep{s, statements(conns, s)})
	}
	return out, nil
}

func statements(conns *catalog.Connections, s access.Step) []string {
	if conns == nil || s.Undoes != "" { // what gives back depends on what is there then
		return nil
	}
	conn, err := conns.For(s.Account.Connection)
	if err != nil {
		return nil
	}
	e, ok := conn.Provider.(provider.Explainer)
	if !ok {
		return nil
	}
	if s.Action == access.Reassign && s.Successor == "" {
		s.Successor = "SUCCESSOR" // for a person to fill in
	}
	return e.Explain(s)
}

// ExplainTasks adds the statements to what is blocked, as far as the connections are
// configured here. The picture is as true without.
func (p *Picture) ExplainTasks(conns *catalog.Connections) {
	for i := range p.Tasks {
		for j := range p.Tasks[i].Blockers {
			b := &p.Tasks[i].Blockers[j]
			b.Statements = statements(conns, b.Step)
		}
	}
}

// Wanting says what stands in the way of the plans in force. A plan that was approved
// waits for nobody any more, and of a denied one nothing is done.
func Wanting(plans []Planned, policy plan.Policy) plan.Checked {
	var all plan.Checked
	inForce := 0
	for _, p := range plans {
		if p.Status == store.PlanSuperseded {
			continue
		}
		inForce++
		one := p.Body.Check(policy)
		switch p.Status {
		case store.PlanApproved:
			one.Word = nil
		case store.PlanDenied:
			one = plan.Checked{Open: []string{fmt.Sprintf("plan %d is denied: nothing of it is done", p.No)}}
		}
		all.Word, all.Open = append(all.Word, one.Word...), append(all.Open, one.Open...)
	}
	if inForce == 0 {
		all.Open = append(all.Open, "there is no plan")
	}
	return all
}
