package workflows

import (
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
)

// TrackState is how one connection stands within a case.
type TrackState string

// The states of a track.
const (
	TrackDue    TrackState = "due"     // is asked next
	TrackAsking TrackState = "asking"  // discovery is under way
	TrackReady  TrackState = "ready"   // discovered; waits for its plan
	TrackBusy   TrackState = "busy"    // a plan that covers it is under way
	TrackParked TrackState = "parked"  // could not be asked, or its work could not be done; again at NextTry
	TrackOpen   TrackState = "open"    // something on it needs a person; again at NextTry
	TrackDenied TrackState = "denied"  // its plan was denied; nothing happens until a person says retry
	TrackClean  TrackState = "settled" // everything on it is settled and proven
)

// Track is what the workflow remembers of one connection.
type Track struct {
	Connection string     `json:"connection"`
	Queue      string     `json:"queue"`
	State      TrackState `json:"state"`
	Tries      int        `json:"tries,omitempty"` // in a row without success
	NextTry    time.Time  `json:"next_try,omitzero"`
	Accounts   int        `json:"accounts"`
	Grants     int        `json:"grants"`
	Open       int        `json:"open"` // accounts that need a person
	Looked     int        `json:"looked"`
	Waived     bool       `json:"waived,omitempty"`
	// Late is true when the connection could not be asked before it had a plan.
	Late bool `json:"late,omitempty"`
}

// PlanStatus is how a plan stands for the workflow.
type PlanStatus string

// The states of a plan.
const (
	PlanWaiting    PlanStatus = "waiting"
	PlanApproved   PlanStatus = "approved"
	PlanDenied     PlanStatus = "denied"
	PlanSuperseded PlanStatus = "superseded"
)

// PlanState is what the workflow remembers of one plan.
type PlanState struct {
	No          int        `json:"no"`
	Hash        string     `json:"hash"`
	Connections []string   `json:"connections"`
	Status      PlanStatus `json:"status"`
	ByPerson    bool       `json:"by_person,omitempty"` // approved by a person's word
	// Guarded is how many guards tripped: while such a plan waits, its case is in
	// quarantine.
	Guarded int `json:"guarded,omitempty"`
	// Supplements is the plan that was made without these connections, which answered
	// late.
	Supplements int       `json:"supplements,omitempty"`
	DecidedAt   time.Time `json:"decided_at,omitzero"` // by a person
}

// State is all that a case remembers between runs of its workflow.
type State struct {
	Case        string             `json:"case"`
	Principal   access.PrincipalID `json:"principal"`
	Policy      plan.Policy        `json:"policy"`
	Requester   string             `json:"requester"`
	Ticket      string             `json:"ticket,omitempty"`
	EffectiveAt time.Time          `json:"effective_at,omitzero"`
	Successors  map[string]string  `json:"successors,omitempty"`
	Incident    string             `json:"incident,omitempty"` // that the case belongs to
	Why         string             `json:"why,omitempty"`      // what happened
	// Lulled is true while the case waits for the others of its incident to be contained,
	// Calm once it need not any more.
	Lulled bool `json:"lulled,omitempty"`
	Calm   bool `json:"calm,omitempty"`

	Opened       bool        `json:"opened"`
	OpenedAt     time.Time   `json:"opened_at,omitzero"`
	Tracks       []Track     `json:"tracks,omitempty"` // in the order of their names
	Plans        []PlanState `json:"plans,omitempty"`
	Held         bool        `json:"held,omitempty"`
	Cancelled    bool        `json:"cancelled,omitempty"`
	Contained    bool        `json:"contained,omitempty"`
	Look         int         `json:"look"`                // numbers the proofs; 1 is the first
	Relooking    bool        `json:"relooking,omitempty"` // the present look is a second look
	SecondLookAt time.Time   `json:"second_look_at,omitzero"`
	// GraceSince and GraceUntil are set when the first account is contained under a
	// policy that has a grace.
	GraceSince time.Time `json:"grace_since,omitzero"`
	GraceUntil time.Time `json:"grace_until,omitzero"`
	// FollowUps are tasks that no system can settle: shared secrets to be rotated. They
	// keep the case open, and are counted again at FollowUpAt.
	FollowUps  int       `json:"follow_ups,omitempty"`
	FollowUpAt time.Time `json:"follow_up_at,omitzero"`
	// Inbox are decisions that were accepted and are not recorded yet.
	Inbox []Letter `json:"inbox,omitempty"`
	// Seen answers commands that were answered before, also after this run
	// continued as new: update id and answer, oldest first.
	Seen []Answered `json:"seen,omitempty"`
	// Refusals are the last decisions that were refused, oldest first.
	Refusals []Refusal `json:"refusals,omitempty"`
	Said     Phase     `json:"said,omitempty"` // the phase that was last told
	// Resting is true when the records were told a phase that lasts.
	Resting bool `json:"resting,omitempty"`
}

