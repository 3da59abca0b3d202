package story

import (
	"slices"
	"strings"

	"github.com/severhq/sever/internal/audit"
)

// phrases say of an action what was done (A: the accounts, T: its targets, S: the
// successor), what was not, and what giving it back is.
var phrases = map[string]struct{ did, not, back, notBack string }{
	"contain":  {"A was contained", "A could not be contained", "A was opened again", "A could not be opened again"},
	"unlink":   {"A was taken out of T", "A could not be taken out of T", "A was put back into T", "A could not be put back into T"},
	"revoke":   {"A lost what it held in T", "what A held in T could not be taken away", "A got back what it held in T", "A could not get back what it held in T"},
	"reassign": {"what A owned in T was handed to S", "what A owns in T could not be handed over", "A got back what it owned in T", "A could not get back what it owned in T"},
	"delete":   {"A was deleted", "A could not be deleted", "A was made again", "A could not be made again"},
	"rotate":   {"the credential of A was replaced", "the credential of A could not be replaced", "the credential of A was given back", "the credential of A could not be given back"},
}

// line is the sentence about a group.
func (g deeds) line() Line {
	d := g[0]
	var who, targets []string
	var rows []audit.Row
	for _, x := range g {
		rows = append(rows, x.rows...)
		if !slices.Contains(who, x.account) {
			who = append(who, x.account)
		}
		if x.target != "" && !slices.Contains(targets, x.target) {
			targets = append(targets, x.target)
		}
	}
	slices.SortStableFunc(rows, func(a, b audit.Row) int { return int(a.Seq - b.Seq) })
	p, known := phrases[d.action()]
	if !known {
		p.did = "A: " + d.action() + " T"
		p.not, p.back, p.notBack = p.did+" failed", p.did+" was undone", p.did+" was not undone"
	}
	words := p.did
	switch {
	case d.undo && d.class() == done:
		words = p.back
	case d.undo:
		words = p.notBack
	case d.class() == refused || d.class() == failing:
		words = p.not
	}
	words = strings.NewReplacer("A ", and(who)+" ", "A:", and(who)+":", " T", " "+and(targets), " S", " "+OneLine(text(d.end.Data["successor"]))).Replace(words)
	if len(who) > 1 {
		words = strings.NewReplacer(" was ", " were ", " it ", " they ").Replace(words)
	}
	l := lineOf(strings.TrimSpace(words)+d.how(), rows...)
	g.answers(&l)
	l.Tone = Plain
	if d.class() != done && d.class() != running || d.end.Outcome == "partly" {
		l.Tone = Worrying
	}
	return l
}

// how adds to a sentence how it went.
func (d deed) how() string {
	switch {
	case d.class() == running:
		return " (asked for; there is no answer yet)"
	case d.class() == failing:
		return " yet (" + d.end.Outcome + ")"
	case d.end.Outcome == "already" && d.accepted:
		return ", after a while"
	case d.end.Outcome == "already" && d.undo:
		return ", of which nothing was missing"
	case d.end.Outcome == "already":
		return ", and was so before"
	case d.end.Outcome == "accepted":
		return ", as far as the system shows"
	case d.end.Outcome == "partly":
		return ", but not all of it"
	case d.end.Data["mode"] == "kill" && !d.undo:
		return ", and its credential ended"
	}
	return ""
}

// answers adds the system's own words: to the sentence when they are the same for all,
// else below it.
func (g deeds) answers(l *Line) {
	same := !slices.ContainsFunc(g, func(d deed) bool { return d.words != g[0].words })
	if same && g[0].words != "" {
		l.Words += ": " + g[0].words
	}
	for _, d := range g {
		if !same && d.words != "" {
			l.detail(d.target + ": " + d.words)
		}
		for _, more := range d.details {
			l.detail(more)
		}
	}
}

func (l *Line) detail(words string) {
	if !slices.Contains(l.Details, words) {
		l.Details = append(l.Details, words)
	}
}
