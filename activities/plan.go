package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// Plan makes a plan over some connections of a case from what was discovered, and
// saves it with its steps. A plan that stays within the last approved one carries
// that approval on.
func (r *Records) Plan(ctx context.Context, in PlanInput) (Planned, error) {
	out, err := r.plan(ctx, in)
	return out, asTemporal(ctx, err)
}

func (r *Records) plan(ctx context.Context, in PlanInput) (Planned, error) {
	if err := r.endOpen(ctx, in.Case, in.Connections, "it is planned anew from what the system shows"); err != nil {
		return Planned{}, err
	}
	facts, err := r.facts(ctx, in)
	if err != nil {
		return Planned{}, err
	}
	var out Planned
	return out, r.store.Do(ctx, func(tx *store.Tx) error {
		// Plans over one connection are made in turn: each counts those before it.
		if facts.Connections, err = thisHour(ctx, tx, in, facts.Connections); err != nil {
			return err
		}
		out, err = r.planInTurn(ctx, tx, in, facts)
		return err
	})
}

// thisHour adds what all cases began, or are about to begin, within the last hour.
func thisHour(ctx context.Context, tx *store.Tx, in PlanInput, conns []plan.Connection) ([]plan.Connection, error) {
	recent, err := tx.LastHour(ctx, in.Case, in.Connections)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(conns)
	for i := range out {
		out[i].Hour = plan.Hour{Known: true, Accounts: recent[out[i].Name]}
	}
	return out, nil
}

func (r *Records) planInTurn(ctx context.Context, tx *store.Tx, in PlanInput, facts plan.Facts) (Planned, error) {
	p := plan.Make(facts)
	lanes, laneOf := plan.Lanes(p, in.Policy)
	out := Planned{Hash: p.Hash(), Lanes: lanes, NeedsWord: p.NeedsWord(in.Policy) && !in.DryRun, Guards: len(p.Guards), Mutates: p.Mutates()}
	if out.NeedsWord && in.Approved > 0 {
		covered, err := covered(ctx, tx, in, p)
		if err != nil {
			return Planned{}, err
		}
		out.NeedsWord = !covered
	}
	record := store.Plan{CaseID: in.Case, Hash: out.Hash, Body: p.Canonical(), Connections: in.Connections, Status: store.PlanApproved, NeedsWord: out.NeedsWord, Guards: p.Guards, MadeAt: in.At}
	switch {
	case in.DryRun:
		record.Status = store.PlanDryRun
	case out.NeedsWord:
		record.Status = store.PlanWaiting
	}
	steps := make([]store.Step, len(p.Steps))
	for i, s := range p.Steps {
		steps[i] = store.Step{CaseID: in.Case, AccountID: accountID(facts.Accounts, s.Account), Lane: laneOf[i], Step: s, State: store.StepPending}
	}
	saved, err := tx.SavePlan(ctx, record, steps)
	if err != nil {
		return Planned{}, err
	}
	out.No = saved.No
	if out.NeedsWord {
		if err := r.waits(ctx, tx, in, p, out); err != nil {
			return Planned{}, err
		}
	}
	for _, v := range p.Accounts {
		if !v.Act && v.Outcome != access.AlreadyGone {
			if err := tx.SetOutcome(ctx, v.ID, v.Outcome, v.Why); err != nil {
				return Planned{}, err
			}
		}
	}
	if err := r.lapsed(ctx, tx, in, out); err != nil {
		return Planned{}, err
	}
	return out, r.planEvents(ctx, tx, in, p, out)
}

func (r *Records) planEvents(ctx context.Context, tx *store.Tx, in PlanInput, p plan.Plan, out Planned) error {
	untouched, outcomes := []any{}, []any{}
	for _, v := range p.Accounts {
		if v.Act {
			continue
		}
		untouched = append(untouched, fmt.Sprintf("%s: %s (%s)", v.Account, v.Outcome, v.Why))
		if v.Outcome != access.AlreadyGone {
			outcomes = append(outcomes, map[string]any{"account": v.Account.String(), "resource": v.Account.Resource, "outcome": string(v.Outcome)})
		}
	}
	e := audit.Event{
		Chain: in.Case, Key: activityKey(ctx, "plan"), At: in.At, Kind: audit.PlanMade, Actor: self, Object: fmt.Sprintf("plan %d", out.No),
		Words: comesTo(p),
		Data:  map[string]any{"hash": out.Hash, "steps": len(p.Steps), "untouched": untouched, "outcomes": outcomes, "waits_for_approval": out.NeedsWord},
	}
	if out.NeedsWord && out.Guards > 0 {
		e.Data["quarantine"] = true
	}
	if n := len(p.Questions); n > 0 {
		e.Words += "; " + access.Count(n, "question") + " for a person"
	}
	if p.Supplement != nil {
		e.Words += "; " + p.Supplement.String()
		e.Data["supplement_to"] = p.Supplement.To
	}
	if err := tx.Append(ctx, e); err != nil {
		return err
	}
	for i, g := range p.Guards {
		if err := tx.Append(ctx, audit.Event{Chain: in.Case, Key: fmt.Sprintf("%s/guard/%d", e.Key, i), At: in.At, Kind: audit.GuardTripped,
			Actor: self, Object: e.Object, Words: g, Data: map[string]any{"hash": out.Hash}}); err != nil {
			return err
		}
	}
	return nil
}

