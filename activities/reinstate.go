package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// ReinstateInput asks for what a closed case took to be given back.
type ReinstateInput struct {
	Case      string             `json:"case"`
	Principal access.PrincipalID `json:"principal"`
	By        string             `json:"by"`
	Why       string             `json:"why"`
	Ticket    string             `json:"ticket,omitempty"`
	Key       string             `json:"key"`   // of the update that asked
	Phase     string             `json:"phase"` // of the case while it waits
	At        time.Time          `json:"at"`
}

// Reinstatement is the plan of giving back; somebody else has to approve its hash.
type Reinstatement struct {
	No          int           `json:"no"`
	Hash        string        `json:"hash"`
	Steps       int           `json:"steps"`
	Lost        int           `json:"lost,omitempty"` // steps of which something stays lost
	Connections []Covered     `json:"connections"`
	ApprovalTTL time.Duration `json:"approval_ttl,omitempty"`
	RetryEvery  time.Duration `json:"retry_every"`
	Horizon     time.Duration `json:"horizon"`
	Priority    int           `json:"priority"`
}

// PlanReinstatement plans how a closed case is given back, and saves the plan, which
// waits for a person. It refuses a case that is open, that took nothing, whose systems
// this worker does not know, or whose principal is being offboarded again.
func (r *Records) PlanReinstatement(ctx context.Context, in ReinstateInput) (Reinstatement, error) {
	out, err := r.planReinstatement(ctx, in)
	return out, asTemporal(ctx, err)
}

func (r *Records) planReinstatement(ctx context.Context, in ReinstateInput) (Reinstatement, error) {
	c, err := r.store.Case(ctx, in.Case)
	if err != nil {
		return Reinstatement{}, err
	}
	if err := r.mayReinstate(ctx, in); err != nil {
		return Reinstatement{}, err
	}
	policy, err := policyOf(c)
	if err != nil {
		return Reinstatement{}, err
	}
	switch {
	case c.Principal != in.Principal:
		return Reinstatement{}, fmt.Errorf("%w: case %s is about another principal", errBadInput, in.Case)
	case c.Status == access.CaseOpen:
		return Reinstatement{}, refused(fmt.Sprintf("case %s is open: sever cancel %s gives back what it took", c.ID, c.ID))
	case c.Status == access.CaseDryRun:
		return Reinstatement{}, refused(fmt.Sprintf("case %s is a dry run: it took nothing", c.ID))
	}
	// The workflow id keeps an offboarding and this apart. An open case whose workflow is
	// gone, and not taken up again yet, has none.
	switch other, err := r.store.OpenCaseOf(ctx, c.Principal); {
	case err == nil:
		return Reinstatement{}, refused(fmt.Sprintf("case %s of the same principal is open: nothing is given back while access is being taken away", other.ID))
	case !errors.Is(err, store.ErrNotFound):
		return Reinstatement{}, err
	}
	p, connections, err := r.undoPlan(ctx, c)
	if err != nil {
		return Reinstatement{}, err
	}
	out := Reinstatement{Hash: p.Hash(), Steps: len(p.Steps), ApprovalTTL: policy.ApprovalTTL, RetryEvery: policy.RetryEvery, Horizon: policy.Horizon, Priority: policy.Priority}
	for _, s := range p.Steps {
		if s.Irreversible != "" {
			out.Lost++
		}
	}
	for _, name := range connections {
		conn, err := r.connections.For(name)
		if err != nil {
			return Reinstatement{}, refused(fmt.Sprintf("case %s took something at %s, which is not configured here: nobody could give it back", c.ID, name))
		}
		out.Connections = append(out.Connections, Covered{name, conn.Queue()})
	}
	return out, r.store.Do(ctx, func(tx *store.Tx) error {
		saved, err := tx.SaveReinstatement(ctx, store.Plan{CaseID: c.ID, Hash: out.Hash, Body: p.Canonical(), Connections: connections,
			Status: store.PlanWaiting, NeedsWord: true, MadeAt: in.At})
		if err != nil {
			return err
		}
		out.No = saved.No
		words := fmt.Sprintf("gives back %s in %s", access.Count(len(p.Accounts), "account"), access.Count(len(p.Steps), "step"))
		due := orADay(policy.TaskDue)
		if policy.ApprovalTTL > 0 {
			due = min(due, policy.ApprovalTTL) // then it lapses
		}
		if err := tx.OpenTask(ctx, waitingPlan{caseID: c.ID, no: out.No, hash: out.Hash, requester: in.By, comesTo: words, givesBack: true,
			at: in.At, due: in.At.Add(due)}.task(r.roles)); err != nil {
			return err
		}
		if err := tx.SetPhase(ctx, c.ID, in.Phase); err != nil {
			return err
		}
		if err := tx.Append(ctx, audit.Event{Chain: c.ID, Key: "decision/" + in.Key, At: in.At, Kind: audit.DecisionReinstate, Actor: in.By,
			Object: string(c.Principal), Words: in.Why, Data: map[string]any{"ticket": in.Ticket}}); err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: c.ID, Key: activityKey(ctx, "plan"), At: in.At, Kind: audit.PlanMade, Actor: self, Object: fmt.Sprintf("plan %d", out.No),
			Words: words, Data: map[string]any{"hash": out.Hash, "steps": len(p.Steps), "waits_for_approval": true, "reinstates": true}})
	})
}

// undoPlan is the plan of giving back, and the connections that it is about.
func (r *Records) undoPlan(ctx context.Context, c store.Case) (plan.Plan, []string, error) {
	begun, err := r.store.BegunSteps(ctx, c.ID, "")
	if err != nil {
		return plan.Plan{}, nil, err
	}
	if len(begun) == 0 {
		return plan.Plan{}, nil, refused(fmt.Sprintf("there is nothing to give back: case %s took nothing that it has not given back", c.ID))
	}
	accounts, err := r.store.AccountsOf(ctx, c.ID, nil)
	if err != nil {
		return plan.Plan{}, nil, err
	}
	var connections []string
	taken := make([]plan.Taken, len(begun))
	for i, s := range begun {
		taken[i] = plan.Taken{Step: s.Step}
		if at := slices.IndexFunc(accounts, func(a store.CaseAccount) bool { return a.ID == s.AccountID }); at >= 0 {
			taken[i].Engine = accounts[at].Engine
		}
		connections = append(connections, s.Account.Connection)
	}
	slices.Sort(connections)
	return plan.Undo(c.ID, c.Principal, c.Reason, taken), slices.Compact(connections), nil
}
