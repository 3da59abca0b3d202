package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
)

func (a *app) statusCommand() *cobra.Command {
	var follow bool
	c := &cobra.Command{
		Use:   "status [case | principal]",
		Short: "Show how a case stands, or which cases need somebody",
		Long: `With a case (or a principal: then its open case, else its newest) it shows the whole
picture: every connection, every account with its outcome and why, the plans, and
what a person can do. Without one it lists the open cases that need somebody.

Exit code: 0 when all access is proven gone or nothing is waited for, 3 otherwise.`,
		Args: cobra.MaximumNArgs(1),
		RunE: does(func(ctx context.Context, args []string) error { return a.status(ctx, args, follow) }),
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "stay until the case closes, is proven, or needs somebody")
	return c
}

func (a *app) status(ctx context.Context, args []string, follow bool) error {
	clients, err := a.open(ctx, follow)
	if err != nil {
		return err
	}
	defer clients.Close()
	if len(args) == 0 && follow {
		return badInput("--follow needs a case")
	}
	if len(args) == 0 {
		return a.needy(ctx, clients.store)
	}
	c, err := find(ctx, clients.store, args[0])
	if err != nil {
		return err
	}
	if follow {
		return ended(a.follow(ctx, clients, c.ID, 1))
	}
	p, err := look(ctx, clients.store, c)
	if err != nil {
		return err
	}
	a.explainTasks(&p)
	if a.json {
		a.out.document(p)
	} else {
		a.showPicture(p, time.Now())
	}
	return ended(p, nil)
}

// ended is the exit code of how a case stands, as an error.
func ended(p picture, err error) error {
	if err != nil {
		return err
	}
	if code := p.Standing.exitCode(); code != exitOK {
		return exit(code)
	}
	return nil
}

// needy lists the open cases in which something waits for a person.
func (a *app) needy(ctx context.Context, s *store.Store) error {
	open, err := s.ListCases(ctx, store.CaseFilter{Status: access.CaseOpen, Limit: 1000})
	if err != nil {
		return err
	}
	tasks, err := s.OpenTasks(ctx)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, t := range tasks {
		count[t.CaseID]++
	}
	list := []caseLine{}
	for _, c := range open {
		st := standingOf(c)
		if waits := st == standsApproval || st == standsHeld; count[c.ID] == 0 && !waits {
			continue
		}
		list = append(list, lineOf(c, count[c.ID]))
	}
	switch {
	case a.json:
		a.out.document(caseList{list})
	case len(list) == 0:
		a.out.linef("No case needs anybody (%s).", plural(len(open), "case is open", "cases are open"))
	default:
		a.showCases(list)
		a.out.line("")
		a.out.line("See what a person can do: sever status " + list[0].Case)
	}
	if len(list) > 0 {
		return exit(exitOpen)
	}
	return nil
}

// showPicture prints the whole picture of a case.
func (a *app) showPicture(p picture, now time.Time) {
	o := a.out
	head := fmt.Sprintf("%s  %s, reason %s, requested by %s", o.bold(p.Case), person(p.Name, p.Principal), p.Reason, printable(p.Requester))
	if p.Ticket != "" {
		head += ", ticket " + printable(p.Ticket)
	}
	o.line(head)
	o.line(o.standing(p.Standing) + ": " + p.sentence(now))
	o.line(o.faint(p.timeline(now)))
	o.line("")
	a.showConnections(p, now)
	if len(p.Accounts) > 0 {
		o.line("")
		a.showAccounts(p)
	}
	if len(p.Plans) > 0 {
		o.line("")
		a.showPlans(p, now)
	}
	a.showProofs(p, now)
	a.showTasks(p, now)
}

// timeline is when what happened, counted from the beginning.
func (p picture) timeline(now time.Time) string {
	parts := []string{"opened " + clock(p.OpenedAt, now)}
	for _, e := range []struct {
		what string
		at   time.Time
	}{{"contained", p.ContainedAt}, {"proven", p.ProvenAt}, {"closed", p.ClosedAt}} {
		if !e.at.IsZero() && !e.at.Equal(p.OpenedAt) {
			parts = append(parts, fmt.Sprintf("%s after %s", e.what, span(e.at.Sub(p.OpenedAt))))
		}
	}
	for _, conn := range slices.Sorted(maps.Keys(p.Successors)) {
		where := "at " + conn
		if conn == "" {
			where = "everywhere"
		}
		parts = append(parts, fmt.Sprintf("successor %s: %s", where, printable(p.Successors[conn])))
	}
	return strings.Join(parts, " · ")
}

