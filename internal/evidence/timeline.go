package evidence

import (
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

// happened is one row of the timeline.
type happened struct {
	Seq             int64
	At, Actor, Text string
	Said            string // the words of a system or a person
	Mark            string // "bad" for what somebody should notice, "good" for what the case is for
}

// maxSteps is how many results of steps the timeline tells one by one. All of them are
// in the chain; a page of ten thousand is read by nobody.
const maxSteps = 600

// timeline tells the chain in sentences. An intent has its result in another row and is
// left out. left is how many results of steps are not told.
func timeline(rows []audit.Row) (out []happened, left int) {
	steps := 0
	for _, r := range rows {
		switch r.Kind {
		case audit.StepIntent, audit.RestoreIntent:
			continue
		case audit.StepResult, audit.StepRefused:
			if steps++; steps > maxSteps {
				left++
				continue
			}
		}
		out = append(out, happened{r.Seq, moment(r.At), r.Actor, tell(r), r.Words, mark(r)})
	}
	return out, left
}

// tell is a row as a sentence whose subject is its actor.
func tell(r audit.Row) string {
	switch r.Kind {
	case audit.CaseOpened:
		text := fmt.Sprintf("opened the case for %s, for the reason %v", r.Object, r.Data["reason"])
		if ticket, _ := r.Data["ticket"].(string); ticket != "" {
			text += ", ticket " + ticket
		}
		return text
	case audit.StepResult:
		return fmt.Sprintf("%s: %s%s", stepOf(r), r.Outcome, attempt(r))
	case audit.StepInterrupted:
		return stepOf(r) + " was interrupted; the system is asked before anything is tried again"
	case audit.StepRefused:
		return stepOf(r) + " was not tried: nothing was sent"
	case audit.RestoreResult:
		return fmt.Sprintf("gave back what this took: %s: %s", stepOf(r), r.Outcome)
	case audit.AccountProven:
		return fmt.Sprintf("asked the system itself about %s, look %v: %s", r.Object, r.Data["look"], r.Outcome)
	case audit.AccountOutcome:
		return fmt.Sprintf("%s is %s", r.Object, spaced(r.Outcome))
	case audit.PlanMade, audit.PlanApproved, audit.PlanDenied, audit.GuardTripped:
		return fmt.Sprintf("%s %s (hash %.12v…)", sentences[r.Kind], r.Object, r.Data["hash"])
	case audit.ConnectionUnknown:
		return fmt.Sprintf("could not ask %s%s", r.Object, attempt(r))
	case audit.CaseEscalated:
		return fmt.Sprintf("made the case more urgent: reason %v", r.Data["reason"])
	case audit.CaseClosed:
		return "closed the case: " + spaced(r.Outcome)
	case audit.EvidenceRead:
		return fmt.Sprintf("took an evidence pack of rows 1 to %v", r.Data["rows"])
	}
	if s, ok := sentences[r.Kind]; ok {
		return strings.TrimSpace(s + " " + objectBehind[r.Kind](r))
	}
	return strings.TrimSpace(r.Kind + " " + r.Object + " " + r.Outcome)
}

// sentences are the kinds that need no more than their object.
var sentences = map[string]string{
	audit.CaseJoined: "asked for the same again, and joined the case", audit.CaseContained: "noted that every account of the plan is contained",
	audit.CaseProven: "noted that every account is proven gone", audit.CaseReopened: "opened the case again",
	audit.CaseRecalled:    "took the case up again after its workflow was gone",
	audit.ConnectionAsked: "asked", audit.ConnectionDiscovered: "had an answer from", audit.ConnectionWaived: "does without",
	audit.PlanMade: "made", audit.PlanApproved: "approved", audit.PlanDenied: "denied", audit.PlanSuperseded: "replaced", audit.GuardTripped: "was stopped by a guard at",
	audit.ApprovalLapsed: "noted that an approval had become too old:",
	audit.DecisionHold:   "held the case", audit.DecisionResume: "let the case go on", audit.DecisionRetry: "asked to try again",
	audit.DecisionCancel: "cancelled the case", audit.DecisionWaive: "waived", audit.DecisionReinstate: "asked to give back what was taken from",
	audit.DecisionWithdraw: "withdrew the reinstatement:", audit.SecretDelivered: "handed over a new credential of",
	audit.TaskOpened: "made a task:", audit.TaskClosed: "did a task:", audit.DecisionRefused: "was refused, and it had no effect: a decision about",
	audit.TaskReminded: "reminded of a task that is overdue:", audit.NoticeFailed: "gave up telling somebody outside, at the destination",
}

// objectBehind is the object for the kinds whose sentence ends with one.
var objectBehind = func() map[string]func(audit.Row) string {
	out := map[string]func(audit.Row) string{}
	for kind := range sentences {
		out[kind] = func(r audit.Row) string { return r.Object }
	}
	for _, kind := range []string{audit.CaseJoined, audit.CaseContained, audit.CaseProven, audit.CaseReopened, audit.CaseRecalled,
		audit.DecisionHold, audit.DecisionResume, audit.DecisionRetry, audit.DecisionCancel} {
		out[kind] = func(audit.Row) string { return "" }
	}
	return out
}()

// stepOf is the step of a row: "reassign pg-main/ada in shop to grace".
func stepOf(r audit.Row) string {
	out := fmt.Sprintf("%v %s", r.Data["action"], r.Object)
	for _, part := range []struct{ word, name string }{{" from ", "object"}, {" in ", "database"}, {" to ", "successor"}} {
		if v, _ := r.Data[part.name].(string); v != "" {
			out += part.word + v
		}
	}
	if r.Data["mode"] == string(access.Kill) {
		out += ", with its credential"
	}
	return out
}

func attempt(r audit.Row) string {
	if r.Attempt > 1 {
		return fmt.Sprintf(" (attempt %d)", r.Attempt)
	}
	return ""
}

func mark(r audit.Row) string {
	switch r.Kind {
	case audit.ConnectionUnknown, audit.GuardTripped, audit.StepRefused, audit.StepInterrupted, audit.CaseReopened, audit.PlanDenied, audit.ApprovalLapsed, audit.CaseRecalled, audit.TaskReminded, audit.DecisionRefused, audit.NoticeFailed:
		return "bad"
	case audit.CaseContained, audit.CaseProven:
		return "good"
	case audit.StepResult, audit.RestoreResult:
		if r.Outcome != "done" && r.Outcome != "already" && r.Outcome != "accepted" {
			return "bad"
		}
	case audit.AccountProven:
		return either(r.Outcome == "gone")
	case audit.AccountOutcome:
		return either(access.Outcome(r.Outcome).Settled())
	case audit.CaseClosed:
		return either(r.Outcome == string(access.CaseClean))
	}
	return ""
}

func either(good bool) string {
	if good {
		return "good"
	}
	return "bad"
}
