package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/store"
)

// act is what one action does to one step at one provider.
type act func(context.Context, provider.Provider, store.Step) (access.Receipt, error)

// itemTime bounds one step: it outlives a cancellation, so that a step that has
// begun is seen to its end, but not for ever.
const itemTime = 3 * time.Minute

// work carries out a batch of mutating steps, each on its lane. Steps that are finished
// are passed over, so a retry does only what is left. A step that fails does not
// keep the later ones waiting, unless the whole connection is refused or throttled.
func (a *Access) work(ctx context.Context, b Batch, do act) (Tally, error) {
	t, err := a.workBatch(ctx, b, do)
	return t, asTemporal(ctx, err)
}

func (a *Access) workBatch(ctx context.Context, b Batch, do act) (Tally, error) {
	conn, err := a.connections.For(b.Connection)
	if err != nil {
		return Tally{}, fmt.Errorf("%w: %w", errBadInput, err)
	}
	steps, err := a.store.Steps(ctx, b.Case, b.Plan, b.From, b.To)
	if err != nil {
		return Tally{}, err
	}
	if len(steps) == 0 {
		return Tally{}, fmt.Errorf("%w: plan %d of case %s has no steps %d to %d", errBadInput, b.Plan, b.Case, b.From, b.To)
	}
	h := a.holding()
	defer h.release()
	var failed []error
	for _, s := range steps {
		if finished(s) {
			continue
		}
		if err := stopping(ctx); err != nil {
			return Tally{}, err
		}
		lane, err := h.take(ctx, workKey(conn, s))
		if errors.Is(err, store.ErrLaneBusy) && b.Action == access.Contain {
			failed = append(failed, err) // somebody is at this account; the others have lanes of their own
			continue
		}
		if err != nil {
			return Tally{}, errors.Join(append(failed, err)...)
		}
		if err := a.step(ctx, conn.Provider, lane, s, do); err != nil {
			failed = append(failed, err)
			if k := provider.KindOf(err); k == provider.Denied || k == provider.Throttled {
				break
			}
		}
	}
	if len(failed) > 0 {
		return Tally{}, errors.Join(failed...)
	}
	if b.Action == access.Contain {
		if err := a.store.Do(ctx, func(tx *store.Tx) error { return tx.MarkContained(ctx, b.Case, time.Now()) }); err != nil {
			return Tally{}, err
		}
	}
	return a.tally(ctx, b)
}

// step carries out one step: intent, act, result. The intent is committed, on the
// connection that holds the lane's lock, before anything is sent; the result is
// committed together with the step's new state.
func (a *Access) step(ctx context.Context, p provider.Provider, lane *store.Lane, s store.Step, do act) error {
	if len(s.Step.Blocked) > 0 {
		return a.planned(ctx, lane, s)
	}
	if s.Action == access.Rotate {
		if going, err := a.receivable(ctx, lane, s); !going {
			return err
		}
	}
	if s.Action == access.Delete {
		if obstacle, err := a.obstacle(ctx, s); err != nil || obstacle != "" {
			return errors.Join(err, a.skip(ctx, lane, s, obstacle))
		}
	}
	begun, err := a.begin(ctx, p, lane, s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), itemTime)
	defer cancel()
	var receipt access.Receipt
	cause := traced(ctx, "system "+string(s.Action), s.CaseID, s.Account.Connection, func(ctx context.Context) (err error) {
		receipt, err = do(ctx, p, begun)
		return err
	})
	return a.end(ctx, lane, begun, receipt, cause)
}

// begin writes the intent. A step that was begun before and has no result was
// interrupted: the system is read first, and what it says is part of the trail.
func (a *Access) begin(ctx context.Context, p provider.Provider, lane *store.Lane, s store.Step) (store.Step, error) {
	seen := ""
	if s.Attempts > 0 {
		now, err := p.Look(ctx, s.Account)
		if err != nil {
			return s, fmt.Errorf("read %s before repeating %s: %w", s.Account, s.Action, err)
		}
		seen = now.Answered
	}
	err := lane.Do(ctx, func(tx *store.Tx) error {
		if s.State == store.StepRunning {
			if err := tx.Append(ctx, interrupted(s, "the attempt ended without an answer; the system is read before it is repeated")); err != nil {
				return err
			}
		}
		begun, err := tx.BeginStep(ctx, s.CaseID, s.PlanNo, s.Ordinal)
		if err != nil {
			return err
		}
		if begun.Attempts != s.Attempts+1 { // another worker began it while this one waited for the lane
			return fmt.Errorf("%s %s: %w", s.Action, s.Account, errBegunMeanwhile)
		}
		s = begun
		e := stepEvent(s, audit.StepIntent, s.Attempts, "", "")
		if seen != "" {
			e.Data["seen_before_repeating"] = seen
		}
		return tx.Append(ctx, e)
	})
	return s, err
}

