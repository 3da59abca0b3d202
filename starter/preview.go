package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// preview looks and plans, prints the plan, and changes nothing.
func (a *app) preview(ctx context.Context, d *desk.Desk, conns *catalog.Connections, who access.Principal, s workflows.Submit, check bool) error {
	run, err := d.Preview(ctx, s)
	if err != nil {
		return err
	}
	a.sayf("Dry run %s: looking at every connection and planning; nothing will be changed.", s.Case)
	p, err := run.Wait(ctx)
	if err != nil {
		return err
	}
	out := paper.Plans{Case: s.Case, Principal: string(who.ID), Name: who.Name}
	part, err := paper.Explain(p, conns, s.Policy)
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
	a.showPlan(part, person(who.Name, who.ID), s.Case)
	a.out.line("")
	a.out.line("Nothing was changed.")
	return a.checked(out.Plans, s.Policy, check)
}

// showPlan prints a plan: what will be done to which account, in order, with the
// statements; what will not be, and why.
func (a *app) showPlan(p paper.Planned, who, caseID string) {
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
		case v.Act && p.GivesBack():
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
		o.line(o.yellow(wordNeeded(p, caseID)))
	}
}

// wordNeeded says what the plan waits for, or what a case with it would wait for.
func wordNeeded(p paper.Planned, caseID string) string {
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

func (a *app) showStep(s paper.ExplainedStep, account string) {
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
