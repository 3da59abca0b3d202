package sweep

import "fmt"

// Trust is what decides how many cases a sweep may open now.
type Trust struct {
	// Approved is true once a person has approved a plan of one of its cases: somebody has
	// read what the rule comes to.
	Approved bool
	// First is the oldest of its cases that is open; empty if none is.
	First string
	// InRun and InHour are the cases that this run, and all runs within the hour, asked for.
	InRun, InHour int
}

// Allows says how many cases a sweep may open for so many leavers, and what those that
// are left wait for. Until a person has approved the first plan of a sweep there is one
// case at a time: a rule that is wrong is wrong about one person.
func (s Spec) Allows(t Trust, leavers int) (now int, waits string) {
	now, waits = leavers, ""
	limit := func(most int, why string) {
		if most = max(most, 0); now > most {
			now, waits = most, why
		}
	}
	limit(s.MaxPerHour-t.InHour, fmt.Sprintf("at most %d cases an hour: the next run goes on", s.MaxPerHour))
	limit(s.MaxPerRun-t.InRun, fmt.Sprintf("at most %d cases a run: the next run goes on", s.MaxPerRun))
	switch {
	case t.Approved:
	case t.First != "":
		limit(0, "the first plan of this sweep is not approved: sever plan "+t.First+", then sever approve "+t.First)
	default:
		limit(1, "the first plan of this sweep has to be approved before there are more cases")
	}
	return now, waits
}
