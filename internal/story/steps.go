package story

import (
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/audit"
)

// steps are the sentences about steps, by the act that they belong to.
type steps struct{ contained, removed, blocked, returned []Line }

// deed is one step with all of its rows: attempts, answers, and what was handed over.
type deed struct {
	rows     []audit.Row
	end      audit.Row // the last answer; of kind intent when there is none
	undo     bool
	account  string
	target   string // what of the account it was about
	words    string
	details  []string
	accepted bool // at an earlier attempt
}

// steps tells the rows of steps: an intent and its result in one sentence, several
// targets of one account in one, and several accounts with the same in one.
func (n names) steps(rows []audit.Row) steps {
	var out steps
	var passed []audit.Row
	var deeds []deed
	for _, same := range alike(rows, stepKey) {
		d := n.deed(same)
		if d.undo && d.end.Kind == audit.StepRefused {
			passed = append(passed, same...)
			continue
		}
		deeds = append(deeds, d)
	}
	for _, group := range byAccount(deeds) {
		l := group.line()
		d := group[0]
		switch {
		case d.undo:
			out.returned = append(out.returned, l)
		case d.class() == refused || d.class() == failing:
			out.blocked = append(out.blocked, l)
		case d.action() == "contain":
			out.contained = append(out.contained, l)
		default:
			out.removed = append(out.removed, l)
		}
	}
	if len(passed) > 0 {
		out.returned = append(out.returned, lineOf(fmt.Sprintf("what several plans had done alike was given back once; %s nothing was sent", times(len(passed))), passed...))
		out.returned[len(out.returned)-1].Tone = Plain
	}
	return out
}

// stepKey is the same for all rows of one step, and another for its undoing.
func stepKey(r audit.Row) string {
	return fmt.Sprint(undoes(r), r.Data["plan"], "/", r.Data["step"])
}

func undoes(r audit.Row) bool {
	return strings.HasPrefix(r.Key, "undo/") || r.Kind == audit.RestoreIntent || r.Kind == audit.RestoreResult
}

// handedOver stands in the words of a restore before the place of a new credential.
const handedOver = "new credential handed over: "

func (n names) deed(rows []audit.Row) deed {
	d := deed{rows: rows, undo: undoes(rows[0]), account: n.of(rows[0])}
	d.end.Kind, d.end.Data = audit.StepIntent, rows[0].Data
	var failed []audit.Row
	delivered := false
	for _, r := range rows {
		switch r.Kind {
		case audit.SecretDelivered:
			d.details = append(d.details, "a new credential was handed over: "+OneLine(r.Words))
			delivered = true
		case audit.StepInterrupted:
			d.details = append(d.details, "an attempt was interrupted: "+OneLine(r.Words))
		case audit.StepIntent, audit.RestoreIntent:
		default:
			if d.end.Outcome == "accepted" {
				d.accepted = true
			} else if d.answered() {
				failed = append(failed, d.end)
			}
			d.end = r
		}
	}
	for _, same := range alike(failed, func(r audit.Row) string { return r.Outcome + r.Words }) {
		d.details = append(d.details, fmt.Sprintf("failed %s before (%s): %s", times(len(same)), same[0].Outcome, OneLine(same[0].Words)))
	}
	d.words = OneLine(d.end.Words)
	if delivered {
		d.words, _, _ = strings.Cut(d.words, handedOver)
		d.words = strings.TrimSuffix(strings.TrimSpace(d.words), ";")
	}
	for i := 1; ; i++ {
		missing := text(d.end.Data[fmt.Sprintf("missing_%d", i)])
		if missing == "" {
			break
		}
		d.details = append(d.details, "not given back: "+OneLine(missing))
	}
	d.target = targetOf(d.end)
	return d
}

func targetOf(r audit.Row) string {
	object, database := OneLine(text(r.Data["object"])), OneLine(text(r.Data["database"]))
	switch {
	case object == "":
		return database
	case database == "":
		return object
	}
	return object + " in " + database
}

func (d deed) answered() bool {
	return d.end.Kind != audit.StepIntent && d.end.Kind != audit.RestoreIntent
}

func (d deed) action() string { return text(d.end.Data["action"]) }

// class is how a step ended.
type class int

const (
	running class = iota // an intent without an answer
	done
	refused // by the system, or by ourselves before anything was sent
	failing // and is tried again
)

func (d deed) class() class {
	switch {
	case !d.answered():
		return running
	case d.end.Kind == audit.StepRefused, d.end.Outcome == "blocked":
		return refused
	case slices.Contains([]string{"done", "already", "accepted", "restored", "partly"}, d.end.Outcome):
		return done
	}
	return failing
}

// deeds are told in one sentence.
type deeds []deed

// byAccount joins what was done alike to one account, and then accounts to which the same
// was done with the same answer.
func byAccount(all []deed) []deeds {
	var one []deeds
	place := map[string]int{}
	for _, d := range all {
		key := fmt.Sprint(d.undo, d.account, d.action(), d.class(), d.end.Outcome, d.end.Data["successor"], d.end.Data["mode"])
		at, seen := place[key]
		if !seen {
			at = len(one)
			place[key] = at
			one = append(one, nil)
		}
		one[at] = append(one[at], d)
	}
	var out []deeds
	place = map[string]int{}
	for _, g := range one {
		key := g.sameAs()
		at, seen := place[key]
		if !seen {
			place[key] = len(out)
			out = append(out, g)
			continue
		}
		out[at] = append(out[at], g...)
	}
	return out
}

// sameAs is equal for groups that differ in the account only.
func (g deeds) sameAs() string {
	var b strings.Builder
	for _, d := range g {
		fmt.Fprint(&b, d.undo, d.action(), d.class(), d.end.Outcome, d.end.Data["successor"], d.end.Data["mode"], d.target, d.words, d.details, d.accepted, "|")
	}
	return b.String()
}
