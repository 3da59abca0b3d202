package access

// Reason is why a case was opened. It decides the policy.
type Reason string

// The reasons.
const (
	HR       Reason = "hr"
	Incident Reason = "incident"
	Sweep    Reason = "sweep"
)

// Action is what one step does to one account or grant.
type Action string

// The actions, in the order of the ladder.
const (
	Contain  Action = "contain"
	Rotate   Action = "rotate" // of an account that others go on using: a new credential, and nothing else
	Unlink   Action = "unlink"
	Revoke   Action = "revoke"
	Reassign Action = "reassign"
	Delete   Action = "delete"
	Confirm  Action = "confirm"
	Restore  Action = "restore"
)

// Mode says how hard containing is.
type Mode string

const (
	// Lock keeps the credential, so that a cancel gives back exactly what was.
	Lock Mode = "lock"
	// Kill ends the credential too; it cannot be given back, only replaced.
	Kill Mode = "kill"
)

// Step is one action on one account or grant, as planned.
type Step struct {
	Ordinal  int    `json:"ordinal"` // from 1, within the plan
	Action   Action `json:"action"`
	Account  Ref    `json:"account"`
	Database string `json:"database,omitempty"`
	Object   string `json:"object,omitempty"` // what is unlinked: "role reporting", "pool app"
	Mode     Mode   `json:"mode,omitempty"`   // of Contain
	// Successor receives what the account owns; of Reassign.
	Successor string `json:"successor,omitempty"`
	// Undoes is what a Restore gives back.
	Undoes Action `json:"undoes,omitempty"`
	// Irreversible says what a cancel cannot give back; empty when all of it can.
	Irreversible string `json:"irreversible,omitempty"`
	// Blocked says why this step cannot be carried out as planned. A blocked step
	// is shown and never run; a new plan may unblock it.
	Blocked []Blocker `json:"blocked,omitempty"`
}

// Receipt says what a system did when it was asked to.
type Receipt struct {
	// Already is true when there was nothing left to do.
	Already bool `json:"already,omitempty"`
	// Pending is true when the system accepted the order and has not carried it
	// out yet. Accepted is not done: the step stays open until Look agrees.
	Pending bool `json:"pending,omitempty"`
	// Unseen is true, with Pending, when the system will never show whether it
	// carried the order out. The step then ends as accepted: asking again is no use.
	Unseen bool `json:"unseen,omitempty"`
	// Words are the system's own, scrubbed of secrets.
	Words string `json:"words,omitempty"`
	// RequestID is the system's id of the request, where it has one.
	RequestID string `json:"request_id,omitempty"`
}

// Outcome is how it ended for one account.
type Outcome string

// The outcomes of an account.
const (
	Removed     Outcome = "removed"
	AlreadyGone Outcome = "already_gone"
	Contained   Outcome = "contained"   // cannot log in, and is still there
	Blocked     Outcome = "blocked"     // the system or a guard refused
	Unknown     Outcome = "unknown"     // could not be asked, or the answer has gaps
	Protected   Outcome = "protected"   // may never be touched
	Unsupported Outcome = "unsupported" // the system has no way to do it
	Waived      Outcome = "waived"      // a person accepted it, with a reason
	Reinstated  Outcome = "reinstated"  // was given back
)

// Settled reports whether nobody has to do anything more about it.
func (o Outcome) Settled() bool {
	return o == Removed || o == AlreadyGone || o == Waived || o == Reinstated
}

// CaseStatus is how a case stands.
type CaseStatus string

// The states of a case. All but Open are final.
const (
	CaseOpen       CaseStatus = "open"
	CaseClean      CaseStatus = "clean"
	CaseExceptions CaseStatus = "closed_with_exceptions"
	CaseCancelled  CaseStatus = "cancelled"
	CaseReinstated CaseStatus = "reinstated"
	CaseDryRun     CaseStatus = "dry_run" // looked and planned, and was never meant to act
)

// Support says how well a provider does an action on an engine.
type Support string

// The degrees of support.
const (
	Full    Support = "yes"
	Partial Support = "partly"
	None    Support = "no"
)

// Capability is one cell of the honesty table.
type Capability struct {
	Support Support `json:"support"`
	How     string  `json:"how"` // "NOLOGIN, then pg_terminate_backend"
	// Loses says what a cancel cannot give back after the action, in either mode;
	// empty when all of it can be given back. Plans announce it.
	Loses string `json:"loses,omitempty"`
}

// Capabilities are what a provider can do on one engine. An action that is not
// listed is not supported.
type Capabilities map[Action]Capability

// Can reports whether an action is possible at all.
func (c Capabilities) Can(a Action) bool {
	s, ok := c[a]
	return ok && s.Support != None
}
