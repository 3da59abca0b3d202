package store

import (
	"context"
	"fmt"

	"github.com/severhq/sever/internal/access"
)

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
