package main

import (
	"slices"
	"time"

	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
)

// explainTasks adds the statements to what is blocked, as far as the connections are
// configured here.
func (a *app) explainTasks(p *picture) {
	conns, err := a.connections()
	if err != nil || conns == nil {
		return // the picture is as true without
	}
	defer conns.Close()
	p.ExplainTasks(conns)
}

// pasteable prints a line as it is, for copying, behind a word about it.
func (a *app) pasteable(word, line string) {
	if line != "" {
		a.out.line(word + a.out.bold(printable(line)))
	}
}

// told reports whether a task is the plan that the sentence about the case is about: the
// sentence says what can be done about it.
func (p picture) told(t paper.Task) bool {
	asked := func(k paper.Plan) bool { return k.Status == store.PlanWaiting }
	switch p.Standing {
	case paper.StandsQuarantine:
		asked = paper.Plan.Quarantined
	case paper.StandsApproval:
	default:
		return false
	}
	i := slices.IndexFunc(p.Plans, asked)
	return i >= 0 && t.Key == store.PlanTask(p.Plans[i].No)
}

// showTasks prints what only a person can do, ready to be pasted.
func (a *app) showTasks(p picture, now time.Time) {
	tasks := slices.DeleteFunc(slices.Clone(p.Tasks), p.told)
	if len(tasks) == 0 {
		return
	}
	a.out.line("")
	a.out.line(a.out.bold("What a person can do"))
	for i, t := range tasks {
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
