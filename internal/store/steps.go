package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const stepColumns = `s.case_id, s.plan_no, s.ordinal, s.account_id, s.lane, s.action, s.database, s.object, s.mode, s.successor, s.irreversible,
	s.blocked, s.state, s.attempts, s.already, s.moved, s.words, s.blockers, s.started_at, s.ended_at, s.undo_attempts, s.missing, s.returned, s.undone_at,
	a.connection, a.resource, a.name, a.host, a.foreign_id`

const stepTables = ` from steps s join case_accounts a on a.id = s.account_id `

func scanStep(row pgx.CollectableRow) (s Step, err error) {
	return s, row.Scan(&s.CaseID, &s.PlanNo, &s.Ordinal, &s.AccountID, &s.Lane, &s.Action, &s.Database, &s.Object, &s.Mode, &s.Successor, &s.Irreversible,
		&s.Blocked, &s.State, &s.Attempts, &s.Already, &s.Moved, &s.Words, &s.Blockers, intoZero(&s.StartedAt), intoZero(&s.EndedAt),
		&s.UndoAttempts, &s.Missing, &s.Returned, intoZero(&s.UndoneAt),
		&s.Account.Connection, &s.Account.Resource, &s.Account.Name, &s.Account.Host, &s.Account.ForeignID)
}

// Steps are the steps of a plan whose numbers are from..to, both included.
func (q queries) Steps(ctx context.Context, caseID string, planNo, from, to int) ([]Step, error) {
	return collect(ctx, q.db, fmt.Sprintf("steps of plan %d of case %s", planNo, caseID), scanStep,
		`select `+stepColumns+stepTables+`
		where s.case_id = @case and s.plan_no = @plan and s.ordinal between @from and @to order by s.ordinal`,
		pgx.NamedArgs{"case": caseID, "plan": planNo, "from": from, "to": to})
}

// StepsOf are all steps of all plans of a case, oldest plan first.
func (q queries) StepsOf(ctx context.Context, caseID string) ([]Step, error) {
	return collect(ctx, q.db, "steps of case "+caseID, scanStep,
		`select `+stepColumns+stepTables+` where s.case_id = @case order by s.plan_no, s.ordinal`, pgx.NamedArgs{"case": caseID})
}

// BegunSteps are the steps of a case at one connection, or at all of them when
// connection is empty, that were begun and not given back: what an undo has to go
// through, newest first. A step without an answer is among them, for it may have
// been carried out, and so is one that was refused half-way.
func (q queries) BegunSteps(ctx context.Context, caseID, connection string) ([]Step, error) {
	return collect(ctx, q.db, "begun steps of case "+caseID, scanStep,
		`select `+stepColumns+stepTables+`
		where s.case_id = @case and (@connection = '' or a.connection = @connection)
		  and s.attempts > 0 and s.state <> 'undone' and s.action <> 'confirm'
		order by s.plan_no desc, s.ordinal desc`,
		pgx.NamedArgs{"case": caseID, "connection": connection})
}

// OpenSteps are the steps of a case at some connections, or at all of them when there is
// none, of which an attempt has no end: it is being made, or whoever made it will never say
// how it went.
func (q queries) OpenSteps(ctx context.Context, caseID string, connections []string) ([]Step, error) {
	return collect(ctx, q.db, "open steps of case "+caseID, scanStep,
		`select `+stepColumns+stepTables+`
		where s.case_id = @case and s.state = 'running' and (@all or a.connection = any(@connections))
		order by s.plan_no, s.ordinal`,
		pgx.NamedArgs{"case": caseID, "connections": list(connections), "all": len(connections) == 0})
}

// Supersede ends a running step without an answer, so that no attempt of it can begin any
// more. It reports false when another attempt has begun meanwhile, or this one has ended.
func (t *Tx) Supersede(ctx context.Context, s Step) (bool, error) {
	args := stepArgs(s.CaseID, s.PlanNo, s.Ordinal)
	args["attempts"] = s.Attempts
	n, err := t.exec(ctx, stepOp("supersede", s.CaseID, s.PlanNo, s.Ordinal), `
		update steps set state = 'superseded'
		where case_id = @case and plan_no = @plan and ordinal = @ordinal and state = 'running' and attempts = @attempts`, args)
	return n > 0, err
}

