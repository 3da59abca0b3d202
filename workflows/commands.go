package workflows

import (
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// What the outside world may say to a running case. Every command is an update: it
// is validated, recorded in the audit trail with its author, and then takes effect.
// Commands carry ids and ordinals, never names of accounts.
const (
	UpdateSubmit   = "submit"
	UpdateApprove  = "approve"
	UpdateDeny     = "deny"
	UpdateHold     = "hold"
	UpdateResume   = "resume"
	UpdateRetry    = "retry"
	UpdateEscalate = "escalate"
	UpdateCancel   = "cancel"
	UpdateWaive    = "waive"
	// UpdateReinstate goes to ReinstatePrincipal; a case that is open refuses it.
	UpdateReinstate = "reinstate"

	QueryProgress = "progress"
)

// HeldAlready is the type of the error by which a case refuses a hold that changes
// nothing. Who only wants it to be held can be content.
const HeldAlready = "HeldAlready"

// Why a case refuses what another moment would allow; types of errors. What is
// Closing is gone in a moment, and the records may say so already; what is Cancelling
// gives back first what it took.
const (
	Closing    = "Closing"
	Cancelling = "Cancelling"
)

// TaskQueue is where the workflows and the activities that keep records run. Each
// connection has a queue of its own for the activities that reach it.
const TaskQueue = "sever"

// WorkflowID makes the cases of one principal exclude each other.
func WorkflowID(p access.PrincipalID) string { return "offboard/" + string(p) }

// PreviewID is the workflow of one dry run. Dry runs exclude nothing.
func PreviewID(caseID string) string { return "preview/" + caseID }

// Submit asks for a principal's access to end. It opens a case, or joins the one
// that is running; a more urgent reason escalates that one.
type Submit struct {
	Case        string             `json:"case"` // a fresh case id, used if a case is opened
	Principal   access.PrincipalID `json:"principal"`
	Policy      plan.Policy        `json:"policy"`
	Requester   string             `json:"requester"`
	Ticket      string             `json:"ticket,omitempty"`
	EffectiveAt time.Time          `json:"effective_at,omitzero"`
	// Successors receive what the leaver owns: account name by connection; the key
	// "" is the default.
	Successors map[string]string `json:"successors,omitempty"`
	// Hold is why the case is held from its beginning: accounts are contained, and
	// nothing is removed until somebody says resume. Empty holds nothing.
	Hold string `json:"hold,omitempty"`
	// Incident is the id of the incident that asks; empty when one case is asked for.
	Incident string `json:"incident,omitempty"`
	// Why is what happened, in words for the trail.
	Why string `json:"why,omitempty"`
}

// about is what a second request adds to the trail of the case that it meets.
func (s Submit) about() string {
	incident := ""
	if s.Incident != "" {
		incident = "incident " + s.Incident
	}
	return strings.Join(strings.Fields(strings.Join([]string{s.Ticket, incident, s.Why}, " ")), " ")
}

// Submitted is the answer to a Submit.
type Submitted struct {
	Case      string `json:"case"`
	Joined    bool   `json:"joined"`    // the case was running already
	Escalated bool   `json:"escalated"` // and this made it more urgent
}

// Decision is what a person says to a case. Which fields count depends on the
// update.
type Decision struct {
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
	// Hash is the whole hash of the plan; of approve and deny.
	Hash string `json:"hash,omitempty"`
	// Policy is the policy that an escalation switches to.
	Policy plan.Policy `json:"policy,omitzero"`
	// Successors are added to those of the case; of retry.
	Successors map[string]string `json:"successors,omitempty"`
	// Account is the id of a case's account; of waive. Connection is the name of a
	// connection that is waived as a whole. One of the two.
	Account    int64  `json:"account,omitempty"`
	Connection string `json:"connection,omitempty"`
}

// Phase is where a case stands, in a word.
type Phase string

// The phases.
const (
	PhaseDiscovering Phase = "discovering"
	PhaseApproval    Phase = "waiting for approval"
	PhaseQuarantine  Phase = "in quarantine" // a guard tripped: a person says why it may go on, or not
	PhaseDate        Phase = "waiting for the effective date"
	PhaseContaining  Phase = "containing"
	PhaseGrace       Phase = "contained; waiting out the grace"
	PhaseLull        Phase = "contained; waiting for the others of the incident"
	PhaseRemoving    Phase = "removing"
	PhaseHeld        Phase = "held"
	PhasePeople      Phase = "waiting for people"
	PhaseSecondLook  Phase = "waiting for the second look"
	PhaseRestoring   Phase = "restoring"
	PhaseClosed      Phase = "closed"
	// Of a closed case.
	PhaseReinstatement Phase = "reinstatement waits for approval"
)

// Progress is the answer to the progress query.
type Progress struct {
	Case         string            `json:"case"`
	Reason       access.Reason     `json:"reason"`
	Phase        Phase             `json:"phase"`
	Status       access.CaseStatus `json:"status"`
	Held         bool              `json:"held"`
	Connections  []Track           `json:"connections"`
	Plans        []PlanState       `json:"plans"`
	SecondLookAt time.Time         `json:"second_look_at,omitzero"`
	GraceUntil   time.Time         `json:"grace_until,omitzero"`
	// Refusals are the last decisions that had no effect, oldest first.
	Refusals []Refusal `json:"refusals,omitempty"`
}

// Result is how a case ended.
type Result struct {
	Case   string            `json:"case"`
	Status access.CaseStatus `json:"status"`
}
