package evidence

import (
	"fmt"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

type accountLine struct {
	Account
	Name, Result, Mark, Proven string
	Reach                      int // grants when it was found
}

func accountLines(c content) []accountLine {
	var out []accountLine
	nameOf := namer(c)
	for _, a := range c.Accounts {
		result := spaced(a.Outcome)
		if result == "" {
			result = "not known yet"
		}
		out = append(out, accountLine{a, nameOf(a.Ref), result, outcomeMark(a.Outcome), moment(a.ProvenAt), len(a.Grants)})
	}
	return out
}

// namer tells accounts of one name on several resources apart.
func namer(c content) func(access.Ref) string {
	refs := make([]access.Ref, len(c.Accounts))
	for i, a := range c.Accounts {
		refs[i] = a.Ref
	}
	return access.Namer(refs)
}

func outcomeMark(o access.Outcome) string {
	return either(o == access.Removed || o == access.AlreadyGone)
}

// exposed is something of the person's access that may still be there.
type exposed struct{ What, State, Why string }

// exposure is everything that was not removed: accounts, what could not be read of them,
// what they shared, and connections that did not answer.
func exposure(c content) []exposed {
	var out []exposed
	waived := map[string]audit.Row{}
	for _, r := range c.Rows {
		if r.Kind == audit.DecisionWaive {
			waived[r.Object] = r
		}
	}
	nameOf := namer(c)
	state := func(name, state string) string {
		if r, ok := waived[name]; ok && state == "waived" {
			return fmt.Sprintf("waived by %s, %s", r.Actor, moment(r.At))
		}
		return state
	}
	for _, a := range c.Accounts {
		name := nameOf(a.Ref)
		gone := a.Outcome == access.Removed || a.Outcome == access.AlreadyGone
		if !gone {
			word := spaced(a.Outcome)
			if word == "" {
				word = "not known yet"
			}
			out = append(out, exposed{name, state(a.Ref.String(), word), a.Why})
		}
		for _, g := range a.Gaps {
			out = append(out, exposed{name + ": " + g.Object, "could not be read", strings.TrimSuffix(g.Why+"; "+g.Remedy, "; ")})
		}
		if len(a.SharedWith) > 0 && !gone {
			out = append(out, exposed{name, fmt.Sprintf("shared with %s", plural(len(a.SharedWith), "other person", "other people")),
				"the account stays for them; whoever knows its old password could log in until that is changed"})
		}
	}
	if len(c.Case.Connections) == 0 {
		out = append(out, exposed{"every system", "not asked: unknown", "the case has no connection"})
	}
	for _, k := range c.Case.Connections {
		if k.State != "discovered" {
			word := k.State
			if word != "waived" {
				word = "did not answer: unknown"
			}
			out = append(out, exposed{"all accounts at " + k.Name, state(k.Name, word), k.Why})
		}
	}
	return out
}

type taskLine struct {
	Task
	When    string
	Overdue bool
}

type planLine struct {
	Plan
	Made, Decided, Eyes, Mark string
	Steps                     int
}

// planLines tell of each plan who decided it, and whether two people were involved.
func planLines(c content) []planLine {
	steps := map[int]int{}
	for _, s := range c.Steps {
		steps[s.Plan]++
	}
	var out []planLine
	for _, p := range c.Case.Plans {
		l := planLine{Plan: p, Made: moment(p.MadeAt), Decided: decided(p), Steps: steps[p.No]}
		switch p.DecidedBy {
		case "", "policy":
			l.Eyes = "no person decided"
		case c.Case.Requester:
			l.Eyes, l.Mark = "no: the requester decided", "bad"
		default:
			l.Eyes, l.Mark = "yes: not the requester", "good"
		}
		out = append(out, l)
	}
	return out
}

func decided(p Plan) string {
	switch {
	case p.DecidedBy == "policy":
		return "the policy asks for no approval; " + when(p.DecidedAt)
	case p.DecidedBy != "":
		return p.DecidedBy + ", " + when(p.DecidedAt)
	case p.NeedsWord:
		return "nobody yet: it waits"
	}
	return "-"
}

func when(t time.Time) string {
	if t.IsZero() {
		return "time not known"
	}
	return moment(t)
}