func (a *app) showConnections(p picture, now time.Time) {
	rows := [][]string{}
	for _, c := range p.Connections {
		note := oneLine(c.Why)
		if !c.NextTryAt.IsZero() && c.State == store.ConnUnknown {
			note += "; next try " + relative(c.NextTryAt, now)
		}
		state := string(c.State)
		if c.State == store.ConnUnknown {
			state = a.out.red(state)
		}
		rows = append(rows, []string{c.Name, c.Kind, state, fmt.Sprint(c.Accounts), fmt.Sprint(c.Grants), note})
	}
	a.out.table([]string{"connection", "kind", "state", "accounts", "grants", "note"}, rows)
}

func (a *app) showAccounts(p picture) {
	rows := [][]string{}
	for _, acct := range p.Accounts {
		rows = append(rows, []string{printable(acct.Account), a.out.outcome(acct.Outcome), string(acct.Evidence), clip(oneLine(acct.Why))})
	}
	a.out.table([]string{"account", "outcome", "evidence", "why"}, rows)
}

func (a *app) showPlans(p picture, now time.Time) {
	rows := [][]string{}
	for _, k := range p.Plans {
		decided := ""
		if k.DecidedBy != "" {
			decided = fmt.Sprintf("by %s, %s", printable(k.DecidedBy), clock(k.DecidedAt, now))
			if k.DecidedWhy != "" {
				decided += ": " + oneLine(k.DecidedWhy)
			}
		}
		for _, g := range k.Guards {
			decided = strings.TrimPrefix(decided+"\nguard: "+oneLine(g), "\n")
		}
		rows = append(rows, []string{fmt.Sprint(k.No), short(k.Hash), string(k.Status), fmt.Sprint(k.Steps), decided})
	}
	a.out.table([]string{"plan", "hash", "status", "steps", "decided"}, rows)
	if s := stepWords(p.Steps); s != "" {
		a.out.line(a.out.faint("steps: " + s))
	}
}

func stepWords(counts map[string]int) string {
	var parts []string
	for _, state := range []store.StepState{store.StepDone, store.StepRunning, store.StepAccepted, store.StepPending, store.StepBlocked, store.StepSkipped, store.StepUndone} {
		if n := counts[string(state)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

func (a *app) showProofs(p picture, now time.Time) {
	first := true
	for _, acct := range p.Accounts {
		if acct.Proof == nil {
			continue
		}
		if first {
			a.out.line("")
			a.out.line(a.out.bold("What the systems themselves said last"))
			first = false
		}
		mark := a.out.green("gone")
		if !acct.Proof.Gone {
			mark = a.out.red("not gone")
		}
		a.out.linef("  %s  %s, look %d, %s", printable(acct.Account), mark, acct.Proof.Look, clock(acct.Proof.At, now))
		a.out.wrapped("    asked: ", oneLine(acct.Proof.Asked))
		a.out.wrapped("    answered: ", oneLine(acct.Proof.Answered))
	}
}

// pasteable prints a line as it is, for copying, behind a word about it.
func (a *app) pasteable(word, line string) {
	if line != "" {
		a.out.line(word + a.out.bold(printable(line)))
	}
}

// showTasks prints what only a person can do, ready to be pasted.
func (a *app) showTasks(p picture, now time.Time) {
	if len(p.Tasks) == 0 {
		return
	}
	a.out.line("")
	a.out.line(a.out.bold("What a person can do"))
	for i, t := range p.Tasks {
		due := ""
		if !t.Due.IsZero() {
			due = ", due " + relative(t.Due, now)
		}
		a.out.linef("  %d. %s (for %s%s)", i+1, a.out.red(printable(t.Subject)), printable(t.Owner), due)
		if len(t.Blockers) == 0 {
			a.out.wrapped("     ", oneLine(t.Words))
		}
		for _, b := range t.Blockers {
			a.out.wrapped("     ", oneLine(b.Object+": "+b.Why))
			a.pasteable("     remedy: ", b.Remedy)
			for n, l := range b.Statements {
				a.pasteable(map[bool]string{true: "     by hand: ", false: "              "}[n == 0], l)
			}
		}
		a.out.wrapped("     next: ", oneLine(t.Next))
	}
}
