package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
)

// sentence says how a case stands, and never more than is known.
func (p picture) sentence(now time.Time) string {
	gone := plural(p.count(access.Removed)+p.count(access.AlreadyGone), "account is", "accounts are")
	switch p.Standing {
	case paper.StandsClean:
		if len(p.Accounts) == 0 {
			return "no account was found on " + p.systems() + ", twice."
		}
		return fmt.Sprintf("%s gone from %s; the systems themselves said so, twice. It took %s.", gone, p.systems(), span(p.ClosedAt.Sub(p.OpenedAt)))
	case paper.StandsProven:
		what := fmt.Sprintf("%s proven gone from %s", gone, p.systems())
		if len(p.Accounts) == 0 {
			what = "no account was found on " + p.systems()
		}
		if p.SecondLookAt.After(now) {
			return fmt.Sprintf("%s. The case stays open for the second look, %s; nobody has to do anything.", what, relative(p.SecondLookAt, now))
		}
		return what + ". The second look is under way."
	case paper.StandsScheduled:
		if !p.ContainedAt.IsZero() {
			return fmt.Sprintf("contained, nobody can log in; removing begins %s (%s).", relative(p.EffectiveAt, now), clock(p.EffectiveAt, now))
		}
		return fmt.Sprintf("planned; it begins %s (%s). Nothing was changed yet.", relative(p.EffectiveAt, now), clock(p.EffectiveAt, now))
	case paper.StandsGrace:
		return fmt.Sprintf("nobody can log in; removing begins %s (%s), unless something has changed by then.", relative(p.GraceUntil, now), clock(p.GraceUntil, now))
	case paper.StandsApproval:
		return p.approvalSentence()
	case paper.StandsQuarantine:
		return p.quarantineSentence()
	case paper.StandsHeld:
		return "held by a person; it goes on after: sever resume " + p.Case
	case paper.StandsPeople:
		return fmt.Sprintf("not clean yet; %s. %s", p.openWords(), p.tasksWord())
	case paper.StandsClosed:
		return p.closedSentence()
	case paper.StandsDryRun:
		return "a dry run; nothing was changed."
	}
	return p.runningSentence()
}

func (p picture) approvalSentence() string {
	for _, k := range p.Plans {
		if k.Status == store.PlanWaiting && p.Status != access.CaseOpen {
			return fmt.Sprintf("it is %s. Plan %d would give back what it took, and waits for the word of somebody other than who asked for that. Read it: sever plan %s; then: sever approve %s --plan %s",
				statusWords(p.Status), k.No, p.Case, p.Case, desk.Short(k.Hash))
		}
		if k.Status == store.PlanWaiting {
			return fmt.Sprintf("plan %d waits for the word of somebody other than %s. Read it: sever plan %s; then: sever approve %s --plan %s",
				k.No, printable(p.Requester), p.Case, p.Case, desk.Short(k.Hash))
		}
	}
	return "a plan waits for approval."
}

// quarantineSentence says which guards tripped and which commands lead out.
func (p picture) quarantineSentence() string {
	for _, k := range p.Plans {
		if k.Quarantined() {
			return fmt.Sprintf("plan %d waits, because %s. Read it: sever plan %s; then %s", k.No, oneLine(strings.Join(k.Guards, "; ")), p.Case,
				desk.WaysOut(p.Case, k.Hash, printable(p.Requester)))
		}
	}
	return "a guard tripped: read the plan: sever plan " + p.Case
}

func (p picture) closedSentence() string {
	switch p.Status {
	case access.CaseExceptions:
		return fmt.Sprintf("with exceptions; %s waived by a person, %d gone.", plural(p.count(access.Waived), "account was", "accounts were"),
			p.count(access.Removed)+p.count(access.AlreadyGone))
	case access.CaseCancelled:
		return "a person cancelled it, and " + p.givenBack()
	case access.CaseReinstated:
		return "it was reinstated with approval, and " + p.givenBack()
	}
	return "closed as " + statusWords(p.Status) + "."
}

func (p picture) givenBack() string {
	// That somebody outside was not told is a task, and nothing that was not given back.
	if slices.ContainsFunc(p.Tasks, func(k paper.Task) bool { return !strings.HasPrefix(k.Key, store.TaskOfNotice) }) {
		return "not all that it had taken could be given back. " + p.tasksWord()
	}
	return "what it had taken was given back."
}

func (p picture) runningSentence() string {
	done, all := p.Steps[string(store.StepDone)], 0
	for _, n := range p.Steps {
		all += n
	}
	if all == 0 {
		return p.phase() + "."
	}
	return fmt.Sprintf("%s; %d of %d steps are done.", p.phase(), done, all)
}

// phase is what is under way. The records note where people are waited for; what
// runs by itself shows in the steps.
func (p picture) phase() string {
	switch p.Phase {
	case "waiting for people", "waiting for approval", "in quarantine", "waiting for the effective date":
		if p.Standing == paper.StandsRunning {
			return "going on"
		}
	}
	if p.Standing != paper.StandsRunning || len(p.Plans) == 0 || p.Phase == "restoring" {
		return p.Phase
	}
	if p.ContainedAt.IsZero() {
		return "containing"
	}
	return "removing"
}

func (p picture) count(o access.Outcome) int {
	n := 0
	for _, a := range p.Accounts {
		if a.Outcome == o {
			n++
		}
	}
	return n
}

// systems are the connections that were asked.
func (p picture) systems() string {
	var names []string
	for _, c := range p.Connections {
		if c.State == store.ConnDiscovered {
			names = append(names, c.Name)
		}
	}
	if len(names) > 3 {
		return fmt.Sprintf("%d connections", len(names))
	}
	return strings.Join(names, ", ")
}

// openWords count what keeps the case open, by kind.
func (p picture) openWords() string {
	var parts []string
	for _, o := range []access.Outcome{access.Contained, access.Blocked, access.Protected, access.Unknown, access.Unsupported} {
		if n := p.count(o); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcomeWords[o]))
		}
	}
	silent := 0
	for _, c := range p.Connections {
		if c.State == store.ConnUnknown {
			silent++
		}
	}
	if silent > 0 {
		parts = append(parts, plural(silent, "connection could not be asked", "connections could not be asked"))
	}
	secrets := 0
	for _, t := range p.Tasks {
		if strings.HasPrefix(t.Key, store.TaskOfSecret) {
			secrets++
		}
	}
	if secrets > 0 {
		parts = append(parts, plural(secrets, "shared secret is to be rotated", "shared secrets are to be rotated"))
	}
	if gone := p.count(access.Removed) + p.count(access.AlreadyGone); gone > 0 {
		parts = append(parts, fmt.Sprintf("%d gone", gone))
	}
	if len(parts) == 0 {
		return "something is left"
	}
	return strings.Join(parts, ", ")
}

var outcomeWords = map[access.Outcome]string{
	access.Contained: "contained but not removed", access.Blocked: "blocked", access.Protected: "protected and untouched",
	access.Unknown: "unknown", access.Unsupported: "beyond what the system can do",
}

func (p picture) tasksWord() string {
	return plural(len(p.Tasks), "thing is", "things are") + " for a person to do."
}
