package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
)

// Restore gives back what a case took at one connection, step by step and in
// reverse order. It restores every step that was begun, for a step without an
// answer may have been carried out. What cannot be given back is recorded and
// counted, and becomes a task for a person; it stops nothing.
func (a *Access) Restore(ctx context.Context, in RestoreInput) (Restored, error) {
	r, err := a.restoreAll(ctx, in)
	return r, asTemporal(ctx, err)
}

func (a *Access) restoreAll(ctx context.Context, in RestoreInput) (Restored, error) {
	conn, err := a.connections.For(in.Connection)
	if err != nil {
		return Restored{}, fmt.Errorf("%w: %w", errBadInput, err)
	}
	steps, err := a.store.BegunSteps(ctx, in.Case, in.Connection)
	if err != nil {
		return Restored{}, err
	}
	sent, err := a.store.Unsettled(ctx, in.Case, in.Connection)
	if err != nil {
		return Restored{}, err
	}
	// Each resource has its lane: what is given back on one must not meet another
	// case's removal there.
	h := a.holding()
	defer h.release()
	var out Restored
	var failed []error
	stopped := map[int64]bool{} // accounts of which a later step is not given back yet
	for i, s := range steps {
		if err := stopping(ctx); err != nil {
			return Restored{}, err
		}
		if stopped[s.AccountID] {
			continue
		}
		missing, err := a.giveBack(ctx, conn, h, s, twin(s, steps[:i], steps[i+1:]), doubtOf(s, sent, conn))
		out.Missing += missing
		if err == nil {
			out.Steps++
			continue
		}
		// Its earlier steps wait for this one, unless it was given back and is only looked
		// at again; other accounts do not.
		stopped[s.AccountID] = !errors.As(err, new(unsettledError))
		failed = append(failed, err)
		if k := provider.KindOf(err); k == provider.Denied || k == provider.Throttled {
			break
		}
	}
	if len(failed) > 0 {
		return Restored{}, errors.Join(failed...)
	}
	return out, a.reinstated(ctx, in)
}

// giveBack undoes one step in its lane, or leaves it to its twin in an older plan.
func (a *Access) giveBack(ctx context.Context, conn *catalog.Connection, h *holding, s store.Step, twin int, d doubt) (missing int, err error) {
	lane, err := h.take(ctx, laneKey(conn.Name, s))
	switch {
	case err != nil:
		return 0, err
	case twin > 0:
		return 0, a.passOver(ctx, lane, s, twin)
	}
	return a.restore(ctx, conn, lane, s, d)
}

// twin is another plan of those that are to be undone that did the same to the same
// account; zero if there is none. A case that tried again for days did it many times: it
// is given back once. An account is made again with the newest, before anything else of
// it comes back; the rest comes back with the oldest, so that it is opened last.
func twin(s store.Step, newer, older []store.Step) (plan int) {
	among := older
	if s.Action == access.Delete {
		among = newer
	}
	i := slices.IndexFunc(among, func(o store.Step) bool {
		return o.AccountID == s.AccountID && o.Action == s.Action && o.Database == s.Database && o.Object == s.Object && o.Mode == s.Mode && o.Successor == s.Successor
	})
	if i < 0 {
		return 0
	}
	return among[i].PlanNo
}

// passOver ends a step that has a twin. Nothing is sent.
func (a *Access) passOver(ctx context.Context, lane *store.Lane, s store.Step, twin int) error {
	words := fmt.Sprintf("given back with the same step of plan %d", twin)
	return lane.Do(ctx, func(tx *store.Tx) error {
		if err := a.noAnswer(ctx, tx, s); err != nil {
			return err
		}
		if err := tx.EndUndo(ctx, s, store.StepUndone, words, nil); err != nil {
			return err
		}
		return tx.Append(ctx, a.undoEvent(s, audit.StepRefused, 0, "skipped", words))
	})
}

// noAnswer ends the attempt of a step that a worker died with: nobody will repeat it,
// and its intent must not stay without an end.
func (a *Access) noAnswer(ctx context.Context, tx *store.Tx, s store.Step) error {
	if s.State != store.StepRunning {
		return nil
	}
	return tx.Append(ctx, a.interrupted(s, "the attempt ended without an answer; it is given back as if it had been carried out"))
}

