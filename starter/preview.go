package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// previewed is the JSON of a dry run and of sever plan.
type previewed struct {
	Case      string        `json:"case"`
	Principal string        `json:"principal"`
	Name      string        `json:"name,omitempty"`
	Plans     []plannedPart `json:"plans"`
}

type plannedPart struct {
	No          int                `json:"no"`
	Hash        string             `json:"hash"`
	Status      store.PlanStatus   `json:"status"`
	Accounts    []plan.Verdict     `json:"accounts"`
	Steps       []explainedStep    `json:"steps"`
	Unknown     []plan.Silent      `json:"unknown"`
	Guards      []string           `json:"guards"`
	NeedsWord   bool               `json:"needs_approval"`
	Principal   access.PrincipalID `json:"principal"`
	Reason      access.Reason      `json:"reason"`
	NothingDone bool               `json:"nothing_done"` // always true for a dry run
	Supplement  *plan.Supplement   `json:"supplement,omitempty"`
	Questions   []plan.Question    `json:"questions,omitempty"`
	body        plan.Plan
}

type explainedStep struct {
	access.Step
	// Statements are what will be sent, in words that could be pasted; empty when the
	// connection is not configured here.
	Statements []string `json:"statements,omitempty"`
}

// givesBack reports whether it is the plan of a reinstatement.
func (p plannedPart) givesBack() bool { return len(p.Steps) > 0 && p.Steps[0].Undoes != "" }

// previewWithin is how long a dry run may take beyond the policy's patience.
const previewWithin = time.Minute

// preview looks and plans, prints the plan, and changes nothing.
func (a *app) preview(ctx context.Context, c *clients, conns *catalog.Connections, who access.Principal, s workflows.Submit, check bool) error {
	within := s.Policy.Patience + previewWithin
	asked, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	run, err := c.temporal.ExecuteWorkflow(asked, client.StartWorkflowOptions{
		ID: workflows.PreviewID(s.Case), TaskQueue: workflows.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		Priority:                 temporal.Priority{PriorityKey: s.Policy.Priority},
		StaticSummary:            "dry run " + s.Case,
		WorkflowExecutionTimeout: within,
	}, "PreviewOffboarding", s)
	if err != nil {
		return desk.Refusal(ctx, err, within)
	}
	a.sayf("Dry run %s: looking at every connection and planning; nothing will be changed.", s.Case)
	var done workflows.Previewed
	if err := run.Get(asked, &done); err != nil {
		return desk.Refusal(ctx, err, within)
	}
	p, err := c.store.Plan(ctx, done.Case, done.Plan)
	if err != nil {
		return err
	}
	out := previewed{Case: done.Case, Principal: string(who.ID), Name: who.Name}
	part, err := a.explainPlan(p, conns, s.Policy)
	if err != nil {
		return err
	}
	part.NothingDone = true
	out.Plans = append(out.Plans, part)
	if a.json {
		a.out.document(out)
		return a.checked(out.Plans, s.Policy, check)
	}
	a.sayf("")
	a.showPlan(part, person(who.Name, who.ID), done.Case)
	a.out.line("")
	a.out.line("Nothing was changed.")
	return a.checked(out.Plans, s.Policy, check)
}

