package notice

import (
	"fmt"
	"strings"
	"time"

	"github.com/severhq/sever/internal/audit"
)

// Of are the notices about what one transaction did: the rows that it added to the audit
// trail, and the tasks that it reported. They are looked at together, for a plan that
// waits for somebody's word is both, and its guards are rows: a guard that tripped in a
// dry run, or on a plan that was approved before, stops nobody and is told to nobody.
//
// A task that is reported again is the same notice: it is told once for every time that
// it was opened.
func Of(rows []audit.Row, tasks []Task) []Notice {
	var out []Notice
	for _, r := range rows {
		if n, ok := ofRow(r); ok {
			out = append(out, n)
		}
	}
	for _, k := range tasks {
		n := k.notice()
		if !strings.HasPrefix(k.Key, PlanPrefix) {
			out = append(out, n)
			continue
		}
		n.Kind = ApprovalNeeded
		made, guards := planned(rows, k)
		n.Plan = text(made, "hash")
		if made.Data["quarantine"] == true && len(guards) > 0 {
			g := n
			g.Kind, g.Key, g.Words = GuardTripped, n.Key+"/guards", join(made.Object+" is in quarantine", strings.Join(guards, "; "))
			out = append(out, g)
		}
		out = append(out, n)
	}
	return out
}

// ofRow are the rows that are told by themselves.
func ofRow(r audit.Row) (Notice, bool) {
	n := Notice{At: r.At, Key: r.Key, About: About{Case: r.Chain, Words: r.Words, Next: "sever status " + r.Chain}}
	switch r.Kind {
	case audit.CaseReopened:
		n.Kind = CaseReopened
	case audit.CaseClosed:
		n.Kind, n.Outcome, n.Next = CaseClosed, r.Outcome, "sever evidence "+r.Chain
		n.Words = join("the case is closed: "+strings.ReplaceAll(r.Outcome, "_", " "), r.Words)
	case audit.TaskReminded:
		n.Kind, n.Task, n.AskedOf = TaskOverdue, text(r, "task"), text(r, "owner")
		n.Due, _ = time.Parse(time.RFC3339, text(r, "due"))
		n.Words = join(fmt.Sprintf("overdue, reminder %v", r.Data["reminder"]), r.Words)
	default:
		return Notice{}, false
	}
	return n, true
}

// planned is the row by which the plan of a task was made, and what stopped it.
func planned(rows []audit.Row, k Task) (made audit.Row, guards []string) {
	for _, r := range rows {
		if r.Chain != k.Case || r.Object != k.Subject {
			continue
		}
		switch r.Kind {
		case audit.PlanMade:
			made = r
		case audit.GuardTripped:
			guards = append(guards, r.Words)
		}
	}
	return made, guards
}

// PlanPrefix begins the keys of the tasks about plans that wait for approval.
const PlanPrefix = "plan/"

// Task is something that only a person can do, as far as it is told.
type Task struct {
	ID                           int64
	Case, Key, Connection, Owner string
	Subject                      string // of a plan: how the trail calls it
	Words, Next                  string
	Due, OpenedAt                time.Time
}

func (k Task) notice() Notice {
	return Notice{Kind: TaskOpened, At: k.OpenedAt, Key: fmt.Sprintf("task/%d/%d", k.ID, k.OpenedAt.UnixMicro()), About: About{
		Case: k.Case, Task: k.Key, Connection: k.Connection, Words: k.Words, AskedOf: k.Owner, Due: k.Due.UTC(), Next: k.Next}}
}

// Contained is told once for a case.
func Contained(caseID string, at time.Time) Notice {
	return Notice{Kind: CaseContained, At: at, Key: "contained", About: About{Case: caseID,
		Words: "every account that this case may end is contained or gone: nobody can log in with one of them any more. What it may not end is a task",
		Next:  "sever status " + caseID}}
}

// Tried is about no case: somebody tries a destination out.
func Tried(by, unique string, at time.Time) (id string, m Message) {
	n := Notice{Key: "test/" + unique, Kind: Test, At: at, About: About{Words: by + " tries out whether this destination is reached; nothing happened", Next: "nothing"}}
	return n.ID(), n.For(Subject{})
}

func text(r audit.Row, field string) string {
	s, _ := r.Data[field].(string)
	return s
}

// join puts a system's words behind ours.
func join(ours, theirs string) string {
	if theirs == "" {
		return ours
	}
	return ours + ": " + theirs
}
