package evidence

import (
	"bytes"
	_ "embed" // of the page
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

//go:embed report.html.tmpl
var page string

var pageTemplate = template.Must(template.New("report").Parse(page))

// report is report.html: one file without scripts that asks no network for anything.
// It is made from what the files of the pack say and from nothing else, so that Verify
// can make it again.
func report(c content, m Manifest) ([]byte, error) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, viewOf(c, m)); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return []byte(printable(b.String())), nil
}

// view is what the page shows, in words.
type view struct {
	Case      Case
	Manifest  Manifest
	MadeAt    string
	Status    string
	Mark      string
	Sentence  string
	Facts     []fact
	Figures   []fact
	Accounts  []accountLine
	Exposure  []exposed
	Tasks     []taskLine
	Done      int // tasks that are closed
	Plans     []planLine
	Waivers   []happened
	Guards    []guardLine
	Systems   []systemLine
	Proofs    []proofLine
	Timeline  []happened
	Left      int
	Rows      int
	First     audit.Row
	Last      audit.Row
	Uncovered int64
	Signed    []checkpointLine
	Controls  []control
}

type fact struct{ Name, Value string }

type systemLine struct {
	Connection
	Answered bool
	At, Next string
}

type proofLine struct {
	Proof
	Time string
}

type checkpointLine struct {
	No, Row                   int64
	At, KeyID, Hash, HeadHash string
}

type guardLine struct {
	Plan  int
	Words string
}

func viewOf(c content, m Manifest) view {
	v := view{Case: c.Case, Manifest: m, MadeAt: moment(m.MadeAt), Status: spaced(c.Case.Status), Mark: statusMark(c.Case.Status),
		Sentence: sentence(c), Rows: len(c.Rows), Controls: controls(c), Uncovered: m.Chain.Seq - m.Covered}
	v.Facts, v.Figures = facts(c), figures(c)
	v.Accounts, v.Exposure = accountLines(c), exposure(c)
	v.Plans = planLines(c)
	for _, p := range c.Case.Plans {
		for _, g := range p.Guards {
			v.Guards = append(v.Guards, guardLine{p.No, g})
		}
	}
	for _, t := range c.Tasks {
		if !t.ClosedAt.IsZero() {
			v.Done++
			continue
		}
		v.Tasks = append(v.Tasks, taskLine{t, moment(t.Due), !t.Due.IsZero() && t.Due.Before(m.MadeAt)})
	}
	for _, k := range c.Case.Connections {
		v.Systems = append(v.Systems, systemLine{k, k.State == "discovered", moment(k.DiscoveredAt), moment(k.NextTryAt)})
	}
	for _, p := range c.Proofs {
		v.Proofs = append(v.Proofs, proofLine{p, moment(p.At)})
	}
	for _, r := range c.Rows {
		if r.Kind == audit.DecisionWaive {
			v.Waivers = append(v.Waivers, happened{r.Seq, moment(r.At), r.Actor, r.Object, r.Words, ""})
		}
	}
	v.Timeline, v.Left = timeline(c.Rows)
	if n := len(c.Rows); n > 0 {
		v.First, v.Last = c.Rows[0], c.Rows[n-1]
	}
	for _, k := range c.Checkpoints {
		for _, h := range k.Heads {
			if h.Chain == c.Case.ID {
				v.Signed = append(v.Signed, checkpointLine{k.No, h.Seq, moment(k.At), k.KeyID, k.Hash, h.Hash})
			}
		}
	}
	return v
}

func statusMark(s access.CaseStatus) string { return either(s == access.CaseClean) }

// sentence says how the case stands, and never more than is known.
func sentence(c content) string {
	count := map[access.Outcome]int{}
	for _, a := range c.Accounts {
		count[a.Outcome]++
	}
	gone := count[access.Removed] + count[access.AlreadyGone]
	silent := 0
	for _, k := range c.Case.Connections {
		if k.State != "discovered" {
			silent++
		}
	}
	tally := fmt.Sprintf("%d of %s proven gone", gone, plural(len(c.Accounts), "account", "accounts"))
	unanswered := ""
	if silent > 0 {
		unanswered = ", " + plural(silent, "connection", "connections") + " without an answer"
	}
	switch c.Case.Status {
	case access.CaseClean:
		if len(c.Accounts) == 0 {
			return "No account of the person was found on any of the systems that were asked."
		}
		return fmt.Sprintf("Access has ended: %s. Each system itself was asked after the last change, by a fresh connection, and its answers are below.", tally)
	case access.CaseExceptions:
		return fmt.Sprintf("The case is closed with exceptions: %s, %d waived by a person%s. What was waived still exists, or was never asked.",
			tally, count[access.Waived], unanswered)
	case access.CaseCancelled:
		return "A person cancelled the case, and what it had taken was given back as far as the steps below say. Access has not ended."
	case access.CaseReinstated:
		return "The person was reinstated: what the case had taken was given back as far as the steps below say. Access has not ended."
	case access.CaseDryRun:
		return "This was a dry run: the systems were asked and a plan was made. Nothing was changed, and access has not ended."
	}
	left := len(c.Accounts) - gone
	if left == 0 && silent == 0 && !c.Case.ProvenAt.IsZero() {
		return fmt.Sprintf("The case is open and waits for the second look: %s so far.", tally)
	}
	return fmt.Sprintf("The case is open: %s, %d not%s. Access has not ended until this says so.", tally, left, unanswered)
}

func facts(c content) []fact {
	k := c.Case
	var approvers []string
	for _, p := range k.Plans {
		if p.DecidedBy != "" && p.DecidedBy != "policy" && p.Status != "denied" && !slices.Contains(approvers, p.DecidedBy) {
			approvers = append(approvers, p.DecidedBy)
		}
	}
	out := []fact{{"Case", k.ID}, {"Person, by id", string(k.Principal)}, {"Reason", string(k.Reason)}, {"Requested by", k.Requester}}
	for _, f := range []fact{{"Ticket", k.Ticket}, {"Approved by", strings.Join(approvers, ", ")}, {"Effective from", moment(k.EffectiveAt)}} {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	if len(approvers) == 0 {
		out = append(out, fact{"Approved by", "no person: the policy of the case asked for none, or nobody has decided yet"})
	}
	return out
}

// figures are the moments of the case, with how long each took from its opening.
func figures(c content) []fact {
	k := c.Case
	out := []fact{{"opened", moment(k.OpenedAt)}}
	for _, f := range []struct {
		name string
		end  interface{ IsZero() bool }
		text string
	}{
		{"contained", k.ContainedAt, moment(k.ContainedAt) + " · after " + span(k.ContainedAt.Sub(k.OpenedAt))},
		{"proven gone", k.ProvenAt, moment(k.ProvenAt) + " · after " + span(k.ProvenAt.Sub(k.OpenedAt))},
		{"closed", k.ClosedAt, moment(k.ClosedAt) + " · after " + span(k.ClosedAt.Sub(k.OpenedAt))},
	} {
		if f.end.IsZero() {
			out = append(out, fact{f.name, "not yet"})
			continue
		}
		out = append(out, fact{f.name, f.text})
	}
	return out
}