// explainPlan opens a plan and asks the providers what they would send.
func (a *app) explainPlan(p store.Plan, conns *catalog.Connections, policy plan.Policy) (plannedPart, error) {
	body, err := desk.PlanOf(p)
	if err != nil {
		return plannedPart{}, err
	}
	out := plannedPart{No: p.No, Hash: p.Hash, Status: p.Status, Accounts: body.Accounts, Unknown: body.Unknown, Guards: body.Guards, Supplement: body.Supplement, Questions: body.Questions,
		NeedsWord: body.NeedsWord(policy), Principal: body.Principal, Reason: body.Reason, Steps: []explainedStep{}, body: body}
	for _, s := range body.Steps {
		out.Steps = append(out.Steps, explainedStep{s, statements(conns, s)})
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

// showPlan prints a plan: what will be done to which account, in order, with the
// statements; what will not be, and why.
func (a *app) showPlan(p plannedPart, who, caseID string) {
	o := a.out
	head := o.bold(fmt.Sprintf("Plan %d", p.No))
	if p.Supplement != nil {
		head += " (" + p.Supplement.String() + ")"
	}
	o.linef("%s for %s, hash %s, %s", head, who, o.bold(desk.Short(p.Hash)), p.Status)
	for _, g := range p.Guards {
		o.line(o.red("guard: ") + oneLine(g))
	}
	for _, u := range p.Unknown {
		o.line(o.red("unknown: ") + fmt.Sprintf("%s could not be asked: %s", u.Connection, oneLine(u.Why)))
	}
	for _, q := range p.Questions {
		o.line(o.red("question: ") + fmt.Sprintf("%d, about %s: %s", q.ID, printable(q.Subject()), oneLine(q.Words)))
		o.linef(`  answer: sever identities confirm %d, or: sever identities reject %d --reason "..."`, q.ID, q.ID)
	}
	o.line("")
	rows := [][]string{}
	refs := make([]access.Ref, len(p.Accounts))
	for i, v := range p.Accounts {
		refs[i] = v.Account
	}
	name := access.Namer(refs)
	for _, v := range p.Accounts {
		verdict := o.green("will end")
		switch {
		case v.Act && p.givesBack():
			verdict = o.yellow("given back")
		case v.Act && len(v.SharedWith) > 0:
			verdict = o.yellow("new password")
		case !v.Act:
			verdict = o.outcome(v.Outcome)
		}
		rows = append(rows, []string{printable(name(v.Account)), verdict, string(v.Evidence), fmt.Sprint(v.Grants), oneLine(v.Why)})
	}
	o.table([]string{"account", "verdict", "evidence", "grants", "why"}, rows)
	for _, s := range p.Steps {
		o.line("")
		if p.NothingDone { // there is nothing to try again
			s.Blocked = instead(s.Blocked, "sever retry "+caseID+" ", "add ")
		}
		a.showStep(s, name(s.Account))
	}
	if p.NeedsWord {
		o.line("")
		o.line(o.yellow(p.wordNeeded(caseID)))
	}
}

// wordNeeded says what the plan waits for, or what a case with it would wait for.
func (p plannedPart) wordNeeded(caseID string) string {
	switch {
	case p.NothingDone && len(p.Guards) > 0:
		return "A case with this plan would be in quarantine: somebody other than the requester approves it with a reason, or nothing happens."
	case p.NothingDone:
		return "A case with this plan would wait for the approval of somebody other than the requester."
	case p.Status == store.PlanWaiting && len(p.Guards) > 0:
		return "In quarantine: " + desk.WaysOut(caseID, p.Hash, "the requester") + "."
	case p.Status == store.PlanWaiting:
		return "This plan waits for the approval of somebody other than the requester."
	}
	return "This plan needed the approval of somebody other than the requester; it is " + string(p.Status) + "."
}

// instead changes what a person is told to do.
func instead(blocked []access.Blocker, old, better string) []access.Blocker {
	out := slices.Clone(blocked)
	for i := range out {
		out[i].Remedy = strings.Replace(out[i].Remedy, old, better, 1)
	}
	return out
}

func (a *app) showStep(s explainedStep, account string) {
	o := a.out
	what, lost := string(s.Action), "cannot be undone"
	if s.Undoes != "" {
		what, lost = "give back what "+string(s.Undoes)+" took:", "stays lost"
	}
	words := fmt.Sprintf("%3d. %s %s", s.Ordinal, o.bold(what), printable(account))
	for _, part := range []struct{ word, value string }{{"from", s.Object}, {"in", s.Database}, {"to", s.Successor}} {
		if part.value != "" {
			words += fmt.Sprintf(" %s %s", part.word, printable(part.value))
		}
	}
	if s.Irreversible != "" {
		words += o.yellow("  " + lost + ": " + oneLine(s.Irreversible))
	}
	o.line(words)
	for _, b := range s.Blocked {
		o.line("     " + o.red("blocked: ") + oneLine(b.Object+": "+b.Why))
		if b.Remedy != "" {
			o.line("     " + "remedy: " + printable(b.Remedy))
		}
	}
	for _, line := range s.Statements {
		for l := range strings.SplitSeq(line, "\n") {
			o.line("       " + o.faint(printable(l)))
		}
	}
}
