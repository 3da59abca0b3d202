package evidence

import (
	"encoding/json"
	"time"

	"github.com/severhq/sever/internal/access"
)

// Case is case.json: what is on record about the case as a whole. Names and mail
// addresses of the principal are left out; the id is enough to find the person.
type Case struct {
	ID           string             `json:"id"`
	Principal    access.PrincipalID `json:"principal"`
	Reason       access.Reason      `json:"reason"`
	Requester    string             `json:"requester"`
	Ticket       string             `json:"ticket,omitempty"`
	Status       access.CaseStatus  `json:"status"`
	Phase        string             `json:"phase,omitempty"`
	Successors   map[string]string  `json:"successors,omitempty"` // by connection; "" is the default
	Policy       json.RawMessage    `json:"policy,omitempty"`
	EffectiveAt  time.Time          `json:"effective_at,omitzero"`
	OpenedAt     time.Time          `json:"opened_at"`
	ContainedAt  time.Time          `json:"contained_at,omitzero"`
	ProvenAt     time.Time          `json:"proven_at,omitzero"`
	SecondLookAt time.Time          `json:"second_look_at,omitzero"`
	ClosedAt     time.Time          `json:"closed_at,omitzero"`
	Connections  []Connection       `json:"connections"`
	Plans        []Plan             `json:"plans"`
}

// Connection is how one connection stands within the case.
type Connection struct {
	Name         string    `json:"name"`
	Kind         string    `json:"kind"`
	State        string    `json:"state"` // "discovered" when it answered, "waived", else it is unknown
	Why          string    `json:"why,omitempty"`
	NextTryAt    time.Time `json:"next_try_at,omitzero"`
	Attempts     int       `json:"attempts"`
	Listed       int       `json:"listed"`
	Accounts     int       `json:"accounts"`
	Grants       int       `json:"grants"`
	DiscoveredAt time.Time `json:"discovered_at,omitzero"`
}

// Plan is what is known of a plan. Its text, exactly as it was hashed, is the file
// plans/NO.json.
type Plan struct {
	No          int       `json:"no"`
	Hash        string    `json:"hash"` // SHA-256 of the file
	Status      string    `json:"status"`
	Connections []string  `json:"connections,omitempty"`
	NeedsWord   bool      `json:"needs_word"` // waits, or waited, for an approval
	Guards      []string  `json:"guards,omitempty"`
	MadeAt      time.Time `json:"made_at"`
	DecidedBy   string    `json:"decided_by,omitempty"` // "policy" when no person had to
	DecidedAt   time.Time `json:"decided_at,omitzero"`
	DecidedWhy  string    `json:"decided_why,omitempty"`
	Body        []byte    `json:"-"`
}

// Account is one account that the case found, in accounts.json.
type Account struct {
	ID int64 `json:"id"` // what steps and proofs name
	access.Ref
	Engine     string               `json:"engine,omitempty"`
	Evidence   access.Evidence      `json:"evidence"`
	Exists     bool                 `json:"exists"` // when last seen
	Outcome    access.Outcome       `json:"outcome,omitempty"`
	Why        string               `json:"why,omitempty"`
	Attributes map[string]string    `json:"attributes,omitempty"`
	Grants     []access.Grant       `json:"grants"` // when it was first found
	Gaps       []access.Gap         `json:"gaps,omitempty"`
	SharedWith []access.PrincipalID `json:"shared_with,omitempty"`
	SeenAt     time.Time            `json:"seen_at,omitzero"`
	ProvenAt   time.Time            `json:"proven_at,omitzero"`
}

// Step is a planned step with how it ended, in steps.json.
type Step struct {
	Plan      int   `json:"plan"`
	AccountID int64 `json:"account_id"`
	access.Step
	State        string           `json:"state"`
	Attempts     int              `json:"attempts"`
	Already      bool             `json:"already,omitempty"`
	Words        string           `json:"words,omitempty"`
	Blockers     []access.Blocker `json:"blockers,omitempty"`
	StartedAt    time.Time        `json:"started_at,omitzero"`
	EndedAt      time.Time        `json:"ended_at,omitzero"`
	UndoAttempts int              `json:"undo_attempts,omitempty"`
	Missing      []access.Gap     `json:"missing,omitempty"` // what could not be given back
	UndoneAt     time.Time        `json:"undone_at,omitzero"`
}

// Proof is an observation made after the act, in proofs.json.
type Proof struct {
	AccountID int64     `json:"account_id"`
	Account   string    `json:"account"`
	Look      int       `json:"look"` // 1: right after the removal; 2: the second look; ...
	At        time.Time `json:"at"`
	Gone      bool      `json:"gone"`
	Asked     string    `json:"asked"`
	Answered  string    `json:"answered"`
}

// Task is something that only a person can do, in tasks.json.
type Task struct {
	Subject    string    `json:"subject"`
	Connection string    `json:"connection,omitempty"`
	Words      string    `json:"words,omitempty"`
	Next       string    `json:"next,omitempty"`
	Owner      string    `json:"owner,omitempty"`
	Due        time.Time `json:"due,omitzero"`
	OpenedAt   time.Time `json:"opened_at"`
	ClosedAt   time.Time `json:"closed_at,omitzero"`
	ClosedBy   string    `json:"closed_by,omitempty"`
	ClosedWhy  string    `json:"closed_why,omitempty"`
}
