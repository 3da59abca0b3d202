// Package notice says which people outside are told of a case, when, and in which
// words: the message that a webhook carries and that a mail is written from. What keeps
// cases from being opened, a roster or a message that is refused, is told, too.
//
// A notice names the case and the principal by their ids, what is asked of whom and the
// command to give next. It carries no secret, and no address of the principal: what was
// an e-mail address in a system's own words is left out.
//
// The package is pure: what becomes of a notice on its way is told by store, which keeps
// it, and by courier, which carries it.
package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
)

// Kind is what a notice tells.
type Kind string

// The kinds. Receivers know them: one may be added, none may change its text.
const (
	TaskOpened     Kind = "task.opened"     // something that only a person can do
	TaskOverdue    Kind = "task.overdue"    // nobody has done it in time; again and again
	ApprovalNeeded Kind = "approval.needed" // a plan waits for somebody's word
	GuardTripped   Kind = "guard.tripped"   // and its case is in quarantine
	CaseContained  Kind = "case.contained"  // nobody can log in any more
	CaseReopened   Kind = "case.reopened"   // a second look found something
	CaseClosed     Kind = "case.closed"
	// About no case.
	RosterRefused   Kind = "roster.refused"   // the list of people is not believed
	DeliveryRefused Kind = "delivery.refused" // a message of another system waits for a person
	// A message of another system is not believed, and not kept.
	DeliveryRejected Kind = "delivery.rejected"
	Test             Kind = "test" // sent by hand
)

// Kinds are those that a destination can choose from.
var Kinds = []Kind{TaskOpened, TaskOverdue, ApprovalNeeded, GuardTripped, CaseContained, CaseReopened, CaseClosed, RosterRefused, DeliveryRefused, DeliveryRejected}

// Notice is what is told about a case, before it is known whose case that is; or about
// what belongs to no case.
type Notice struct {
	// Key names the notice within its case: told again, it is the same notice.
	Key  string
	Kind Kind
	At   time.Time
	// Every is how often at most a notice of this key is told; zero: once.
	Every time.Duration
	About
}

// About is what a notice is about. Fields that mean nothing for its kind are empty.
type About struct {
	Case       string `json:"case"`
	Task       string `json:"task,omitempty"` // its key, by which commands know it
	Connection string `json:"connection,omitempty"`
	Plan       string `json:"plan,omitempty"` // its hash
	Outcome    string `json:"outcome,omitempty"`
	// Words say what happened, in ours or in another system's.
	Words string `json:"words"`
	// AskedOf is who is asked to do something.
	AskedOf string    `json:"asked_of,omitempty"`
	Due     time.Time `json:"due,omitzero"`
	// Next is what a person can do now: a command, most of the time.
	Next string `json:"next"`
}

// Message is a notice as a receiver gets it, in the form that Standard Webhooks
// recommends. Fields may be added; none is renamed.
type Message struct {
	Type      Kind      `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when it happened, not when it was sent
	Data      Data      `json:"data"`
}

// Data is what a message says.
type Data struct {
	About
	Principal access.PrincipalID `json:"principal"`
	Reason    access.Reason      `json:"reason"`
}

// Subject is whose case it is. The address is what no message may hold.
type Subject struct {
	Principal access.PrincipalID
	Reason    access.Reason
	Email     string
}

// For is the message about somebody's case.
func (n Notice) For(s Subject) Message {
	about := n.About
	about.Words = withoutAddresses(about.Words)
	if !about.pasteable(s.Email) { // a command with a hole in it is none
		about.Next = "sever status " + n.Case
	}
	return Message{n.Kind, n.At.UTC().Truncate(time.Microsecond), Data{about, s.Principal, s.Reason}}
}

// ID is the same for every destination and every attempt, so that who gets a message
// twice can tell.
func (n Notice) ID() string {
	sum := sha256.Sum256([]byte(n.Case + "\x00" + n.Key))
	return "msg_" + hex.EncodeToString(sum[:16])
}

// Subscriber is a destination that wants to be told.
type Subscriber struct {
	Name  string
	Kinds []Kind // none means all
}

// Wants reports whether the subscriber is told. That it could not be told something is
// for the others to hear.
func (s Subscriber) Wants(n Notice) bool {
	return n.Task != TaskOf(s.Name) && (len(s.Kinds) == 0 || slices.Contains(s.Kinds, n.Kind))
}

// TaskPrefix begins the keys of the tasks about destinations that could not be told.
const TaskPrefix = "notice/"

// TaskOf is the key of the task about a destination that could not be told.
func TaskOf(destination string) string { return TaskPrefix + destination }

// Sample is a message as it might be, for trying out a destination or a template.
func Sample(k Kind, at time.Time) Message {
	n := Notice{Key: "sample", Kind: k, At: at, About: About{Case: "C-260101-example", Words: "a test of Sever's notices; nothing happened", Next: "nothing"}}
	whose := Subject{Principal: "E-nobody", Reason: access.HR}
	switch k {
	case RosterRefused, DeliveryRefused, DeliveryRejected:
		n.Case, whose = "", Subject{}
	case TaskOpened, TaskOverdue:
		n.Task, n.Connection, n.AskedOf, n.Due = "account/1", "pg-main", "the owner of pg-main", at
	case ApprovalNeeded, GuardTripped:
		n.Task, n.Plan, n.AskedOf, n.Due = "plan/1", "0123456789ab", "somebody other than hr-desk", at
	case CaseClosed:
		n.Outcome = string(access.CaseClean)
	}
	return n.For(whose)
}
