package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Unsettled are the accounts of a case at one connection to which something was sent that
// may still be on its way, and how long ago the last of it was sent, by the clock of the
// records. That is every account with a step that has no end, or that took more than one
// attempt: what was sent first may arrive last. Steps that were given back count as well.
func (q queries) Unsettled(ctx context.Context, caseID, connection string) (map[int64]time.Duration, error) {
	op := "what may still be on its way to " + connection + " in case " + caseID
	type sent struct {
		account int64
		ago     time.Duration
	}
	all, err := collect(ctx, q.db, op, func(row pgx.CollectableRow) (s sent, err error) { return s, row.Scan(&s.account, &s.ago) }, `
		select s.account_id, greatest(clock_timestamp() - max(s.tried_at), interval '0')`+stepTables+`
		where s.case_id = @case and a.connection = @connection and s.action <> 'confirm'
		  and s.attempts > 0 and (s.ended_at is null or s.attempts > 1)
		group by s.account_id`, pgx.NamedArgs{"case": caseID, "connection": connection})
	out := make(map[int64]time.Duration, len(all))
	for _, s := range all {
		out[s.account] = s.ago
	}
	return out, err
}

// BeginUndo counts an attempt to give back what a step took, and says which attempt
// it is. A step that was never begun, or is given back already, is ErrStepOver.
func (t *Tx) BeginUndo(ctx context.Context, s Step) (int, error) {
	op := stepOp("undo", s.CaseID, s.PlanNo, s.Ordinal)
	was, err := t.lockStep(ctx, op, s.CaseID, s.PlanNo, s.Ordinal)
	if err != nil {
		return 0, err
	}
	if was.Attempts == 0 || was.State == StepUndone {
		return 0, fmt.Errorf("%s: %w: it is %s", op, ErrStepOver, was.State)
	}
	_, err = t.exec(ctx, op, `
		update steps set undo_attempts = undo_attempts + 1
		where case_id = @case and plan_no = @plan and ordinal = @ordinal`, stepArgs(s.CaseID, s.PlanNo, s.Ordinal))
	return was.UndoAttempts + 1, err
}

// EndUndo notes that what a step took was given back, in the system's words, and
// what of it could not be. The state is StepUndone; any other keeps the step as it
// is and notes the words only.
func (t *Tx) EndUndo(ctx context.Context, s Step, state StepState, said string, missing []access.Gap) error {
	op := stepOp("end the undo of", s.CaseID, s.PlanNo, s.Ordinal)
	gaps, err := toJSON(list(missing))
	if err != nil {
		return wrap(op, err)
	}
	args := stepArgs(s.CaseID, s.PlanNo, s.Ordinal)
	args["undone"], args["words"], args["missing"] = state == StepUndone, words(said), gaps
	n, err := t.exec(ctx, op, `
		update steps set words = @words, missing = @missing::text::jsonb,
		    state = case when @undone then 'undone' else state end,
		    undone_at = case when @undone then coalesce(undone_at, clock_timestamp()) else undone_at end
		where case_id = @case and plan_no = @plan and ordinal = @ordinal`, args)
	if err == nil && n == 0 {
		err = wrap(op, ErrNotFound)
	}
	return err
}

// Returned notes that what a step took was given back, as EndUndo does, while something
// that was sent before may still take it again: the step is not undone yet.
func (t *Tx) Returned(ctx context.Context, s Step, how Returned, said string, missing []access.Gap) error {
	if err := t.EndUndo(ctx, s, s.State, said, missing); err != nil {
		return err
	}
	op := stepOp("watch the undo of", s.CaseID, s.PlanNo, s.Ordinal)
	args := stepArgs(s.CaseID, s.PlanNo, s.Ordinal)
	args["how"] = how
	_, err := t.exec(ctx, op, `update steps set returned = @how where case_id = @case and plan_no = @plan and ordinal = @ordinal`, args)
	return err
}

// TakenAgain notes that an account that had been given back is gone once more, and with it
// all that was given back to it. It says how many steps were undone and are not any more.
func (t *Tx) TakenAgain(ctx context.Context, caseID string, account int64) (int, error) {
	args := pgx.NamedArgs{"case": caseID, "account": account}
	op := fmt.Sprintf("give back once more what case %s took", caseID)
	if _, err := t.exec(ctx, op, `update steps set returned = '' where case_id = @case and account_id = @account and returned <> ''`, args); err != nil {
		return 0, err
	}
	n, err := t.exec(ctx, op, `
		update steps set state = 'done', undone_at = null
		where case_id = @case and account_id = @account and state = 'undone' and action not in ('delete', 'confirm')`, args)
	return int(n), err
}
