package plan

import (
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Ended is how one step of an account ended.
type Ended struct {
	Action  access.Action
	Done    bool
	Already bool
	Words   string // why not, when it is not done; of Rotate also how it was done
}

// Outcome says how it ended for an account that the plan acted upon. Gone is what
// the proof says, never what the steps say: an account is removed when the system
// itself was asked afterwards and nothing of it was left.
func Outcome(gone, existed bool, gaps []access.Gap, steps []Ended) (access.Outcome, string) {
	if gone {
		if !existed || deletedBySomebodyElse(steps) {
			return access.AlreadyGone, "it was gone before we came"
		}
		return access.Removed, "the system was asked again and nothing of it is left"
	}
	var contained, rotated bool
	var why []string
	for _, s := range steps {
		if s.Action == access.Contain && s.Done {
			contained = true
		}
		if s.Action == access.Rotate && s.Done {
			rotated = rotated || !s.Already
			why = append(why, s.Words)
		}
		if !s.Done && s.Words != "" {
			why = append(why, string(s.Action)+": "+s.Words)
		}
	}
	if len(gaps) > 0 {
		why = append(why, "could not be read whole: "+GapsInWords(gaps))
	}
	switch {
	case unproven(steps):
		return access.Unknown, strings.Join(why, "; ")
	case contained, rotated:
		return access.Contained, strings.Join(why, "; ")
	case len(gaps) > 0 && len(steps) == 0:
		return access.Unknown, strings.Join(why, "; ")
	}
	return access.Blocked, strings.Join(why, "; ")
}

// unproven is true when everything was done and the last look could not say so.
func unproven(steps []Ended) bool {
	refused := slices.DeleteFunc(slices.Clone(steps), func(s Ended) bool { return s.Done })
	return len(refused) > 0 && !slices.ContainsFunc(refused, func(s Ended) bool { return s.Action != access.Confirm })
}

// deletedBySomebodyElse is true when every step found nothing left to do.
func deletedBySomebodyElse(steps []Ended) bool {
	acted := false
	for _, s := range steps {
		if s.Action == access.Confirm {
			continue
		}
		acted = true
		if !s.Already {
			return false
		}
	}
	return acted
}

// Final says how a case ends once nothing is left to do, from the outcomes of its
// accounts and the number of connections that a person waived. It is not final,
// and ok is false, while anything is unsettled.
func Final(outcomes []access.Outcome, waivedConnections int) (status access.CaseStatus, ok bool) {
	status = access.CaseClean
	if waivedConnections > 0 {
		status = access.CaseExceptions
	}
	for _, o := range outcomes {
		switch {
		case !o.Settled():
			return access.CaseOpen, false
		case o == access.Waived:
			status = access.CaseExceptions
		}
	}
	return status, true
}