// restore undoes one step: intent, act, secret to the sink, result.
func (a *Access) restore(ctx context.Context, conn *catalog.Connection, lane *store.Lane, s store.Step, d doubt) (missing int, err error) {
	acct, err := a.store.Account(ctx, s.AccountID)
	if err != nil {
		return 0, err
	}
	// A re-created account has a new id; every further step is about that one.
	s.Account = acct.Ref
	gone, err := d.gone(ctx, conn.Provider, s)
	if err != nil {
		return 0, err
	}
	n, lost := 0, 0
	if err := lane.Do(ctx, func(tx *store.Tx) error {
		n, err = tx.BeginUndo(ctx, s)
		if err != nil {
			return err
		}
		if gone {
			if lost, err = tx.TakenAgain(ctx, s); err != nil {
				return err
			}
		}
		if err := a.noAnswer(ctx, tx, s); err != nil {
			return err
		}
		if n > 1 {
			// Under the key of the result: it is a row only where the result is none.
			e := a.undoEvent(s, audit.StepInterrupted, n-1, "interrupted", "the attempt to give it back ended without an answer")
			e.Key = undoRow(s, n-1, audit.RestoreResult)
			if err := tx.Append(ctx, e); err != nil {
				return err
			}
		}
		return tx.Append(ctx, a.undoEvent(s, audit.RestoreIntent, n, "", ""))
	}); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), itemTime)
	defer cancel()
	var done provider.Restored
	cause := traced(ctx, "system restore", s.CaseID, s.Account.Connection, func(ctx context.Context) (err error) {
		done, err = undo(ctx, conn.Provider, acct.Before, s)
		return err
	})
	if done.Secret != "" {
		words, err := a.deliver(ctx, s, a.undoEvent(s, audit.SecretDelivered, n, "delivered", ""), done.Secret, "")
		if err != nil {
			cause = err // nobody has it; the next attempt makes another one
		}
		done.Words = joinWords(done.Words, words)
	}
	if cause == nil && done.Pending && !done.Unseen {
		cause = fmt.Errorf("restore %s: %w: %s", s.Account, errNotYet, done.Words)
	}
	if cause == nil {
		cause = d.again(s, done)
	}
	if late := d.late(s, done); late != nil {
		done.Missing = append(done.Missing, *late)
	}
	if cause == nil && unrecorded(acct.Before, s) {
		done.Missing = append(done.Missing, access.Gap{Object: targetWords(s),
			Why: "it was given while the case ran, and it was taken before anybody recorded what it was"})
	}
	state, outcome, words := store.StepUndone, "restored", done.Words
	switch {
	case cause != nil && provider.KindOf(cause) == provider.Rejected:
		// A refused undo is not undone: the step stays as it was, with what is missing.
		state, outcome, words = s.State, "blocked", cause.Error()
		done.Missing = append(done.Missing, access.Gap{Object: s.Account.String(), Why: cause.Error()})
	case cause != nil:
		kind := provider.KindOf(cause).String()
		if errors.Is(cause, errNotYet) {
			kind = "accepted"
		}
		return 0, errors.Join(cause, lane.Do(ctx, func(tx *store.Tx) error {
			if kind != "accepted" && kind != provider.Throttled.String() {
				if err := stuck(ctx, tx, conn, s, cause.Error()); err != nil {
					return err
				}
			}
			if done.ForeignID != "" { // what was made is known, whatever came after
				if err := tx.SetForeignID(ctx, acct.ID, done.ForeignID); err != nil {
					return err
				}
			}
			return tx.Append(ctx, a.undoEvent(s, audit.RestoreResult, n, kind, cause.Error()))
		}))
	case len(done.Missing) > 0:
		outcome = "partly"
	case done.Already:
		outcome = "already"
	}
	err = lane.Do(ctx, func(tx *store.Tx) error {
		if done.ForeignID != "" {
			if err := tx.SetForeignID(ctx, acct.ID, done.ForeignID); err != nil {
				return err
			}
		}
		if err := tx.EndUndo(ctx, s, state, words, done.Missing); err != nil {
			return err
		}
		e := a.undoEvent(s, audit.RestoreResult, n, outcome, words)
		for i, m := range done.Missing {
			e.Data[fmt.Sprintf("missing_%d", i+1)] = m.Object + ": " + m.Why
		}
		return tx.Append(ctx, e)
	})
	if err == nil && lost > 0 {
		err = fmt.Errorf("restore %s: %w: it had been deleted once more; what was given back before, %d steps, is given back again", s.Account, errNotYet, lost)
	}
	return len(done.Missing), err
}

// unrecorded reports whether a step took what the account did not have when it was first
// seen: nothing tells what to give back.
func unrecorded(before access.Account, s store.Step) bool {
	switch {
	case s.State != store.StepDone || s.Already:
		return false
	case s.Action == access.Unlink:
		return !slices.ContainsFunc(before.Grants, func(g access.Grant) bool { return g.Database == s.Database && g.Object == s.Object })
	case s.Action == access.Revoke || s.Action == access.Reassign:
		return !slices.ContainsFunc(before.Grants, func(g access.Grant) bool { return g.Database == s.Database })
	}
	return false
}

// targetWords names what of an account a step is about.
func targetWords(s store.Step) string {
	if s.Object != "" {
		return s.Object
	}
	return "database " + s.Database
}

func undo(ctx context.Context, p provider.Provider, before access.Account, s store.Step) (provider.Restored, error) {
	if s.Action == access.Rotate {
		return unrotated(s), nil
	}
	r, ok := p.(provider.Restorer)
	if !ok {
		return provider.Restored{}, provider.Refuse(fmt.Sprintf("restore %s", s.Account), "the system cannot give it back")
	}
	before.Ref = s.Account
	return r.Restore(ctx, before, s.Step)
}

func (a *Access) undoEvent(s store.Step, kind string, attempt int, outcome, words string) audit.Event {
	e := a.event(s, kind, attempt, outcome, words)
	e.Key = undoRow(s, attempt, kind)
	return e
}

// undoRow is the key of a row about giving back.
func undoRow(s store.Step, attempt int, kind string) string {
	return fmt.Sprintf("undo/%d/%d/%d/%s", s.PlanNo, s.Ordinal, attempt, kind)
}

func joinWords(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
