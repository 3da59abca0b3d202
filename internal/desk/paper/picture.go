package paper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// Picture is everything that is on record about one case. Its JSON is what status,
// offboard and the decisions print with --json; fields are added, never renamed.
type Picture struct {
	Case         string             `json:"case"`
	Principal    access.PrincipalID `json:"principal"`
	Name         string             `json:"name,omitempty"`
	Reason       access.Reason      `json:"reason"`
	Status       access.CaseStatus  `json:"status"`
	Phase        string             `json:"phase"`
	Standing     Standing           `json:"standing"`
	Requester    string             `json:"requester"`
	Ticket       string             `json:"ticket,omitempty"`
	EffectiveAt  time.Time          `json:"effective_at,omitzero"`
	OpenedAt     time.Time          `json:"opened_at"`
	ContainedAt  time.Time          `json:"contained_at,omitzero"`
	ProvenAt     time.Time          `json:"proven_at,omitzero"`
	SecondLookAt time.Time          `json:"second_look_at,omitzero"`
	GraceUntil   time.Time          `json:"grace_until,omitzero"` // nothing is removed before
	ClosedAt     time.Time          `json:"closed_at,omitzero"`
	Successors   map[string]string  `json:"successors,omitempty"`
	Connections  []Connection       `json:"connections"`
	Accounts     []Account          `json:"accounts"`
	Plans        []Plan             `json:"plans"`
	Steps        map[string]int     `json:"steps"` // of the plans in force, by state
	Tasks        []Task             `json:"tasks"` // open ones
	// Refusals are the last decisions that had no effect, oldest first.
	Refusals []Refusal `json:"refusals,omitempty"`
}

type Connection struct {
	Name      string                `json:"name"`
	Kind      string                `json:"kind"`
	State     store.ConnectionState `json:"state"`
	Why       string                `json:"why,omitempty"`
	NextTryAt time.Time             `json:"next_try_at,omitzero"`
	Attempts  int                   `json:"attempts"`
	Accounts  int                   `json:"accounts"`
	Grants    int                   `json:"grants"`
}

type Account struct {
	Account  string          `json:"account"`
	Resource string          `json:"resource,omitempty"`
	Engine   string          `json:"engine,omitempty"`
	Evidence access.Evidence `json:"evidence"`
	Exists   bool            `json:"exists"`
	Outcome  access.Outcome  `json:"outcome,omitempty"`
	Why      string          `json:"why,omitempty"`
	Grants   int             `json:"grants"` // when it was found
	ProvenAt time.Time       `json:"proven_at,omitzero"`
	Proof    *Proof          `json:"proof,omitempty"` // the newest
	Label    string          `json:"-"`               // as people tell the accounts of the case apart
}

type Proof struct {
	Look     int       `json:"look"`
	At       time.Time `json:"at"`
	Gone     bool      `json:"gone"`
	Asked    string    `json:"asked"`
	Answered string    `json:"answered"`
}

type Plan struct {
	No          int              `json:"no"`
	Hash        string           `json:"hash"`
	Status      store.PlanStatus `json:"status"`
	Connections []string         `json:"connections"`
	Guards      []string         `json:"guards,omitempty"`
	Supplement  *plan.Supplement `json:"supplement,omitempty"`
	Steps       int              `json:"steps"`
	DecidedBy   string           `json:"decided_by,omitempty"`
	DecidedAt   time.Time        `json:"decided_at,omitzero"`
	DecidedWhy  string           `json:"decided_why,omitempty"`
}

// Quarantined reports whether the plan waits because a guard tripped.
func (k Plan) Quarantined() bool { return k.Status == store.PlanWaiting && len(k.Guards) > 0 }

// Refusal is a decision of somebody who may not take it.
type Refusal struct {
	By       string    `json:"by"`
	Decision string    `json:"decision"`
	Why      string    `json:"why"`
	At       time.Time `json:"at"`
}

type Task struct {
	Key        string    `json:"key"`
	Subject    string    `json:"subject"`
	Connection string    `json:"connection,omitempty"`
	Words      string    `json:"words"`
	Blockers   []Blocker `json:"blockers,omitempty"`
	Next       string    `json:"next"`
	Owner      string    `json:"owner,omitempty"`
	Due        time.Time `json:"due,omitzero"`
}

// Blocker is what stands in the way, and what could be pasted to remove it.
type Blocker struct {
	Object string `json:"object"`
	Why    string `json:"why"`
	Remedy string `json:"remedy,omitempty"`
	// Statements are what would be sent if nothing stood in the way, in words that a
	// person could paste; only where the connection is configured.
	Statements []string    `json:"statements,omitempty"`
	Step       access.Step `json:"-"` // that it blocks
}