// end writes the result. A refusal ends the step as blocked; an order that was
// accepted is asked for again until it is carried out, unless the system will never
// show that; any other error leaves the step to the next attempt and goes on to
// Temporal.
func (a *Access) end(ctx context.Context, lane *store.Lane, s store.Step, r access.Receipt, cause error) error {
	state, outcome, words := store.StepDone, "done", r.Words
	var blockers []access.Blocker
	var again error
	switch {
	case cause != nil && provider.KindOf(cause) == provider.Rejected:
		state, outcome, words = store.StepBlocked, "blocked", cause.Error()
		if e, ok := errors.AsType[*provider.Error](cause); ok {
			blockers = e.Blockers
		}
	case cause != nil:
		state, outcome, words, again = store.StepPending, provider.KindOf(cause).String(), cause.Error(), cause
	case r.Pending && r.Unseen:
		state, outcome = store.StepAccepted, "accepted"
	case r.Pending:
		state, outcome = store.StepPending, "accepted"
		again = fmt.Errorf("%s %s: %w: %s", s.Action, s.Account, errNotYet, words)
	case r.Already:
		outcome = "already"
	}
	ended := s
	ended.State, ended.Words, ended.Blockers, ended.Already = state, words, blockers, r.Already
	ended.Moved = errors.Is(cause, provider.ErrAnotherAccount)
	err := lane.Do(ctx, func(tx *store.Tx) error {
		if err := tx.EndStep(ctx, ended); err != nil {
			return err
		}
		e := stepEvent(s, audit.StepResult, s.Attempts, outcome, words)
		e.RequestID = r.RequestID
		return tx.Append(ctx, e)
	})
	if err != nil {
		return errors.Join(again, fmt.Errorf("write the result of %s %s: %w", s.Action, s.Account, err))
	}
	return again
}

// planned ends a step that the plan itself could not unblock. Nothing is sent.
func (a *Access) planned(ctx context.Context, lane *store.Lane, s store.Step) error {
	s.State, s.Blockers, s.Words = store.StepBlocked, s.Step.Blocked, s.Step.Blocked[0].String()
	return lane.Do(ctx, func(tx *store.Tx) error {
		if err := tx.EndStep(ctx, s); err != nil {
			return err
		}
		return tx.Append(ctx, stepEvent(s, audit.StepRefused, 0, "blocked", s.Words))
	})
}

// passed are the states of a step that no later one waits for. What was accepted and
// will never be shown is among them: the proof at the end does not rest on it.
var passed = []store.StepState{store.StepDone, store.StepAccepted, store.StepSuperseded}

// obstacle is the earlier step of the account that keeps it from being deleted.
func (a *Access) obstacle(ctx context.Context, s store.Step) (string, error) {
	all, err := a.store.Steps(ctx, s.CaseID, s.PlanNo, 1, s.Ordinal-1)
	if err != nil {
		return "", err
	}
	for _, o := range all {
		if o.AccountID == s.AccountID && !slices.Contains(passed, o.State) {
			return fmt.Sprintf("step %d (%s %s) comes first and is %s", o.Ordinal, o.Action, o.Database+o.Object, o.State), nil
		}
	}
	return "", nil
}

func (a *Access) skip(ctx context.Context, lane *store.Lane, s store.Step, why string) error {
	if why == "" {
		return nil
	}
	s.State, s.Words = store.StepSkipped, why
	return lane.Do(ctx, func(tx *store.Tx) error {
		if err := tx.EndStep(ctx, s); err != nil {
			return err
		}
		return tx.Append(ctx, stepEvent(s, audit.StepRefused, 0, "skipped", why))
	})
}

// interrupted is the end of an attempt that has none. Its key is that of the result: it
// is a row only where the result is none.
func interrupted(s store.Step, words string) audit.Event {
	e := stepEvent(s, audit.StepInterrupted, s.Attempts, "interrupted", words)
	e.Key = stepRow(s, s.Attempts, audit.StepResult)
	return e
}

// stepRow is the key of a row about a step.
func stepRow(s store.Step, attempt int, kind string) string {
	return fmt.Sprintf("step/%d/%d/%d/%s", s.PlanNo, s.Ordinal, attempt, kind)
}

// stepEvent is the audit row of a step. Its key is the step, the attempt and the kind:
// writing it twice is writing it once.
func stepEvent(s store.Step, kind string, attempt int, outcome, words string) audit.Event {
	data := map[string]any{"plan": s.PlanNo, "step": s.Ordinal, "action": string(s.Action), "foreign_id": s.Account.ForeignID}
	for name, v := range map[string]string{"resource": s.Account.Resource, "database": s.Database, "object": s.Object, "mode": string(s.Mode), "successor": s.Successor} {
		if v != "" {
			data[name] = v
		}
	}
	return audit.Event{
		Chain: s.CaseID, Key: stepRow(s, attempt, kind), At: time.Now(),
		Kind: kind, Actor: self, Object: s.Account.String(), Attempt: attempt, Outcome: outcome, Words: words, Data: data,
	}
}

func (a *Access) tally(ctx context.Context, b Batch) (Tally, error) {
	steps, err := a.store.Steps(ctx, b.Case, b.Plan, b.From, b.To)
	var t Tally
	for _, s := range steps {
		switch s.State {
		case store.StepDone, store.StepAccepted:
			t.Done++
			continue
		case store.StepBlocked:
			t.Blocked++
		default:
			t.Skipped++
		}
		if s.Moved {
			t.Moved++
		}
	}
	return t, err
}

func finished(s store.Step) bool {
	return s.State != store.StepPending && s.State != store.StepRunning
}
