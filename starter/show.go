package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

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
	for _, r := range p.Refusals {
		o.line(o.yellow("refused: ") + fmt.Sprintf("%s, %s: %s", oneLine(r.Decision), clock(r.At, now), oneLine(r.Why)))
	}
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
		rows = append(rows, []string{c.Name, c.Kind, state, fmt.Sprint(c.Accounts), note})
	}
	a.out.table([]string{"connection", "kind", "state", "accounts", "note"}, rows)
}

func (a *app) showAccounts(p picture) {
	rows := [][]string{}
	for _, acct := range p.Accounts {
		rows = append(rows, []string{printable(cmp.Or(acct.Label, acct.Account)), acct.Engine, a.out.outcome(acct.Outcome), string(acct.Evidence), fmt.Sprint(acct.Grants), clip(oneLine(acct.Why))})
	}
	a.out.table([]string{"account", "engine", "outcome", "evidence", "grants", "why"}, rows)
}

func (a *app) showPlans(p picture, now time.Time) {
	const most = 10
	older := max(len(p.Plans)-most, 0)
	rows := [][]string{}
	for _, k := range p.Plans[older:] {
		decided := ""
		if k.Supplement != nil {
			decided = k.Supplement.String()
		}
		if k.Quarantined() {
			decided = strings.TrimPrefix(decided+"\n"+a.out.red("in quarantine"), "\n")
		}
		if k.DecidedBy != "" {
			decided = strings.TrimPrefix(decided+fmt.Sprintf("\nby %s, %s", printable(k.DecidedBy), clock(k.DecidedAt, now)), "\n")
			if k.DecidedWhy != "" {
				decided += ": " + oneLine(k.DecidedWhy)
			}
		}
		for _, g := range k.Guards {
			decided = strings.TrimPrefix(decided+"\nguard: "+oneLine(g), "\n")
		}
		rows = append(rows, []string{fmt.Sprint(k.No), desk.Short(k.Hash), string(k.Status), fmt.Sprint(k.Steps), decided})
	}
	a.out.table([]string{"plan", "hash", "status", "steps", "decided"}, rows)
	if older > 0 {
		a.out.line(a.out.faint(plural(older, "older plan is", "older plans are") + " not shown: sever plan " + p.Case))
	}
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
