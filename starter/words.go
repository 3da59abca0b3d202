package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/story"
)

// clock is a moment for people: local, without what everybody knows.
func clock(t, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	t, now = t.Local(), now.Local()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format("2006-01-02 15:04")
}

// span is a length of time in two units at most.
func span(d time.Duration) string { return story.Span(d) }

// relative is a moment seen from now.
func relative(t, now time.Time) string {
	if t.After(now) {
		return "in " + span(t.Sub(now))
	}
	return span(now.Sub(t)) + " ago"
}

// outcome is an outcome in its colour: green needs nobody, red needs somebody.
func (s *screen) outcome(o access.Outcome) string {
	words := strings.ReplaceAll(string(o), "_", " ")
	switch {
	case o == "":
		return s.faint("-")
	case o == access.Removed || o == access.AlreadyGone:
		return s.green(words)
	case o.Settled():
		return s.yellow(words)
	}
	return s.red(words)
}

func (s *screen) standing(st paper.Standing) string {
	switch st {
	case paper.StandsClean, paper.StandsProven:
		return s.green(string(st))
	case paper.StandsRunning, paper.StandsScheduled, paper.StandsGrace, paper.StandsDryRun:
		return s.yellow(string(st))
	}
	return s.red(string(st))
}

// status is the status of a case in words.
func statusWords(c access.CaseStatus) string { return strings.ReplaceAll(string(c), "_", " ") }

// person is a principal by name and id.
func person(name string, id access.PrincipalID) string {
	if name == "" {
		return printable(string(id))
	}
	return printable(fmt.Sprintf("%s (%s)", name, id))
}

// longest is how much of a reason stands in a line; all of it is in the JSON.
const longest = 160

// clip shortens a long reason.
func clip(words string) string {
	if r := []rune(words); len(r) > longest {
		return string(r[:longest-1]) + "…"
	}
	return words
}