// facts reads what the plan is made from.
func (r *Records) facts(ctx context.Context, in PlanInput) (plan.Facts, error) {
	c, err := r.store.Case(ctx, in.Case)
	if err != nil {
		return plan.Facts{}, err
	}
	f := plan.Facts{Case: c.ID, Principal: c.Principal, Policy: in.Policy, Successors: c.Successors,
		Delay: plan.Delay{OpenedAt: c.OpenedAt, Since: in.GraceSince, Until: in.GraceUntil}}
	if in.Supplements > 0 {
		f.Supplement = &plan.Supplement{To: in.Supplements, Late: in.Connections}
	}
	if f.Person, err = r.person(ctx, c.Principal); err != nil {
		return plan.Facts{}, err
	}
	conns, err := r.store.ConnectionsOf(ctx, in.Case)
	if err != nil {
		return plan.Facts{}, err
	}
	for _, cc := range conns {
		if !slices.Contains(in.Connections, cc.Connection) {
			continue
		}
		k := plan.Connection{Name: cc.Connection, Kind: cc.Kind, Listed: cc.Listed}
		if cc.State != store.ConnDiscovered {
			k.Unknown = cmp.Or(cc.Why, "it has not answered yet")
		}
		conn, err := r.connections.For(cc.Connection)
		if err != nil {
			return plan.Facts{}, fmt.Errorf("%w: %w", errBadInput, err)
		}
		k.Engines, k.Protected = conn.Spec.Engines, conn.Protected
		f.Connections = append(f.Connections, k)
	}
	heard, err := answersOf(ctx, r.store, c.Principal)
	if err != nil {
		return plan.Facts{}, err
	}
	f.Questions = heard.planned(in.Connections)
	accounts, err := r.store.AccountsOf(ctx, in.Case, in.Connections)
	if err != nil {
		return plan.Facts{}, err
	}
	steps, err := r.store.StepsOf(ctx, in.Case)
	if err != nil {
		return plan.Facts{}, err
	}
	said := rotations(steps)
	for _, a := range accounts {
		if _, no := heard.rejected(a.Ref); no || a.Outcome == access.Waived {
			continue
		}
		known := plan.Account{ID: a.ID, Account: a.Now, Evidence: a.Evidence, Exists: a.Exists, Gaps: a.Gaps, SharedWith: a.SharedWith, Rotated: said[a.ID]}
		known.Ref, known.Engine = a.Ref, a.Engine
		known.Recreated = slices.ContainsFunc(accounts, func(o store.CaseAccount) bool {
			// Not the one that an old link led to and that this case never saw: whether the
			// account of today is hers was a question, and a person has answered it.
			older := o.ForeignID != "" && o.Before.Name == ""
			return o.ID < a.ID && o.Ref.Same(a.Ref) && o.ForeignID != a.ForeignID && !older
		})
		known.WasContained, known.ContainedAs = containedAs(a.ID, steps)
		f.Accounts = append(f.Accounts, known)
	}
	return f, nil
}

// person is what the rosters say about the principal.
func (r *Records) person(ctx context.Context, who access.PrincipalID) (plan.Person, error) {
	s, err := r.store.Standing(ctx, who)
	return plan.Person{Known: s.Known, Active: s.Active, ReturnedAt: s.ReturnedAt, RosterAt: s.RosterAt}, err
}

// lapsed tells why a plan that somebody has approved already needs a word again.
func (r *Records) lapsed(ctx context.Context, tx *store.Tx, in PlanInput, out Planned) error {
	if in.Lapsed == 0 || !out.NeedsWord {
		return nil
	}
	return tx.Append(ctx, audit.Event{Chain: in.Case, Key: fmt.Sprintf("lapsed/%d/%d", in.Lapsed, out.No), At: in.At, Kind: audit.ApprovalLapsed, Actor: self,
		Object: fmt.Sprintf("plan %d", in.Lapsed), Words: fmt.Sprintf("it was approved too long ago; plan %d needs a new word", out.No)})
}

// rotations is what was said of the shared accounts that this case gave a new password.
// A plan must know: every rotation locks out whoever has the password of before.
func rotations(steps []store.Step) map[int64]string {
	said := map[int64]string{}
	for _, s := range steps {
		if rotated(s) {
			said[s.AccountID] = cmp.Or(s.Words, "done")
		}
	}
	return said
}

// covered reports whether the approved plan already contains this one.
func covered(ctx context.Context, tx *store.Tx, in PlanInput, p plan.Plan) (bool, error) {
	old, err := tx.Plan(ctx, in.Case, in.Approved)
	if err != nil {
		return false, err
	}
	var approved plan.Plan
	if err := json.Unmarshal(old.Body, &approved); err != nil {
		return false, fmt.Errorf("plan %d of case %s cannot be read: %w", in.Approved, in.Case, err)
	}
	return approved.Hash() == old.Hash && p.Within(approved), nil
}

func accountID(accounts []plan.Account, ref access.Ref) int64 {
	i := slices.IndexFunc(accounts, func(a plan.Account) bool { return a.Ref == ref })
	return accounts[i].ID // every step is about an account of the facts
}
