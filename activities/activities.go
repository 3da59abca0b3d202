// Package activities holds what workflows may ask for. There are two receivers:
// Records keeps the books and runs on the workflow's own queue; Access reaches the
// systems and runs on one queue for each connection.
//
// Every activity may run twice and ends in the same place. What it returns is
// stored in the workflow's history: counts and ordinals, never names, never a
// system's raw answer, never a secret. A refused action is an outcome of its item
// and a normal result; an error means that we could not do our part, and errors.go
// alone decides what Temporal makes of it.
package activities

import (
	"crypto/ed25519"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Records are the activities that keep the books.
type Records struct {
	store       *store.Store
	connections *catalog.Connections
	notary      Notary
	roles       roles.Roles
}

// Notary signs the audit trail from time to time.
type Notary struct {
	// Key signs checkpoints; nil signs nothing.
	Key ed25519.PrivateKey
	// File receives every checkpoint as a JSON line, outside the database; empty
	// keeps them in the database only.
	File string
}

// NewRecords makes the activities that keep the books. The roles say whose decisions
// count: whoever sends them, they are not trusted to have asked.
func NewRecords(s *store.Store, c *catalog.Connections, n Notary, r roles.Roles) *Records {
	return &Records{s, c, n, r}
}

// Access are the activities that reach the systems.
type Access struct {
	store       *store.Store
	connections *catalog.Connections
	sink        SecretSink
	pace        Pace
	names       nameBook
}

// Pace is how patient the activities are within one attempt; a test shortens it.
type Pace struct {
	// LaneWait is how long a batch waits for its lane before it gives its slot back.
	LaneWait time.Duration
	// LookEvery is the pause between two looks for living sessions.
	LookEvery time.Duration
	// Looks is how many looks one attempt takes before it asks to be called again.
	Looks int
}

// DefaultPace suits real systems. A login that was under way when the account was
// locked shows within milliseconds; a session that does not end at once is given
// ten seconds before the attempt makes room for others.
var DefaultPace = Pace{LaneWait: 10 * time.Second, LookEvery: 100 * time.Millisecond, Looks: 100}

// NewAccess makes the activities that reach the systems.
func NewAccess(s *store.Store, c *catalog.Connections, sink SecretSink, pace Pace) *Access {
	return &Access{store: s, connections: c, sink: sink, pace: pace}
}

// OpenInput opens a case.
type OpenInput struct {
	Case        string             `json:"case"`
	Principal   access.PrincipalID `json:"principal"`
	Policy      plan.Policy        `json:"policy"`
	Requester   string             `json:"requester"`
	Ticket      string             `json:"ticket,omitempty"`
	EffectiveAt time.Time          `json:"effective_at,omitzero"`
	Successors  map[string]string  `json:"successors,omitempty"`
	DryRun      bool               `json:"dry_run,omitempty"`
	Incident    string             `json:"incident,omitempty"`
	Why         string             `json:"why,omitempty"`
	At          time.Time          `json:"at"`
}

// Opened are the connections that the case covers, in the order of their names.
type Opened struct {
	Connections []Covered `json:"connections"`
	// Recalled is what the records know of the case when it was there before: its
	// former workflow is gone, and this one goes on in its place.
	Recalled *Recalled `json:"recalled,omitempty"`
}

// Covered is one connection of a case and the queue that reaches it.
type Covered struct {
	Name  string `json:"name"`
	Queue string `json:"queue"`
}

// DiscoverInput asks one connection for the principal's accounts.
type DiscoverInput struct {
	Case       string `json:"case"`
	Connection string `json:"connection"`
}

// Found counts what a discovery wrote into the records.
type Found struct {
	Accounts int `json:"accounts"`
	Grants   int `json:"grants"`
}

// MissedInput reports a connection that could not be asked in time.
type MissedInput struct {
	Case       string    `json:"case"`
	Connection string    `json:"connection"`
	Why        string    `json:"why,omitempty"` // of work that failed; a discovery has recorded its own
	NextTry    time.Time `json:"next_try"`
	At         time.Time `json:"at"`
}

// PlanInput asks for a plan over some connections of a case.
type PlanInput struct {
	Case        string      `json:"case"`
	Connections []string    `json:"connections"`
	Policy      plan.Policy `json:"policy"`
	DryRun      bool        `json:"dry_run,omitempty"`
	// Approved is the number of the last plan that a person approved; zero if none.
	Approved int `json:"approved,omitempty"`
	// Supplements is the number of the plan that was made without these connections,
	// because they had not answered; zero if there is none.
	Supplements int `json:"supplements,omitempty"`
	// Lapsed is the number of the last plan that a person approved when that approval
	// holds no longer.
	Lapsed int `json:"lapsed,omitempty"`
	// GraceSince and GraceUntil are set when the removing was put off till now.
	GraceSince time.Time `json:"grace_since,omitzero"`
	GraceUntil time.Time `json:"grace_until,omitzero"`
	At         time.Time `json:"at"`
}

// Planned is what a workflow needs to know of a plan.
type Planned struct {
	No   int    `json:"no"`
	Hash string `json:"hash"`
	// NeedsWord is true when a person must approve the hash first.
	NeedsWord bool `json:"needs_word"`
	// Guards is how many guards tripped. With NeedsWord the case is in quarantine.
	Guards int `json:"guards,omitempty"`
	// Mutates is false when there is nothing to do but to look.
	Mutates bool        `json:"mutates"`
	Lanes   []plan.Lane `json:"lanes,omitempty"`
}

// Batch is a run of steps of a plan; see plan.Batch.
type Batch struct {
	Case string `json:"case"`
	Plan int    `json:"plan"`
	plan.Batch
	// Look numbers the proofs of Confirm: 1 after the removal, 2 a day later.
	Look int `json:"look,omitempty"`
}

// Tally counts how the steps of a batch ended.
type Tally struct {
	Done    int `json:"done"`
	Blocked int `json:"blocked,omitempty"` // refused; a person decides
	Skipped int `json:"skipped,omitempty"` // an earlier step of the account was refused
	// Moved counts accounts that turned out to be others than the planned ones: the
	// connection has to be asked again at once.
	Moved int `json:"moved,omitempty"`
}

// RestoreInput asks for everything that a case took at one connection to be given
// back.
type RestoreInput struct {
	Case       string `json:"case"`
	Connection string `json:"connection"`
}

// Restored counts what was given back.
type Restored struct {
	Steps   int `json:"steps"`
	Missing int `json:"missing,omitempty"` // what could not be given back
}

// WeighInput asks how the accounts of some connections ended.
type WeighInput struct {
	Case        string        `json:"case"`
	Connections []string      `json:"connections"`
	TaskDue     time.Duration `json:"task_due"`
	At          time.Time     `json:"at"`
}

// Weighed says for each connection whether a person is needed.
type Weighed struct {
	Connections []Weight `json:"connections"`
	// FollowUps are the open tasks of the whole case that no system can settle: shared
	// secrets to be rotated.
	FollowUps int `json:"follow_ups,omitempty"`
}

// Weight is how one connection stands.
type Weight struct {
	Connection string `json:"connection"`
	Accounts   int    `json:"accounts"`
	Open       int    `json:"open"` // accounts that are not settled, and questions
	// Again is true when the connection has to be asked anew at once: a person has said
	// meanwhile that an account is the principal's.
	Again bool `json:"again,omitempty"`
}

// RecordInput writes what a person decided, with its effect on the records.
type RecordInput struct {
	Case string `json:"case"`
	// Key makes the row unique: the id of the update that brought the decision.
	Key  string    `json:"key"`
	Kind string    `json:"kind"`
	By   string    `json:"by"`
	Why  string    `json:"why,omitempty"`
	At   time.Time `json:"at"`
	// Requested is true when the decision came with a request to offboard: a second,
	// more urgent one escalates, and one may ask for a hold from the beginning.
	Requested bool `json:"requested,omitempty"`
	// The rest depends on the kind.
	Plan       int               `json:"plan,omitempty"`
	Hash       string            `json:"hash,omitempty"`
	Policy     *plan.Policy      `json:"policy,omitempty"`
	Successors map[string]string `json:"successors,omitempty"`
	Account    int64             `json:"account,omitempty"`
	Connection string            `json:"connection,omitempty"`
}

// MarkInput notes where a case stands.
type MarkInput struct {
	Case         string    `json:"case"`
	Phase        string    `json:"phase,omitempty"`
	ProvenAt     time.Time `json:"proven_at,omitzero"`
	SecondLookAt time.Time `json:"second_look_at,omitzero"`
	// Reopened is when a second look, the one with the number Look, found something.
	Reopened time.Time `json:"reopened,omitzero"`
	Look     int       `json:"look,omitempty"`
}

// FollowUpInput asks for the follow-up list of a case.
type FollowUpInput struct {
	Case    string        `json:"case"`
	TaskDue time.Duration `json:"task_due"`
	At      time.Time     `json:"at"`
}

// FollowedUp counts the tasks of the list that are open.
type FollowedUp struct {
	Open int `json:"open"`
}

// CloseInput closes a case. The status is decided from the records; Cancelled says
// that a person cancelled it and that everything was given back, Reinstated that a
// closed case was given back.
type CloseInput struct {
	Case       string    `json:"case"`
	Cancelled  bool      `json:"cancelled,omitempty"`
	Reinstated bool      `json:"reinstated,omitempty"`
	At         time.Time `json:"at"`
	// TaskDue is how long a person has for a follow-up that comes to be known now.
	TaskDue time.Duration `json:"task_due,omitempty"`
}

// Closed says how a case ended. Status is open when the records do not allow an end.
type Closed struct {
	Status access.CaseStatus `json:"status"`
	// FollowUps keep a case open that is settled otherwise.
	FollowUps int `json:"follow_ups,omitempty"`
}
