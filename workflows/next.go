package workflows

import (
	"slices"
	"time"
)

// Move is what a case does next.
type Move string

// The moves.
const (
	MoveRecord   Move = "record"    // write the decisions of people, then let them take effect
	MoveAsk      Move = "ask"       // discover the connections that are due
	MovePlan     Move = "plan"      // plan the connections that have answered
	MoveProve    Move = "prove"     // everything is settled: note it, and wait for the second look
	MoveRelook   Move = "relook"    // the second look is due
	MoveClose    Move = "close"     // everything is settled and was looked at twice
	MoveRestore  Move = "restore"   // cancelled and quiet: give everything back
	MoveContinue Move = "continue"  // the history is long and nothing is under way: go on in a new run
	MoveFollowUp Move = "follow up" // everything is settled but what only a person can say is done
	MoveWait     Move = "wait"
)

// next decides what the case does now; until is when to decide again at the latest
// if nothing happens, zero if only an event can change the answer. It is a pure
// function of what is remembered, so that every situation is a line in a table.
func next(s State, gatherUntil, now time.Time, historyLong bool) (m Move, until time.Time) {
	quiet := len(s.in(TrackAsking)) == 0 && len(s.in(TrackBusy)) == 0
	switch {
	case len(s.Inbox) > 0:
		return MoveRecord, time.Time{}
	case s.Cancelled && quiet:
		return MoveRestore, time.Time{}
	case s.Cancelled:
		return MoveWait, time.Time{}
	case historyLong && quiet:
		return MoveContinue, time.Time{}
	case historyLong:
		return MoveWait, time.Time{} // what is under way ends first; nothing new begins
	case len(s.in(TrackDue)) > 0:
		return MoveAsk, time.Time{}
	}
	if ready := s.in(TrackReady); len(ready) > 0 {
		gathered := s.Policy.ContainFirst || len(s.in(TrackAsking)) == 0 || !now.Before(gatherUntil)
		if gathered {
			return MovePlan, time.Time{}
		}
		until = gatherUntil
	}
	if len(s.in(TrackClean)) == len(s.Tracks) && quiet {
		switch {
		case s.FollowUps > 0 && !now.Before(s.FollowUpAt):
			return MoveFollowUp, time.Time{}
		case s.FollowUps > 0:
			return MoveWait, earlier(until, s.FollowUpAt)
		case s.Relooking:
			return MoveClose, time.Time{}
		case s.SecondLookAt.IsZero():
			return MoveProve, time.Time{}
		case !now.Before(s.SecondLookAt):
			return MoveRelook, time.Time{}
		}
		return MoveWait, earlier(until, s.SecondLookAt)
	}
	for _, t := range s.Tracks {
		if t.State == TrackParked || t.State == TrackOpen {
			until = earlier(until, t.NextTry)
		}
	}
	return MoveWait, until
}

// wake makes every track due whose time has come.
func wake(s *State, now time.Time) {
	for i := range s.Tracks {
		t := &s.Tracks[i]
		if (t.State == TrackParked || t.State == TrackOpen) && !t.NextTry.IsZero() && !now.Before(t.NextTry) {
			t.State = TrackDue
		}
	}
}

// earlier is the earlier of two times; zero is never.
func earlier(a, b time.Time) time.Time {
	times := slices.DeleteFunc([]time.Time{a, b}, time.Time.IsZero)
	if len(times) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(times, time.Time.Compare)
}

// backoff is how long a connection rests after so many failures in a row: half a
// minute at first, twice as long each time, at most the policy's pace.
func backoff(tries int, most time.Duration) time.Duration {
	const first = 30 * time.Second
	d := min(first, most)
	for range min(tries-1, 20) {
		d = min(2*d, most)
	}
	return d
}

// phase is the word for where the case stands.
func phase(s State, dateAhead, grace bool) Phase {
	waiting := slices.ContainsFunc(s.Plans, func(p PlanState) bool { return p.Status == PlanWaiting })
	busy := len(s.in(TrackBusy)) > 0
	switch {
	case s.Cancelled:
		return PhaseRestoring
	case s.quarantined() != nil:
		return PhaseQuarantine
	case waiting:
		return PhaseApproval
	case busy && dateAhead:
		return PhaseDate
	case busy && grace:
		return PhaseGrace
	case s.Held:
		return PhaseHeld
	case busy && s.Lulled:
		return PhaseLull
	case busy && !s.Contained:
		return PhaseContaining
	case busy:
		return PhaseRemoving
	case len(s.in(TrackDue))+len(s.in(TrackAsking))+len(s.in(TrackReady)) > 0:
		return PhaseDiscovering
	case s.open() > 0:
		return PhasePeople
	}
	return PhaseSecondLook
}