// Letter is a decision on its way into the records.
type Letter struct {
	Key  string    `json:"key"` // the update's id
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
	// Requested is true for what came with a request to offboard.
	Requested bool `json:"requested,omitempty"`
	Decision
}

// Refusal is a decision that had no effect, because who took it may not.
type Refusal struct {
	Kind string    `json:"kind"`
	By   string    `json:"by"`
	Why  string    `json:"why"`
	At   time.Time `json:"at"`
}

// Answered is a submit that was answered before.
type Answered struct {
	Key    string    `json:"key"`
	Answer Submitted `json:"answer"`
}

const (
	seenLimit    = 200
	refusalLimit = 10
)

// refuse remembers a decision that had no effect.
func refuse(list []Refusal, l Letter, why string) []Refusal {
	list = append(list, Refusal{l.Kind, l.By, why, l.At})
	return list[max(len(list)-refusalLimit, 0):]
}

func (s *State) remember(key string, a Submitted) {
	s.Seen = append(s.Seen, Answered{key, a})
	if n := len(s.Seen) - seenLimit; n > 0 {
		s.Seen = s.Seen[n:]
	}
}

func (s *State) answered(key string) (Submitted, bool) {
	i := slices.IndexFunc(s.Seen, func(a Answered) bool { return a.Key == key })
	if i < 0 {
		return Submitted{}, false
	}
	return s.Seen[i].Answer, true
}

func (s *State) track(connection string) *Track {
	for i := range s.Tracks {
		if s.Tracks[i].Connection == connection {
			return &s.Tracks[i]
		}
	}
	return nil
}

func (s *State) plan(no int) *PlanState {
	for i := range s.Plans {
		if s.Plans[i].No == no {
			return &s.Plans[i]
		}
	}
	return nil
}

// waiting is the plan of this hash if it waits for a word.
func (s *State) waiting(hash string) *PlanState {
	for i := range s.Plans {
		if s.Plans[i].Hash == hash && s.Plans[i].Status == PlanWaiting {
			return &s.Plans[i]
		}
	}
	return nil
}

// approved is the number of the newest plan that a person approved, for which all
// the connections were planned; zero if there is none. One whose approval was given
// too long ago has lapsed.
func (s *State) approved(connections []string, now time.Time) (no, lapsed int) {
	for _, p := range s.Plans {
		if !p.ByPerson || !containsAll(p.Connections, connections) {
			continue
		}
		no, lapsed = p.No, 0
		if until := s.Policy.ValidUntil(p.DecidedAt, s.EffectiveAt); !until.IsZero() && now.After(until) {
			no, lapsed = 0, p.No
		}
	}
	return no, lapsed
}

// supplements is the number of the plan that went ahead without these connections,
// because they had not answered: the oldest that still counts. It is zero when one of
// them was planned before, or when nothing was planned without them.
func (s *State) supplements(connections []string) int {
	to := 0
	for _, p := range s.Plans {
		if slices.ContainsFunc(p.Connections, func(c string) bool { return slices.Contains(connections, c) }) {
			return 0
		}
		if to == 0 && p.Supplements == 0 && p.Status != PlanSuperseded {
			to = p.No
		}
	}
	// Where each connection is planned by itself only one that was given up is late.
	late := func(c string) bool { return !s.Policy.ContainFirst || s.track(c).Late }
	if !slices.ContainsFunc(connections, late) {
		return 0
	}
	return to
}

// quarantined is the oldest plan that waits for a word because a guard tripped.
func (s *State) quarantined() *PlanState {
	for i := range s.Plans {
		if s.Plans[i].Status == PlanWaiting && s.Plans[i].Guarded > 0 {
			return &s.Plans[i]
		}
	}
	return nil
}

func containsAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}

// in lists the connections whose tracks are in a state.
func (s *State) in(state TrackState) []string {
	var out []string
	for _, t := range s.Tracks {
		if t.State == state {
			out = append(out, t.Connection)
		}
	}
	return out
}

// held reports whether the case is held once everything in the inbox has its effect.
func (s *State) held() bool {
	held := s.Held
	for _, l := range s.Inbox {
		switch l.Kind {
		case audit.DecisionHold:
			held = true
		case audit.DecisionResume:
			held = false
		}
	}
	return held
}

// open counts the accounts, connections and follow-ups that keep the case open.
func (s *State) open() int {
	n := s.FollowUps
	for _, t := range s.Tracks {
		switch {
		case t.State == TrackClean:
		case t.Open > 0:
			n += t.Open
		default:
			n++
		}
	}
	return n
}
