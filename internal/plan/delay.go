package plan

import (
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
)

// Person is what the rosters say about the principal.
type Person struct {
	Known      bool      // some roster spoke of them
	Active     bool      // the last one counts them among the active
	ReturnedAt time.Time // when one counted them so again after they had left; zero: never
	RosterAt   time.Time // of the last roster that spoke of them
}

// Delay is what a plan has to know when its removing was put off: by a grace, or by
// a case that has been open for long.
type Delay struct {
	OpenedAt time.Time // of the case
	// Until is when the grace ended; zero when there is none, or it is not over.
	Until time.Time
	// Since is when the grace began: when the accounts were contained.
	Since time.Time
}

// over reports whether the removing that this plan is about was put off till now.
func (d Delay) over() bool { return !d.Until.IsZero() }

// second are the guards of a removal that was put off: much may have changed since
// the plan was approved. What cannot be known counts against it.
func second(f Facts) []string {
	var tripped []string
	who := f.Person
	if !who.ReturnedAt.IsZero() && who.ReturnedAt.After(f.Delay.OpenedAt) {
		tripped = append(tripped, fmt.Sprintf("came back: the roster of %s counts %s among the active again", day(who.RosterAt), f.Principal))
	}
	if !f.Delay.over() {
		return tripped
	}
	switch {
	case len(tripped) > 0:
	case !who.Known:
		tripped = append(tripped, fmt.Sprintf("not known whether still gone: no roster speaks of %s", f.Principal))
	case who.RosterAt.Before(f.Delay.Since):
		tripped = append(tripped, fmt.Sprintf("not known whether still gone: the last roster that speaks of %s is of %s, from before the grace", f.Principal, day(who.RosterAt)))
	case who.Active:
		tripped = append(tripped, fmt.Sprintf("still active: the roster of %s counts %s among the active", day(who.RosterAt), f.Principal))
	}
	for _, a := range f.Accounts {
		if a.Exists && a.WasContained && !a.Contained && shows(f.connection(a.Connection).Engines[a.Engine]) {
			tripped = append(tripped, fmt.Sprintf("opened again: %s was contained by this case, and somebody opened it since", a.Ref))
		}
	}
	return tripped
}

func day(t time.Time) string {
	if t.IsZero() {
		return "an unknown day"
	}
	return t.UTC().Format(time.DateOnly)
}

// ValidUntil is when an approval ends: the policy's time after it was given, and not
// before the removing that it was given for can have begun. Zero is never.
func (p Policy) ValidUntil(decided, effective time.Time) time.Time {
	if p.ApprovalTTL <= 0 {
		return time.Time{}
	}
	if effective.After(decided) {
		decided = effective
	}
	return decided.Add(p.Grace + p.ApprovalTTL)
}

// shows reports whether a system shows that an account is contained: where it can
// only be partly contained, a new password that nobody has does not show.
func shows(caps access.Capabilities) bool { return caps[access.Contain].Support == access.Full }
