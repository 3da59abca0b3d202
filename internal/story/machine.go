package story

import (
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/audit"
)

// machine tells what Sever did by itself, in the order of its ladder.
func (n names) machine(rows []audit.Row) []Act {
	of := func(kinds ...string) []audit.Row {
		return slices.DeleteFunc(slices.Clone(rows), func(r audit.Row) bool { return !slices.Contains(kinds, r.Kind) })
	}
	all := n.steps(of(audit.StepIntent, audit.StepResult, audit.StepInterrupted, audit.StepRefused, audit.RestoreIntent, audit.RestoreResult, audit.SecretDelivered))
	acts := []Act{
		{"Found", n.found(of(audit.ConnectionAsked, audit.ConnectionDiscovered, audit.ConnectionUnknown))},
		{"Planned", planned(of(audit.PlanMade, audit.PlanSuperseded, audit.GuardTripped))},
		{"Contained", all.contained},
		{"Removed", all.removed},
		{"Blocked", all.blocked},
		{"Given back", all.returned},
		n.looked(of(audit.AccountProven), of(audit.AccountOutcome), len(all.blocked) > 0),
		{"", decided("", of(audit.CaseContained, audit.CaseProven)).Lines},
	}
	var out []Act
	for _, a := range acts {
		switch last := len(out) - 1; {
		case len(a.Lines) == 0:
		case last >= 0 && (a.Title == "" || a.Title == again && len(all.contained)+len(all.removed)+len(all.blocked) == 0):
			// A second look that finds nothing is told as one.
			if a.Title == again {
				out, last = []Act{{Title: again, Lines: brief(out)}}, 0
			}
			out[last].Lines = append(out[last].Lines, a.Lines...)
		default:
			out = append(out, a)
		}
	}
	return out
}

// again is the title of a second look.
const again = "Looked a second time"

// brief are the lines of some acts without what stands below them.
func brief(acts []Act) []Line {
	var out []Line
	for _, a := range acts {
		for _, l := range a.Lines {
			if l.Tone == Plain {
				l.Details = nil
			}
			out = append(out, l)
		}
	}
	return out
}

// found tells what the connections answered.
func (n names) found(rows []audit.Row) []Line {
	var out []Line
	silent := map[string]int{} // the place of the line, by connection and words
	for _, r := range rows {
		if r.Kind == audit.ConnectionDiscovered {
			l := lineOf(OneLine(r.Object)+" answered: "+OneLine(r.Words), r)
			for _, a := range list(r.Data["accounts"]) {
				l.Details = append(l.Details, n.account(a))
			}
			out = append(out, l)
			continue
		}
		key := r.Kind + r.Object + r.Words
		if at, seen := silent[key]; seen {
			out[at].Rows = append(out[at].Rows, r.Seq)
			out[at].Words = fmt.Sprintf("%s could not be asked, %s: %s", OneLine(r.Object), times(len(out[at].Rows)), OneLine(r.Words))
			continue
		}
		silent[key] = len(out)
		out = append(out, lineOf(Tell(r), r))
	}
	return out
}

// account is one that was looked for, in words.
func (n names) account(a map[string]any) string {
	name := n.name(text(a["account"]), text(a["resource"]))
	words := fmt.Sprintf("%s: %v grants, %s", name, a["grants"], text(a["evidence"]))
	switch {
	case a["exists"] != true:
		words = name + ": not there"
	case a["grants"] == int64(1):
		words = fmt.Sprintf("%s: 1 grant, %s", name, text(a["evidence"]))
	}
	if gaps, _ := a["gaps"].([]any); len(gaps) > 0 {
		var parts []string
		for _, g := range gaps {
			parts = append(parts, OneLine(text(g)))
		}
		words += "; could not be read whole: " + strings.Join(parts, "; ")
	}
	return words
}

// planned tells plans with the guards that they tripped.
func planned(rows []audit.Row) []Line {
	var out []Line
	for _, r := range rows {
		words := Tell(r)
		if r.Kind == audit.PlanMade {
			words = plan(r)
		}
		l := lineOf(words, r)
		untouched, _ := r.Data["untouched"].([]any)
		for _, u := range untouched {
			if words := text(u); !strings.Contains(words, ": already_gone (") { // told where it was looked for
				l.Details = append(l.Details, "untouched: "+OneLine(words))
			}
		}
		out = append(out, l)
	}
	return out
}

// looked tells what the systems answered when they were asked again, and what that makes
// of each account. Why something is blocked was told before.
func (n names) looked(proofs, outcomes []audit.Row, told bool) Act {
	a := Act{Title: "Looked again"}
	if len(proofs) > 0 && proofs[0].Data["look"] != int64(1) {
		a.Title = again
	}
	if len(proofs) == 0 && slices.ContainsFunc(outcomes, func(r audit.Row) bool { return r.Outcome == "reinstated" }) {
		a.Title = "Given back"
	}
	for _, same := range alike(proofs, func(r audit.Row) string { return r.Outcome + r.Words }) {
		verb, words := "is still there", OneLine(same[0].Words)
		if same[0].Outcome == "gone" {
			verb = "is gone"
		}
		a.Lines = append(a.Lines, lineOf(fmt.Sprintf("%s: %s", n.subject(same, verb), words), same...))
	}
	for _, same := range alike(outcomes, func(r audit.Row) string { return r.Outcome + r.Words }) {
		r := same[0]
		words := n.subject(same, "is "+strings.ReplaceAll(r.Outcome, "_", " "))
		switch why := OneLine(r.Words); {
		case r.Outcome == "contained" && told:
			words += ", but not removed; it waits for a person"
		case r.Outcome == "blocked" && told:
			words += "; it waits for a person"
		case why != "":
			words += ": " + why
		}
		a.Lines = append(a.Lines, lineOf(words, same...))
	}
	return a
}

// subject is the accounts of some rows with a verb: "a is gone", "a and b are gone".
func (n names) subject(rows []audit.Row, verb string) string {
	var who []string
	for _, r := range rows {
		if name := n.of(r); !slices.Contains(who, name) {
			who = append(who, name)
		}
	}
	return and(who) + " " + number(len(who), verb)
}

// number puts a verb into the plural.
func number(n int, verb string) string {
	if n == 1 {
		return verb
	}
	for one, several := range map[string]string{"is ": "are ", "was ": "were ", "has ": "have "} {
		if rest, ok := strings.CutPrefix(verb, one); ok {
			return several + rest
		}
	}
	return verb
}

// alike groups rows by a key, in the order of the first of each.
func alike(rows []audit.Row, key func(audit.Row) string) [][]audit.Row {
	place := map[string]int{}
	var out [][]audit.Row
	for _, r := range rows {
		k := key(r)
		at, seen := place[k]
		if !seen {
			at = len(out)
			place[k] = at
			out = append(out, nil)
		}
		out[at] = append(out[at], r)
	}
	return out
}
