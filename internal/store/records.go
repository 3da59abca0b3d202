package store

import (
	"time"

	"github.com/severhq/sever/internal/access"
)

// Case is one offboarding of one principal.
type Case struct {
	ID        string
	Principal access.PrincipalID
	Reason    access.Reason
	Requester string
	Ticket    string
	// Policy is the policy document that the case runs under, as JSON.
	Policy []byte
	// Successors name who receives what the leaver owns: account name by
	// connection; the key "" is the default for every connection.
	Successors  map[string]string
	EffectiveAt time.Time // zero: at once
	Status      access.CaseStatus
	Phase       string // where the ladder stands, in a word: "discovering", "waiting for approval"
	OpenedAt    time.Time
	ContainedAt time.Time // zero until every planned account was contained
	ProvenAt    time.Time // zero until every account was proven gone for the first time
	ClosedAt    time.Time // zero while open
	// SecondLookAt is when everything is looked at again; zero until proven.
	SecondLookAt time.Time
}

// ConnectionState is how one connection of a case stands.
type ConnectionState string

// The states of a connection within a case. Unknown keeps the case open.
const (
	ConnWaiting    ConnectionState = "waiting"
	ConnAsking     ConnectionState = "asking"
	ConnUnknown    ConnectionState = "unknown"
	ConnDiscovered ConnectionState = "discovered"
	ConnWaived     ConnectionState = "waived"
)

// CaseConnection is one connection's part in a case.
type CaseConnection struct {
	CaseID       string
	Connection   string
	Kind         string // the provider
	State        ConnectionState
	Why          string    // of Unknown, in the system's own words
	NextTryAt    time.Time // of Unknown; zero when a person has to act first
	Attempts     int
	Listed       int // accounts the connection listed in all, for the blast radius
	Accounts     int // of this principal
	Grants       int
	DiscoveredAt time.Time // when that began, by the clock of the records
}

// CaseAccount is an account that a case found.
type CaseAccount struct {
	ID     int64
	CaseID string
	access.Ref
	Evidence access.Evidence
	Engine   string
	// Before is the account as it was first seen, with its snapshot: what Restore
	// gives back. It never changes once written.
	Before access.Account
	// Now is the account as it was last seen, without its snapshot.
	Now    access.Account
	Exists bool // when last seen
	Gaps   []access.Gap
	// SharedWith are other principals that claim this account.
	SharedWith []access.PrincipalID
	Outcome    access.Outcome // empty until something can be said
	Why        string         // of the outcome
	SeenAt     time.Time
	ProvenAt   time.Time // zero until a proof says gone
}

// PlanStatus is how a plan stands.
type PlanStatus string

// The states of a plan.
const (
	PlanWaiting    PlanStatus = "waiting" // for approval
	PlanApproved   PlanStatus = "approved"
	PlanDenied     PlanStatus = "denied"
	PlanSuperseded PlanStatus = "superseded" // by a newer plan of the same connections
	PlanDryRun     PlanStatus = "dry run"
)

// Plan is one plan of a case; a case has one, and more when the world moved.
type Plan struct {
	CaseID string
	No     int // from 1, within the case
	Hash   string
	Body   []byte // the canonical JSON that was hashed
	// Connections are those that the plan is about; when nil, those of its steps.
	Connections []string
	Status      PlanStatus
	NeedsWord   bool     // waits for an approval
	Guards      []string // the guards that tripped, in words
	MadeAt      time.Time
	DecidedBy   string
	DecidedAt   time.Time
	DecidedWhy  string
}

// StepState is how a step stands.
type StepState string

// The states of a step.
const (
	StepPending    StepState = "pending"
	StepRunning    StepState = "running" // an intent is written and its result is not
	StepAccepted   StepState = "accepted"
	StepDone       StepState = "done"
	StepBlocked    StepState = "blocked" // refused; a person decides
	StepSkipped    StepState = "skipped" // an earlier step of the account stands in the way
	StepSuperseded StepState = "superseded"
	StepUndone     StepState = "undone" // given back by Restore
)

// Step is a planned step with its state.
type Step struct {
	CaseID    string
	PlanNo    int
	AccountID int64
	Lane      int // index of the lane within the plan
	access.Step
	State     StepState
	Attempts  int
	Already   bool
	Moved     bool   // the name belongs to another account than the planned one
	Words     string // the system's own, of the last attempt
	Blockers  []access.Blocker
	StartedAt time.Time // of the first attempt
	EndedAt   time.Time
	// The rest is about giving back what the step took.
	UndoAttempts int
	Missing      []access.Gap // what could not be given back
	Returned     Returned     // set while what was given back may still be taken again
	UndoneAt     time.Time
}

// Returned is how giving back ended.
type Returned string

// The ways.
const (
	ReturnedRestored Returned = "restored"
	ReturnedAlready  Returned = "already" // it was never gone
)

// Proof is one observation, made after the act.
type Proof struct {
	CaseID    string
	AccountID int64
	Look      int // 1: right after the removal; 2: the second look; ...
	Asked     string
	Answered  string
	Gone      bool
	At        time.Time
}

// Task is something that only a person can do.
type Task struct {
	ID         int64
	CaseID     string
	Key        string // one task for each subject, however often it is reported
	Connection string
	Subject    string // the account, or the connection
	Words      string // the foreign system's own
	Next       string // what a person can do
	Owner      string
	Due        time.Time
	OpenedAt   time.Time
	ClosedAt   time.Time // zero while open
	ClosedBy   string
	ClosedWhy  string
	Reminders  int       // sent since it became overdue
	RemindedAt time.Time // zero: never
}
