package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

const planColumns = `case_id, no, hash, body, connections, status, needs_word, guards, made_at, decided_by, decided_at, decided_why`

func scanPlan(row pgx.CollectableRow) (p Plan, err error) {
	return p, row.Scan(&p.CaseID, &p.No, &p.Hash, &p.Body, &p.Connections, &p.Status, &p.NeedsWord, &p.Guards, &p.MadeAt,
		&p.DecidedBy, intoZero(&p.DecidedAt), &p.DecidedWhy)
}

// SavePlan gives a plan the next number of its case and writes it with its steps.
//
// Unless it is a dry run it takes the place of older plans of its connections:
// their steps that wait (pending, blocked, skipped) are superseded, those that are
// running, accepted or done are not touched, and an older plan of no other
// connections, or one that waits for approval, is superseded itself. A plan that is
// approved without a person was decided by "policy".
func (t *Tx) SavePlan(ctx context.Context, p Plan, steps []Step) (Plan, error) {
	over := t.supersede
	if p.Status == PlanDryRun {
		over = nil
	}
	return t.savePlan(ctx, p, steps, over)
}

// SaveReinstatement writes a plan that gives back what a closed case took. As long as
// nobody has approved it, it takes the place of those only that wait as it does.
func (t *Tx) SaveReinstatement(ctx context.Context, p Plan) (Plan, error) {
	return t.savePlan(ctx, p, nil, func(ctx context.Context, p Plan) error {
		return t.AbandonPlans(ctx, p.CaseID, nil, "", replaced(p.No))
	})
}

// savePlan calls over, unless it is nil, to end what the plan takes the place of.
func (t *Tx) savePlan(ctx context.Context, p Plan, steps []Step, over func(context.Context, Plan) error) (Plan, error) {
	op := "save plan of case " + p.CaseID
	if p.Connections == nil {
		p.Connections = connectionsOf(steps)
	}
	p.Connections, p.Guards = list(p.Connections), list(p.Guards)
	if p.Status == PlanApproved && p.DecidedBy == "" {
		p.DecidedBy, p.DecidedAt = "policy", p.MadeAt
	}
	no, err := t.nextPlan(ctx, p.CaseID)
	if err != nil {
		return p, wrap(op, err)
	}
	p.No = no
	if over != nil {
		if err := over(ctx, p); err != nil {
			return p, wrap(op, err)
		}
	}
	if _, err := t.exec(ctx, op, `
		insert into plans (`+planColumns+`) values
		    (@case_id, @no, @hash, @body, @connections, @status, @needs_word, @guards, @made_at, @decided_by, @decided_at, @decided_why)`,
		pgx.NamedArgs{
			"case_id": p.CaseID, "no": p.No, "hash": p.Hash, "body": string(p.Body), "connections": p.Connections, "status": p.Status,
			"needs_word": p.NeedsWord, "guards": p.Guards, "made_at": p.MadeAt, "decided_by": p.DecidedBy, "decided_at": orNull(p.DecidedAt),
			"decided_why": p.DecidedWhy,
		}); err != nil {
		return p, err
	}
	return p, wrap(op, t.insertSteps(ctx, p, steps))
}

func connectionsOf(steps []Step) []string {
	var out []string
	for _, s := range steps {
		out = append(out, s.Account.Connection)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// nextPlan locks the case, so that plans of one case are numbered in turn.
func (t *Tx) nextPlan(ctx context.Context, caseID string) (int, error) {
	args := pgx.NamedArgs{"case": caseID}
	if _, err := collectOne(ctx, t.tx, "lock the case", pgx.RowTo[string], `select id from cases where id = @case for update`, args); err != nil {
		return 0, err
	}
	return collectOne(ctx, t.tx, "number the plan", pgx.RowTo[int],
		`select coalesce(max(no), 0) + 1 from plans where case_id = @case`, args)
}

// insertSteps copies the steps in; their number is their place in the plan unless
// they have one.
func (t *Tx) insertSteps(ctx context.Context, p Plan, steps []Step) error {
	if len(steps) == 0 {
		return nil
	}
	rows := make([][]any, len(steps))
	for i, s := range steps {
		blocked, err := toJSON(list(s.Blocked))
		if err != nil {
			return err
		}
		rows[i] = []any{p.CaseID, p.No, cmpOr(s.Ordinal, i+1), s.AccountID, s.Lane, string(s.Action), s.Database, s.Object,
			string(s.Mode), s.Successor, s.Irreversible, blocked, string(cmpOr(s.State, StepPending))}
	}
	_, err := t.tx.CopyFrom(ctx, pgx.Identifier{"steps"}, []string{"case_id", "plan_no", "ordinal", "account_id", "lane", "action", "database",
		"object", "mode", "successor", "irreversible", "blocked", "state"}, pgx.CopyFromRows(rows))
	return err
}

// DecidePlan notes a person's word on the waiting plan with this hash, and closes its
// task. The same word by the same person again is no error; another one is ErrDecided.
func (t *Tx) DecidePlan(ctx context.Context, caseID, hash string, status PlanStatus, by, why string) error {
	op := "decide plan of case " + caseID
	decided, err := collect(ctx, t.tx, op, pgx.RowTo[int], `
		update plans set status = @status, decided_by = @by, decided_at = clock_timestamp(), decided_why = @why
		where case_id = @case and hash = @hash and status = 'waiting' returning no`,
		pgx.NamedArgs{"case": caseID, "hash": hash, "status": status, "by": by, "why": why})
	if err != nil {
		return err
	}
	if len(decided) > 0 {
		return t.decidedAbout(ctx, caseID, decided, status, by, why)
	}
	p, err := t.PlanByHash(ctx, caseID, hash)
	if err == nil && (p.Status != status || p.DecidedBy != by) {
		err = fmt.Errorf("%w: plan %d is %s", ErrDecided, p.No, p.Status)
	}
	return wrap(op, err)
}

// Plan is one plan of a case by number.
func (q queries) Plan(ctx context.Context, caseID string, no int) (Plan, error) {
	return collectOne(ctx, q.db, fmt.Sprintf("plan %d of case %s", no, caseID), scanPlan,
		`select `+planColumns+` from plans where case_id = @case and no = @no`, pgx.NamedArgs{"case": caseID, "no": no})
}

// PlanByHash is the newest plan of a case with this hash.
func (q queries) PlanByHash(ctx context.Context, caseID, hash string) (Plan, error) {
	return collectOne(ctx, q.db, "plan of case "+caseID+" by its hash", scanPlan,
		`select `+planColumns+` from plans where case_id = @case and hash = @hash order by no desc limit 1`,
		pgx.NamedArgs{"case": caseID, "hash": hash})
}

// Plans are all plans of a case, oldest first.
func (q queries) Plans(ctx context.Context, caseID string) ([]Plan, error) {
	return collect(ctx, q.db, "plans of case "+caseID, scanPlan,
		`select `+planColumns+` from plans where case_id = @case order by no`, pgx.NamedArgs{"case": caseID})
}

// LatestPlans are the plans of a case that no newer one took the place of, newest
// first.
func (q queries) LatestPlans(ctx context.Context, caseID string) ([]Plan, error) {
	return collect(ctx, q.db, "plans of case "+caseID, scanPlan,
		`select `+planColumns+` from plans where case_id = @case and status <> 'superseded' order by no desc`, pgx.NamedArgs{"case": caseID})
}
