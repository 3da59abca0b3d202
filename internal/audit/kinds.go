package audit

// The kinds of event. Kinds are part of what is hashed: one may be added, none may
// change its text.
const (
	// Of a case as a whole.
	CaseOpened    = "case.opened"
	CaseJoined    = "case.joined"    // a second trigger met the open case
	CaseEscalated = "case.escalated" // a more urgent reason took over
	CaseContained = "case.contained" // every planned account is contained
	CaseProven    = "case.proven"    // every account is proven gone
	CaseReopened  = "case.reopened"  // a second look found something
	CaseClosed    = "case.closed"
	CaseRecalled  = "case.recalled" // its workflow was gone; another one took it up
	CaseRefused   = "case.refused"  // requested by somebody who may not; of the house

	// Of one connection in a case.
	ConnectionAsked      = "connection.asked"
	ConnectionDiscovered = "connection.discovered"
	ConnectionUnknown    = "connection.unknown" // it could not be asked
	ConnectionWaived     = "connection.waived"

	// Of a plan.
	PlanMade       = "plan.made"
	PlanApproved   = "plan.approved"
	PlanDenied     = "plan.denied"
	PlanSuperseded = "plan.superseded"
	GuardTripped   = "guard.tripped"
	ApprovalLapsed = "approval.lapsed" // it was given too long ago

	// Of a step. An intent stands before every mutating call and a result after
	// it; an intent without a result is followed by StepInterrupted, and then by a
	// read.
	StepIntent      = "step.intent"
	StepResult      = "step.result"
	StepInterrupted = "step.interrupted"
	StepRefused     = "step.refused" // by ourselves: nothing was sent

	// Of an account.
	AccountProven  = "account.proven"
	AccountOutcome = "account.outcome"

	// Of people.
	DecisionHold      = "decision.hold"
	DecisionResume    = "decision.resume"
	DecisionRetry     = "decision.retry"
	DecisionCancel    = "decision.cancel"
	DecisionWaive     = "decision.waive"
	DecisionReinstate = "decision.reinstate"
	DecisionWithdraw  = "decision.withdraw" // a reinstatement is not wanted any more
	DecisionRefused   = "decision.refused"  // by somebody who may not; it had no effect

	// Of giving access back.
	RestoreIntent   = "restore.intent"
	RestoreResult   = "restore.result"
	SecretDelivered = "secret.delivered" // a new credential went to the secret sink

	// Of tasks that only a person can do.
	TaskOpened   = "task.opened"
	TaskClosed   = "task.closed"
	TaskReminded = "task.reminded" // it is overdue
	NoticeFailed = "notice.failed" // somebody outside could not be told of the case

	// Of sweeps; of the house.
	SweepCreated   = "sweep.created"
	SweepDeleted   = "sweep.deleted"
	SweepPaused    = "sweep.paused"
	SweepResumed   = "sweep.resumed"
	SweepRequested = "sweep.requested" // a run was asked for by hand
	SweepBegun     = "sweep.begun"
	SweepEnded     = "sweep.ended"
	SweepEnforced  = "sweep.enforced" // a case was opened for somebody who has left
	SweepWaited    = "sweep.waited"   // cases that were not opened, and why

	// Of the house.
	UserProvisioned    = "user.provisioned" // by a directory, over SCIM
	UserChanged        = "user.changed"
	UserDeactivated    = "user.deactivated"
	UserReactivated    = "user.reactivated"
	UserDeleted        = "user.deleted"
	UserRefused        = "user.refused" // what a directory asked for made no sense, and changed nothing
	IdentitiesImported = "identities.imported"
	SecretsImported    = "secrets.imported"   // the names of shared secrets, never their values
	IdentityConfirmed  = "identity.confirmed" // a person said that an account is hers
	IdentityRejected   = "identity.rejected"  // a person said that it is not
	RosterImported     = "roster.imported"
	RosterRefused      = "roster.refused"    // it was not believed, and changed nothing
	DeliveryReceived   = "delivery.received" // another system sent something, and it was stored
	DeliveryRepeated   = "delivery.repeated" // the same once more; written the first time
	DeliveryRejected   = "delivery.rejected" // it was not taken, and what it says is not believed
	DeliveryDone       = "delivery.done"     // what it asks for is in the hands of a case
	DeliveryRefused    = "delivery.refused"  // it was taken and cannot be followed; a person has to look
	DeliveryRetried    = "delivery.retried"  // a person had it tried again
	DeliveryDropped    = "delivery.dropped"  // a person said that nothing is to be done
	DoubtRaised        = "doubt.raised"      // what leads to a principal is not to be trusted
	DoubtSettled       = "doubt.settled"     // a person said that it is
	IncidentOpened     = "incident.opened"   // many people at once
	IncidentRefused    = "incident.refused"  // asked for by somebody who may not; nothing was opened
	IncidentEnded      = "incident.ended"    // a case has everybody, or no more is tried
	NoticesRetried     = "notices.retried"   // what could not be told is tried again
	EvidenceRead       = "evidence.read"
	TokenMade          = "token.made"      // somebody may use the HTTP interface
	TokenRevoked       = "token.revoked"   // and may not any more
	RequestRefused     = "request.refused" // over HTTP, by a token that may not; it had no effect
	CheckpointWritten  = "checkpoint.written"
)