// Look reads the whole Case of a case.
func Look(ctx context.Context, s *store.Store, c store.Case) (p Picture, err error) {
	p = Picture{Case: c.ID, Principal: c.Principal, Reason: c.Reason, Status: c.Status, Phase: c.Phase, Requester: c.Requester, Ticket: c.Ticket,
		EffectiveAt: c.EffectiveAt, OpenedAt: c.OpenedAt, ContainedAt: c.ContainedAt, ProvenAt: c.ProvenAt, SecondLookAt: c.SecondLookAt,
		ClosedAt: c.ClosedAt, Successors: c.Successors, Connections: []Connection{}, Accounts: []Account{}, Plans: []Plan{},
		Steps: map[string]int{}, Tasks: []Task{}, Standing: StandingOf(c)}
	var policy plan.Policy
	if err := json.Unmarshal(c.Policy, &policy); err != nil {
		return p, fmt.Errorf("the policy of case %s cannot be read: %w", c.ID, err)
	}
	if policy.Grace > 0 && !c.ContainedAt.IsZero() {
		p.GraceUntil = c.ContainedAt.Add(policy.Grace)
	}
	who, err := s.Principal(ctx, c.Principal)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	p.Name = who.Name
	conns, err := s.ConnectionsOf(ctx, c.ID)
	if err != nil {
		return p, err
	}
	for _, k := range conns {
		p.Connections = append(p.Connections, Connection{k.Connection, k.Kind, k.State, k.Why, k.NextTryAt, k.Attempts, k.Accounts, k.Grants})
	}
	accounts, err := s.AccountsOf(ctx, c.ID, nil)
	if err != nil {
		return p, err
	}
	steps, err := s.StepsOf(ctx, c.ID)
	if err != nil {
		return p, err
	}
	proofs, err := s.ProofsOf(ctx, c.ID)
	if err != nil {
		return p, err
	}
	tasks, err := s.TasksOf(ctx, c.ID)
	if err != nil {
		return p, err
	}
	plans, err := PlansOf(ctx, s, c.ID, steps)
	if err != nil {
		return p, err
	}
	refused, err := s.LastOfKind(ctx, c.ID, audit.DecisionRefused, 10)
	if err != nil {
		return p, err
	}
	for _, r := range refused {
		p.Refusals = append(p.Refusals, Refusal{r.Actor, fmt.Sprint(r.Data["decision"]), r.Words, r.At})
	}
	p.addAccounts(accounts, proofs)
	p.addPlans(plans, steps)
	p.addTasks(tasks, accounts, steps)
	p.Standing = p.Really(time.Now())
	return p, nil
}

// PlansOf are the plans in force, and of the older ones those that were carried out or
// that a person decided, oldest first.
func PlansOf(ctx context.Context, s *store.Store, caseID string, steps []store.Step) ([]store.Plan, error) {
	plans, err := s.LatestPlans(ctx, caseID)
	if err != nil || len(plans) == 0 {
		return nil, err
	}
	have, carriedOut := map[int]bool{}, map[int]bool{}
	newest := 0
	for _, p := range plans {
		have[p.No], newest = true, max(newest, p.No)
	}
	for _, k := range steps {
		if k.Attempts > 0 {
			carriedOut[k.PlanNo] = true
		}
	}
	for no := 1; no < newest; no++ {
		if have[no] {
			continue
		}
		old, err := s.Plan(ctx, caseID, no)
		if err != nil {
			return nil, err
		}
		if carriedOut[no] || old.DecidedBy != "" && old.DecidedBy != "policy" {
			plans = append(plans, old)
		}
	}
	slices.SortFunc(plans, func(a, b store.Plan) int { return a.No - b.No })
	return plans, nil
}

func (p *Picture) addAccounts(accounts []store.CaseAccount, proofs []store.Proof) {
	name := desk.Namer(accounts)
	for _, a := range accounts {
		part := Account{Account: a.Ref.String(), Resource: a.Resource, Label: name(a.Ref), Engine: a.Engine, Evidence: a.Evidence, Exists: a.Exists, Outcome: a.Outcome,
			Why: a.Why, Grants: max(len(a.Before.Grants), len(a.Now.Grants)), ProvenAt: a.ProvenAt}
		for _, f := range proofs { // the last that was written: clocks may be wrong
			if f.AccountID == a.ID {
				part.Proof = &Proof{f.Look, f.At, f.Gone, f.Asked, f.Answered}
			}
		}
		p.Accounts = append(p.Accounts, part)
	}
}

func (p *Picture) addPlans(plans []store.Plan, steps []store.Step) {
	for _, k := range plans {
		var body plan.Plan
		_ = json.Unmarshal(k.Body, &body) // only to be shown; whoever acts on a plan checks its hash
		part := Plan{No: k.No, Hash: k.Hash, Status: k.Status, Connections: k.Connections, Guards: k.Guards, Supplement: body.Supplement,
			DecidedBy: k.DecidedBy, DecidedAt: k.DecidedAt, DecidedWhy: k.DecidedWhy}
		for _, s := range steps {
			if s.PlanNo != k.No {
				continue
			}
			part.Steps++
			if k.Status != store.PlanSuperseded {
				p.Steps[string(s.State)]++
			}
		}
		part.Steps = max(part.Steps, len(body.Steps)) // those of a reinstatement are in the plan alone
		p.Plans = append(p.Plans, part)
	}
}
