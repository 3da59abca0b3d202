package sweep

// State is how a finding stands in a run.
type State string

// The states.
const (
	New    State = "new"    // it was not there in the run before
	Still  State = "still"  // it was there before, and is
	Gone   State = "gone"   // it was there before, and this run saw that it is not
	Unseen State = "unseen" // it was there before, and this run could not look
	Absent State = ""       // it is none of this run
)

// Span is how long a finding was there: the numbers of the first and the last run that
// saw it, and of the first that saw it gone; zero if none did.
type Span struct{ First, Last, Gone int }

// At is how the finding stands in a run, by all that is known today: what was there
// before and after a run that could not look was there in between.
func (s Span) At(run int) State {
	switch {
	case run < s.First || s.Gone != 0 && run > s.Gone:
		return Absent
	case run == s.Gone:
		return Gone
	case run == s.First:
		return New
	case run <= s.Last:
		return Still
	}
	return Unseen
}
