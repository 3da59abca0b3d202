package story

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/audit"
)

// Tell is one row of the audit trail in words, without its actor. A kind that it does
// not know is told by its name.
func Tell(r audit.Row) string {
	words, object := OneLine(r.Words), OneLine(r.Object)
	said := func(head string) string {
		if words == "" {
			return head
		}
		return head + ": " + words
	}
	switch r.Kind {
	case audit.CaseOpened:
		return said(fmt.Sprintf("opened the case for %s, reason %v%s%s; %s to ask", object, r.Data["reason"], after(", ticket ", r.Data["ticket"]), after(", incident ", r.Data["incident"]),
			connections(r.Data["connections"])))
	case audit.CaseJoined:
		return said("asked for the same again and joined the case")
	case audit.CaseEscalated:
		return said(fmt.Sprintf("made the case more urgent: reason %v", r.Data["reason"]))
	case audit.CaseContained:
		return said("nobody can log in any more: every account of the plan is contained")
	case audit.CaseProven:
		return said("every account is proven gone")
	case audit.CaseReopened:
		return said("the case is open again")
	case audit.CaseClosed:
		return said("the case is closed: " + strings.ReplaceAll(r.Outcome, "_", " "))
	case audit.ConnectionAsked:
		return said("asked " + object)
	case audit.ConnectionDiscovered:
		return said(object + " answered")
	case audit.ConnectionUnknown:
		return said(fmt.Sprintf("%s could not be asked (attempt %d)", object, r.Attempt))
	case audit.ConnectionWaived:
		return said("does without " + object)
	case audit.PlanMade:
		return "made " + plan(r)
	case audit.GuardTripped:
		return said("a guard stopped " + object)
	case audit.PlanApproved:
		return said(fmt.Sprintf("approved %s (%.12v)", object, r.Data["hash"]))
	case audit.DecisionRefused:
		return said(fmt.Sprintf("was refused (%v of %s), and it had no effect", r.Data["decision"], object))
	case audit.CaseRefused:
		return said("asked for the access of " + object + " to end, and was refused")
	case audit.PlanDenied:
		return said(fmt.Sprintf("denied %s (%.12v)", object, r.Data["hash"]))
	case audit.PlanSuperseded:
		return said(object + " has a successor")
	case audit.StepIntent:
		return fmt.Sprintf("begins to %s", step(r)) + attempt(r)
	case audit.StepResult:
		return said(fmt.Sprintf("%s %s", step(r), r.Outcome) + attempt(r))
	case audit.StepInterrupted:
		return said(step(r) + " was interrupted")
	case audit.StepRefused:
		return said(fmt.Sprintf("%s was not tried (%s)", step(r), r.Outcome))
	case audit.AccountProven:
		return said(fmt.Sprintf("looked again at %s (look %v): %s", object, r.Data["look"], r.Outcome))
	case audit.AccountOutcome:
		return said(fmt.Sprintf("%s is %s", object, strings.ReplaceAll(r.Outcome, "_", " ")))
	case audit.DecisionHold:
		return said("held the case")
	case audit.DecisionResume:
		return said("let the case go on")
	case audit.DecisionRetry:
		return said("asked to try again" + successors(r))
	case audit.DecisionCancel:
		return said("cancelled the case")
	case audit.DecisionWaive:
		return said("waived " + object)
	case audit.DecisionReinstate:
		return said("asked for " + object + " to be reinstated")
	case audit.RestoreIntent:
		return "begins to give back what " + step(r) + " took"
	case audit.RestoreResult:
		return said(fmt.Sprintf("gave back what %s took: %s", step(r), r.Outcome))
	case audit.TaskOpened:
		return said("made a task: " + object)
	case audit.TaskClosed:
		return said("did a task: " + object)
	case audit.SecretsImported:
		return said("imported names of shared secrets from " + object)
	case audit.EvidenceRead:
		return said(fmt.Sprintf("took an evidence pack of %s, rows 1 to %v (manifest %.12v)", object, r.Data["rows"], r.Data["manifest"]))
	case audit.SecretDelivered:
		return said("a new credential of " + object + " was handed over")
	case audit.TokenMade:
		return said(fmt.Sprintf("made a token for %s", object))
	case audit.TokenRevoked:
		return said("revoked the token of " + object)
	case audit.RequestRefused:
		return said(fmt.Sprintf("was refused over HTTP: %v", object))
	case audit.IdentitiesImported:
		return said("imported identities from " + object)
	case audit.UserProvisioned:
		return said("provisioned " + object)
	case audit.UserChanged:
		return said("said something else of " + object)
	case audit.UserDeactivated:
		return said("said that " + object + " is not active any more")
	case audit.UserReactivated:
		return said("said that " + object + " is active again")
	case audit.UserDeleted:
		return said("deleted the user of " + object)
	case audit.UserRefused:
		return said("was refused, about " + object)
	case audit.ApprovalLapsed:
		return said("the approval of " + object + " holds no longer")
	case audit.CaseRecalled:
		return said("the case was taken up again")
	case audit.DecisionWithdraw:
		return said("withdrew " + object)
	case audit.TaskReminded:
		return said(fmt.Sprintf("%v was reminded of %s, due %v", r.Data["owner"], object, r.Data["due"]))
	case audit.NoticeFailed:
		return said(fmt.Sprintf("could not tell %s (%v), and tries no more after %d attempts", object, r.Data["notice"], r.Attempt))
	case audit.NoticesRetried:
		return said("had notices tried again: " + object)
	case audit.IdentityConfirmed:
		return said("said that " + object + " is the principal's")
	case audit.IdentityRejected:
		return said("said that " + object + " is not the principal's")
	case audit.IncidentOpened:
		return said(fmt.Sprintf("asked for the access of %v people to end at once, incident %s", r.Data["people"], object))
	case audit.IncidentRefused:
		return said("asked for incident " + object + ", and was refused")
	case audit.IncidentEnded:
		return said(fmt.Sprintf("incident %s: a case has taken %v, and %v were given up", object, r.Data["taken"], r.Data["given_up"]))
	case audit.RosterImported:
		return said("imported the roster " + object)
	case audit.SweepCreated:
		return said("set up the sweep " + object)
	case audit.SweepDeleted:
		return said("deleted the sweep " + object)
	case audit.SweepPaused:
		return said("paused the sweep " + object)
	case audit.SweepResumed:
		return said("let the sweep " + object + " go on")
	case audit.SweepRequested:
		return said("asked for a run of the sweep " + object)
	case audit.SweepBegun:
		return said(fmt.Sprintf("began run %v of the sweep %s (%v)", r.Data["run"], object, r.Data["rule"]))
	case audit.SweepEnded:
		return said(fmt.Sprintf("ended run %v of the sweep %s, %s: %v found, %v of them new, %v gone", r.Data["run"], object, r.Outcome,
			r.Data["found"], r.Data["new"], r.Data["gone"]))
	case audit.SweepEnforced:
		return said(fmt.Sprintf("opened case %v for %v, as the sweep %s found", r.Data["case"], r.Data["principal"], object))
	case audit.SweepWaited:
		return said(fmt.Sprintf("opened no case for %v more, found by the sweep %s", r.Data["waiting"], object))
	case audit.RosterRefused:
		return said("gave a roster that was refused, " + object)
	case audit.DeliveryReceived:
		return said("sent " + object + ", which was stored")
	case audit.DeliveryRepeated:
		return said("sent " + object + " once more, which changed nothing")
	case audit.DeliveryRejected:
		return said("somebody sent " + object + " what was not taken")
	case audit.DeliveryDone:
		return said("followed " + object + after(": case ", r.Data["case"]))
	case audit.DeliveryRefused:
		return said("could not follow " + object)
	case audit.DeliveryRetried:
		return said("had " + object + " tried again")
	case audit.DeliveryDropped:
		return said("dropped " + object)
	case audit.DoubtRaised:
		return said("what leads to " + object + " is in doubt")
	case audit.DoubtSettled:
		return said("said that what leads to " + object + " can be trusted")
	}
	return said(strings.TrimSpace(r.Kind + " " + object + " " + r.Outcome))
}