// BeginStep counts an attempt and makes the step running, just before it is sent.
//
// Only a step that waits, is running already (its last attempt was interrupted) or
// was accepted may begin; any other is ErrStepOver. A waiting step may begin only
// under an approved plan, or to contain under one that waits for approval; else it
// is ErrNotPlanned. The step is returned as it is now.
func (t *Tx) BeginStep(ctx context.Context, caseID string, planNo, ordinal int) (Step, error) {
	op := stepOp("begin", caseID, planNo, ordinal)
	begun, err := collect(ctx, t.tx, op, scanStep, `
		update steps s
		set state = 'running', attempts = s.attempts + 1, started_at = coalesce(s.started_at, clock_timestamp()), tried_at = clock_timestamp(), ended_at = null
		from plans p, case_accounts a
		where s.case_id = @case and s.plan_no = @plan and s.ordinal = @ordinal
		  and p.case_id = s.case_id and p.no = s.plan_no and a.id = s.account_id
		  and (s.state in ('running', 'accepted')
		    or s.state = 'pending' and (p.status = 'approved' or p.status = 'waiting' and s.action = 'contain'))
		returning `+stepColumns, stepArgs(caseID, planNo, ordinal))
	if err != nil {
		return Step{}, err
	}
	if len(begun) == 0 {
		return Step{}, t.whyNot(ctx, op, caseID, planNo, ordinal)
	}
	return begun[0], nil
}

// whyNot says why a step may not begin.
func (t *Tx) whyNot(ctx context.Context, op, caseID string, planNo, ordinal int) error {
	s, err := t.step(ctx, op, caseID, planNo, ordinal)
	if err != nil {
		return err
	}
	if s.State != StepPending {
		return fmt.Errorf("%s: %w: it is %s", op, ErrStepOver, s.State)
	}
	p, err := t.Plan(ctx, caseID, planNo)
	if err != nil {
		return wrap(op, err)
	}
	return fmt.Errorf("%s: %w: plan %d is %s", op, ErrNotPlanned, planNo, p.Status)
}

// EndStep writes how an attempt ended: the State, Already, Moved, Words and Blockers
// of the step. The state pending puts it back for another attempt.
//
// A step that was not begun may end too: as blocked or skipped because nothing was
// sent, or as done because it only looks. Ending a step as it ended before is no
// error; ending it otherwise is ErrStepOver.
func (t *Tx) EndStep(ctx context.Context, s Step) error {
	op := stepOp("end", s.CaseID, s.PlanNo, s.Ordinal)
	blockers, err := toJSON(list(s.Blockers))
	if err != nil {
		return wrap(op, err)
	}
	args := stepArgs(s.CaseID, s.PlanNo, s.Ordinal)
	args["state"], args["already"], args["moved"], args["words"], args["blockers"] = s.State, s.Already, s.Moved, words(s.Words), blockers
	n, err := t.exec(ctx, op, `
		update steps set state = @state, already = @already, moved = @moved, words = @words, blockers = @blockers::text::jsonb,
		    ended_at = case when @state = 'pending' then null else clock_timestamp() end
		where case_id = @case and plan_no = @plan and ordinal = @ordinal and state in ('pending', 'running', 'accepted')`, args)
	if err != nil || n > 0 {
		return err
	}
	was, err := t.step(ctx, op, s.CaseID, s.PlanNo, s.Ordinal)
	if err == nil && was.State != s.State {
		err = fmt.Errorf("%s as %s: %w: it is %s", op, s.State, ErrStepOver, was.State)
	}
	return err
}

// ReopenSteps puts steps that were refused or skipped back to wait, in the plans in
// force for the connections: a person said to try again. Steps that were planned as
// blocked stay so. It says how many it put back.
func (t *Tx) ReopenSteps(ctx context.Context, caseID string, connections []string) (int, error) {
	n, err := t.exec(ctx, "try steps of case "+caseID+" again", `
		update steps s set state = 'pending', moved = false, ended_at = null
		from case_accounts a, plans p
		where s.case_id = @case and s.state in ('blocked', 'skipped') and s.blocked = '[]'
		  and a.id = s.account_id and a.connection = any(@connections)
		  and p.case_id = s.case_id and p.no = s.plan_no and p.status = 'approved'`,
		pgx.NamedArgs{"case": caseID, "connections": list(connections)})
	return int(n), err
}

func (q queries) step(ctx context.Context, op, caseID string, planNo, ordinal int) (Step, error) {
	return collectOne(ctx, q.db, op, scanStep,
		`select `+stepColumns+stepTables+` where s.case_id = @case and s.plan_no = @plan and s.ordinal = @ordinal`, stepArgs(caseID, planNo, ordinal))
}

func (t *Tx) lockStep(ctx context.Context, op, caseID string, planNo, ordinal int) (Step, error) {
	return collectOne(ctx, t.tx, op, scanStep,
		`select `+stepColumns+stepTables+` where s.case_id = @case and s.plan_no = @plan and s.ordinal = @ordinal for update of s`,
		stepArgs(caseID, planNo, ordinal))
}

func stepArgs(caseID string, planNo, ordinal int) pgx.NamedArgs {
	return pgx.NamedArgs{"case": caseID, "plan": planNo, "ordinal": ordinal}
}

func stepOp(verb, caseID string, planNo, ordinal int) string {
	return fmt.Sprintf("%s step %d of plan %d of case %s", verb, ordinal, planNo, caseID)
}
