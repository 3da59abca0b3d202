package story

import (
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/audit"
)

// Act is a part of a story: one thing that people or Sever did, in some sentences.
type Act struct {
	Title string
	Lines []Line
}

// Line is one sentence. Several rows that say the same of several objects, or of several
// attempts, are one.
type Line struct {
	// At is when the first of its rows was written; Rows are their numbers.
	At   time.Time
	Rows []int64
	// Actor is the person who did it; empty when Sever acted by itself.
	Actor string
	Words string
	// Details stand below the sentence, one a line.
	Details []string
	Tone    Tone
}

// Tone is what a reader should feel about a line.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Worrying
	Pleasing
)

// Of tells the rows of one case as a story. Each row is in exactly one line. Acts of
// people stand in their order; what Sever did between two of them is told by what it
// was: found, planned, contained, removed, blocked, looked at again, given back.
func Of(rows []audit.Row) []Act {
	n := namesIn(rows)
	var out []Act
	for _, b := range blocks(rows) {
		var acts []Act
		if title, byPeople := decisions[b[0].Kind]; byPeople || !works(b[0]) {
			acts = []Act{decided(title, b)}
		} else {
			acts = n.machine(b)
		}
		for _, a := range acts {
			if last := len(out) - 1; last >= 0 && out[last].Title == a.Title {
				out[last].Lines = append(out[last].Lines, a.Lines...)
				continue
			}
			out = append(out, a)
		}
	}
	return out
}

// decisions are the titles of what is not Sever's own work.
var decisions = map[string]string{
	audit.CaseOpened: "Opened", audit.CaseJoined: "Asked for again", audit.CaseEscalated: "Made more urgent",
	audit.CaseReopened: "Open again", audit.CaseClosed: "Closed", audit.ConnectionWaived: "Waived",
	audit.PlanApproved: "Approved", audit.PlanDenied: "Denied",
	audit.DecisionHold: "Held", audit.DecisionResume: "Went on", audit.DecisionRetry: "Tried again", audit.DecisionCancel: "Cancelled",
	audit.DecisionWaive: "Waived", audit.DecisionReinstate: "To be reinstated", audit.DecisionWithdraw: "Withdrawn",
	audit.DecisionRefused: "Refused", audit.CaseRefused: "Refused", audit.ApprovalLapsed: "Lapsed", audit.CaseRecalled: "Taken up again",
	audit.TaskOpened: "Tasks", audit.TaskClosed: "Tasks", audit.TaskReminded: "Tasks",
	audit.NoticeFailed: "Not told",
}

// works reports whether a row is of Sever's own work.
func works(r audit.Row) bool {
	switch r.Kind {
	case audit.ConnectionAsked, audit.ConnectionDiscovered, audit.ConnectionUnknown, audit.PlanMade, audit.PlanSuperseded, audit.GuardTripped,
		audit.StepIntent, audit.StepResult, audit.StepInterrupted, audit.StepRefused, audit.AccountProven, audit.AccountOutcome,
		audit.RestoreIntent, audit.RestoreResult, audit.SecretDelivered, audit.CaseContained, audit.CaseProven:
		return true
	}
	return false
}

// blocks are the rows in runs: each decision alone, and all work between two of them as
// one, until a connection that was proven is asked anew.
func blocks(rows []audit.Row) [][]audit.Row {
	var out [][]audit.Row
	proven := map[string]bool{} // connections, within the present block
	for i, r := range rows {
		again := r.Kind == audit.ConnectionDiscovered && proven[r.Object]
		if i == 0 || !works(r) || !works(rows[i-1]) || again {
			out = append(out, nil)
			proven = map[string]bool{}
		}
		last := len(out) - 1
		out[last] = append(out[last], r)
		if r.Kind == audit.AccountProven {
			proven[connectionOf(r)] = true
		}
	}
	return out
}

func connectionOf(r audit.Row) string {
	connection, _, _ := strings.Cut(r.Object, "/")
	return connection
}

// decided tells rows one by one.
func decided(title string, rows []audit.Row) Act {
	if title == "" {
		title = "Noted"
	}
	a := Act{Title: title}
	for _, r := range rows {
		l := lineOf(Tell(r), r)
		if r.Actor != self {
			l.Actor = Printable(r.Actor)
		}
		a.Lines = append(a.Lines, l)
	}
	return a
}

// self is the actor of what nobody decided at that moment.
const self = "sever"

// lineOf is a sentence about rows, which are not empty.
func lineOf(words string, rows ...audit.Row) Line {
	l := Line{At: rows[0].At, Words: words}
	worried, pleased := false, true
	for _, r := range rows {
		l.Rows = append(l.Rows, r.Seq)
		worried = worried || Worry(r)
		pleased = pleased && (Good(r) || r.Kind == audit.StepIntent)
	}
	slices.Sort(l.Rows)
	switch {
	case worried:
		l.Tone = Worrying
	case pleased:
		l.Tone = Pleasing
	}
	return l
}