// plan is a plan that was made: what it comes to, and what it waits for.
func plan(r audit.Row) string {
	words := fmt.Sprintf("%s (%.12v)", OneLine(r.Object), r.Data["hash"])
	if r.Words != "" {
		words += ": " + OneLine(r.Words)
	}
	switch {
	case r.Data["quarantine"] == true:
		words += "; its case is in quarantine until somebody says, with a reason, that it may go on"
	case r.Data["waits_for_approval"] == true:
		words += "; it waits for approval"
	}
	return words
}

// successors are those that a decision named.
func successors(r audit.Row) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(r.Data)) {
		if conn, ok := strings.CutPrefix(name, "successor "); ok {
			out = append(out, strings.TrimPrefix(conn+"="+fmt.Sprint(r.Data[name]), "="))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return OneLine(", with successor " + strings.Join(out, ", "))
}

// step is a step in words: "reassign pg-main/ada in shop to grace".
func step(r audit.Row) string {
	words := fmt.Sprintf("%v %s", r.Data["action"], OneLine(r.Object))
	words += after(" from ", r.Data["object"]) + after(" in ", r.Data["database"]) + after(" to ", r.Data["successor"])
	if r.Data["mode"] == "kill" {
		words += " with its credential"
	}
	return words
}

func attempt(r audit.Row) string {
	if r.Attempt > 1 {
		return fmt.Sprintf(" (attempt %d)", r.Attempt)
	}
	return ""
}

func after(word string, v any) string {
	if s, ok := v.(string); ok && s != "" {
		return word + OneLine(s)
	}
	return ""
}

func connections(n any) string {
	if n == int64(1) {
		return "1 connection"
	}
	return fmt.Sprintf("%v connections", n)
}

// Worry is true for rows that somebody should notice.
func Worry(r audit.Row) bool {
	switch r.Kind {
	case audit.ConnectionUnknown, audit.GuardTripped, audit.StepRefused, audit.StepInterrupted, audit.CaseReopened, audit.PlanDenied,
		audit.DecisionRefused, audit.CaseRefused, audit.DeliveryRejected, audit.DeliveryRefused, audit.DoubtRaised,
		audit.IncidentRefused, audit.NoticeFailed:
		return true
	case audit.IncidentEnded:
		return r.Outcome != "all taken"
	case audit.StepResult, audit.RestoreResult:
		return r.Outcome != "done" && r.Outcome != "already" && r.Outcome != "accepted"
	case audit.AccountProven:
		return r.Outcome != "gone"
	case audit.AccountOutcome:
		return r.Outcome != "removed" && r.Outcome != "already_gone"
	}
	return false
}

// Good is true for rows that are what the case is for.
func Good(r audit.Row) bool {
	return r.Kind == audit.CaseContained || r.Kind == audit.CaseProven || r.Kind == audit.AccountProven && r.Outcome == "gone" ||
		r.Kind == audit.CaseClosed && r.Outcome == "clean"
}
