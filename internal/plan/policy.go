// Package plan holds the decisions: which accounts belong to a principal, what is
// done to them and in which order, what needs a person's word first, and how each
// account ended. Everything in it is a pure function; it asks nothing and changes
// nothing, and workflows may call it.
package plan

import (
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
)

// Approval says when a plan waits for a person other than the requester.
type Approval string

// The rules for approval.
const (
	ApproveGuarded Approval = "when guarded" // only when a guard tripped
	ApproveAlways  Approval = "always"
)

// Policy is what the reason of a case decides. It travels as data with the case,
// so that a change of the defaults never changes a running case.
type Policy struct {
	Reason access.Reason `json:"reason"`
	// Mode is how hard accounts are contained.
	Mode access.Mode `json:"mode"`
	// ContainFirst contains each connection as soon as it has answered, before any
	// gate; otherwise everything is discovered, planned and gated first.
	ContainFirst bool `json:"contain_first"`
	// Approval is the rule for removing; containing under ContainFirst never waits.
	Approval Approval `json:"approval"`
	// Priority of all the work in the queues: 1 is first, 5 is last.
	Priority int `json:"priority"`
	// BatchSize is how many steps one activity takes: 1 reads well in Temporal's
	// pages, 25 to 50 suits large cases. A large lane or a large plan takes 25.
	BatchSize int `json:"batch_size"`
	// Shared is what becomes of accounts that others claim too; empty is SharedTask.
	Shared SharedRule `json:"shared,omitempty"`
	// Patience is how long a plan waits for connections that do not answer; they
	// get a plan of their own when they do.
	Patience time.Duration `json:"patience"`
	// Horizon is how long one piece of work is retried before its lane is parked
	// for a person.
	Horizon time.Duration `json:"horizon"`
	// RetryEvery is how often a parked connection or a blocked step is tried again
	// without anybody asking.
	RetryEvery time.Duration `json:"retry_every"`
	// SecondLook is how long after the first proof everything is looked at again.
	SecondLook time.Duration `json:"second_look"`
	// Grace is how long the accounts stay contained before anything is removed; then
	// it is looked again whether the person is still gone and the accounts are still
	// contained. Zero removes at once.
	Grace time.Duration `json:"grace,omitempty"`
	// ApprovalTTL is how long an approval holds after it was given, or after the
	// effective date and the grace that it was given for. Zero: for ever.
	ApprovalTTL time.Duration `json:"approval_ttl,omitempty"`
	// TaskDue is how long a person has for a task, and how often a reminder is
	// recorded afterwards.
	TaskDue time.Duration `json:"task_due"`
	// MaxAccounts and MaxPercent are the blast radius: the most accounts that one
	// plan may touch, and the largest share of a connection's accounts (looked at
	// from minListed accounts on). Above either the plan waits for a person.
	MaxAccounts int `json:"max_accounts"`
	MaxPercent  int `json:"max_percent"`
	// MaxPerHour and MaxHourPercent are the same for what all cases together do on
	// one connection within an hour, this plan included. A case from before they
	// existed has none set, and asks.
	MaxPerHour     int `json:"max_per_hour"`
	MaxHourPercent int `json:"max_hour_percent"`
}

const (
	largeLane = 100
	// largePlan is how many steps, one to an activity, still fit into one run of a
	// workflow. A plan that does not fit is begun anew before it has removed anything,
	// and where containing cannot be seen it would be contained again, for ever.
	largePlan = 500
	// minListed keeps the share from tripping on a server with a handful of accounts.
	minListed = 20
)

// For is the default policy of a reason; an unknown one is an error. That of a sweep is
// the start of a case which nobody in particular asked for: it comes last, a person reads
// its plan, and the grace is the notice between the mark and the removal.
func For(r access.Reason) (Policy, error) {
	p := Policy{
		Reason:         r,
		Mode:           access.Lock,
		Approval:       ApproveGuarded,
		Priority:       2,
		BatchSize:      1,
		Patience:       20 * time.Second,
		Horizon:        72 * time.Hour,
		RetryEvery:     time.Hour,
		SecondLook:     24 * time.Hour,
		TaskDue:        24 * time.Hour,
		ApprovalTTL:    72 * time.Hour,
		MaxAccounts:    50,
		MaxPercent:     20,
		MaxPerHour:     100,
		MaxHourPercent: 30,
	}
	switch r {
	case access.HR:
	case access.Incident:
		p.Mode = access.Kill
		p.ContainFirst = true
		p.Priority = 1
		p.Horizon = 4 * time.Hour
		p.RetryEvery = 5 * time.Minute
		p.TaskDue = time.Hour
		p.MaxPerHour = 500
	case access.Sweep:
		p.Approval = ApproveAlways
		p.Priority = 5
		p.BatchSize = 25
		p.Patience = 5 * time.Minute
		p.RetryEvery = 6 * time.Hour
		p.TaskDue = 72 * time.Hour
		p.Grace = 7 * 24 * time.Hour
	default:
		return Policy{}, fmt.Errorf("reason %q: choose hr or incident", r)
	}
	return p, nil
}

// Batch is how many steps one activity takes of a lane, in a plan of so many steps.
func (p Policy) Batch(lane, whole int) int {
	if p.BatchSize == 1 && (lane > largeLane || whole > largePlan) {
		return 25
	}
	return max(p.BatchSize, 1)
}

// MoreUrgent reports whether reason a outranks b.
func MoreUrgent(a, b access.Reason) bool {
	rank := map[access.Reason]int{access.Sweep: 1, access.HR: 2, access.Incident: 3}
	return rank[a] > rank[b]
}
