package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// Recalled is what the records know of a case whose workflow is gone: what was asked
// for and what people decided. What has to be done is found out anew.
type Recalled struct {
	Status       access.CaseStatus `json:"status"`
	Policy       plan.Policy       `json:"policy"`
	Requester    string            `json:"requester"`
	Ticket       string            `json:"ticket,omitempty"`
	EffectiveAt  time.Time         `json:"effective_at,omitzero"`
	Successors   map[string]string `json:"successors,omitempty"`
	OpenedAt     time.Time         `json:"opened_at"`
	ContainedAt  time.Time         `json:"contained_at,omitzero"`
	SecondLookAt time.Time         `json:"second_look_at,omitzero"`
	Held         bool              `json:"held,omitempty"`
	Cancelled    bool              `json:"cancelled,omitempty"`
	Waived       []string          `json:"waived,omitempty"` // connections
	Look         int               `json:"look"`             // the number of the last look
	Plans        []RecalledPlan    `json:"plans,omitempty"`  // oldest first
}

// RecalledPlan is one plan of a recalled case.
type RecalledPlan struct {
	No          int       `json:"no"`
	Hash        string    `json:"hash"`
	Connections []string  `json:"connections"`
	Denied      bool      `json:"denied,omitempty"`
	ByPerson    bool      `json:"by_person,omitempty"` // approved by a person's word
	DecidedAt   time.Time `json:"decided_at,omitzero"`
}

// recall reads a case that is on record; nil when it is not.
func (r *Records) recall(ctx context.Context, caseID string) (*Recalled, error) {
	c, err := r.store.Case(ctx, caseID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := &Recalled{Status: c.Status, Requester: c.Requester, Ticket: c.Ticket, EffectiveAt: c.EffectiveAt, Successors: c.Successors,
		OpenedAt: c.OpenedAt, ContainedAt: c.ContainedAt, SecondLookAt: c.SecondLookAt, Look: 1}
	if out.Policy, err = policyOf(c); err != nil {
		return nil, err
	}
	rows := 0
	for row, err := range r.store.Events(ctx, caseID, 1) {
		if err != nil {
			return nil, err
		}
		rows++
		switch row.Kind {
		case audit.DecisionHold:
			out.Held = true
		case audit.DecisionResume:
			out.Held = false
		case audit.DecisionCancel:
			out.Cancelled = true
		}
	}
	if rows <= 1 {
		return nil, nil // it was opened a moment ago, by an attempt whose answer was lost
	}
	return out, r.recallMore(ctx, caseID, out)
}

func (r *Records) recallMore(ctx context.Context, caseID string, out *Recalled) error {
	conns, err := r.store.ConnectionsOf(ctx, caseID)
	if err != nil {
		return err
	}
	for _, c := range conns {
		if c.State == store.ConnWaived {
			out.Waived = append(out.Waived, c.Connection)
		}
	}
	proofs, err := r.store.ProofsOf(ctx, caseID)
	if err != nil {
		return err
	}
	for _, p := range proofs {
		out.Look = max(out.Look, p.Look)
	}
	plans, err := r.store.Plans(ctx, caseID)
	if err != nil {
		return err
	}
	for _, p := range plans {
		byPerson := slices.Contains([]store.PlanStatus{store.PlanApproved, store.PlanSuperseded}, p.Status) && p.NeedsWord && !p.DecidedAt.IsZero()
		out.Plans = append(out.Plans, RecalledPlan{No: p.No, Hash: p.Hash, Connections: p.Connections,
			Denied: p.Status == store.PlanDenied, ByPerson: byPerson, DecidedAt: p.DecidedAt})
	}
	return nil
}

// policyOf is the policy that a case runs under.
func policyOf(c store.Case) (p plan.Policy, err error) {
	if err := json.Unmarshal(c.Policy, &p); err != nil {
		return p, fmt.Errorf("the policy of case %s cannot be read: %w", c.ID, err)
	}
	return p, nil
}

// noteRecall leaves a row in the trail of a case that goes on under another workflow.
func (r *Records) noteRecall(ctx context.Context, in OpenInput) error {
	run := activity.GetInfo(ctx).WorkflowExecution.RunID
	return r.store.Do(ctx, func(tx *store.Tx) error {
		if err := tx.AbandonPlans(ctx, in.Case, nil, self, "the case was taken up again, and is planned anew"); err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: in.Case, Key: "recalled/" + run, At: in.At, Kind: audit.CaseRecalled, Actor: self,
			Object: in.Case, Words: "its workflow was gone; another one goes on from the records"})
	})
}
