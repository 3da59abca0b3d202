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

// undoing is one attempt to give back what one step took.
type undoing struct {
	*Access
	conn    *catalog.Connection
	lane    *store.Lane
	step    store.Step // its account as it is known now: one that was made again has a new id
	before  access.Account
	doubt   doubt
	attempt int
	there   access.Sighting // of a deleted account that was given back before; it exists if it still does
	lost    int             // steps that had been given back, to an account that is gone again
}

// undo gives back what one step took: intent, act, secret to the sink, result. It says
// how much of it could not be given back.
func (a *Access) undo(ctx context.Context, conn *catalog.Connection, lane *store.Lane, s store.Step, d doubt) (missing int, err error) {
	acct, err := a.store.Account(ctx, s.AccountID)
	if err != nil {
		return 0, err
	}
	s.Account = acct.Ref
	u := &undoing{Access: a, conn: conn, lane: lane, step: s, before: acct.Before, doubt: d}
	if err := u.begin(ctx); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), itemTime)
	defer cancel()
	done, cause := u.send(ctx)
	if cause != nil && provider.KindOf(cause) != provider.Rejected {
		return 0, errors.Join(cause, u.again(ctx, done, cause))
	}
	missing, err = u.end(ctx, done, cause)
	if err == nil && u.lost > 0 {
		err = fmt.Errorf("restore %s: %w: it had been deleted once more; what was given back before, %d steps, is given back again", s.Account, errNotYet, u.lost)
	}
	return missing, err
}

// begin writes the intent, and the end of an attempt before that has none.
func (u *undoing) begin(ctx context.Context) error {
	again := u.step.Action == access.Delete && u.step.Returned != ""
	var err error
	if again {
		if u.there, err = u.conn.Provider.Look(ctx, u.step.Account); err != nil {
			return fmt.Errorf("read %s, which was given back: %w", u.step.Account, err)
		}
	}
	return u.lane.Do(ctx, func(tx *store.Tx) (err error) {
		if u.attempt, err = tx.BeginUndo(ctx, u.step); err != nil {
			return err
		}
		if again && !u.there.Exists {
			if u.lost, err = tx.TakenAgain(ctx, u.step.CaseID, u.step.AccountID); err != nil {
				return err
			}
			u.step.Returned = ""
		}
		if err := u.noAnswer(ctx, tx, u.step); err != nil {
			return err
		}
		if n := u.attempt - 1; n > 0 {
			// Under the key of the result: it is a row only where the result is none.
			e := undoEvent(u.step, audit.StepInterrupted, n, "interrupted", "the attempt to give it back ended without an answer")
			e.Key = undoRow(u.step, n, audit.RestoreResult)
			if err := tx.Append(ctx, e); err != nil {
				return err
			}
		}
		return tx.Append(ctx, undoEvent(u.step, audit.RestoreIntent, u.attempt, "", ""))
	})
}

// send asks the system, and sees to what it gave: a new credential goes to the sink. An
// error that is no refusal means that there has to be another attempt.
func (u *undoing) send(ctx context.Context) (done provider.Restored, cause error) {
	if u.there.Exists {
		done.Receipt = access.Receipt{Already: true, Words: u.there.Answered}
	} else {
		cause = traced(ctx, "system restore", u.step.CaseID, u.step.Account.Connection, func(ctx context.Context) (err error) {
			done, err = undoAt(ctx, u.conn.Provider, u.before, u.step)
			return err
		})
	}
	if done.Already && u.step.Returned != "" { // nothing came of what was sent before: what was said then holds
		done.Already, done.Words, done.Missing = u.step.Returned == store.ReturnedAlready, u.step.Words, u.step.Missing
	}
	if done.Secret != "" {
		words, err := u.deliver(ctx, u.step, undoEvent(u.step, audit.SecretDelivered, u.attempt, "delivered", ""), done.Secret, "")
		if err != nil {
			cause = err // nobody has it; the next attempt makes another one
		}
		done.Words = joinWords(done.Words, words)
	}
	switch {
	case cause != nil:
	case done.Pending && !done.Unseen:
		cause = fmt.Errorf("restore %s: %w: %s", u.step.Account, errNotYet, done.Words)
	default:
		cause = u.doubt.again(u.step, done)
	}
	return done, cause
}

// again writes the result of an attempt that is to be repeated.
func (u *undoing) again(ctx context.Context, done provider.Restored, cause error) error {
	kind := provider.KindOf(cause).String()
	if errors.Is(cause, errNotYet) {
		kind = "accepted"
	}
	return u.lane.Do(ctx, func(tx *store.Tx) error {
		if kind != "accepted" && kind != provider.Throttled.String() {
			if err := stuck(ctx, tx, u.conn, u.step, cause.Error()); err != nil {
				return err
			}
		}
		if err := u.newID(ctx, tx, done); err != nil { // what was made is known, whatever came after
			return err
		}
		if errors.As(cause, new(unsettledError)) {
			how := store.ReturnedRestored
			if done.Already {
				how = store.ReturnedAlready
			}
			if err := tx.Returned(ctx, u.step, how, done.Words, done.Missing); err != nil {
				return err
			}
		}
		return tx.Append(ctx, undoEvent(u.step, audit.RestoreResult, u.attempt, kind, cause.Error()))
	})
}

// end writes the result: given back, in whole or in part, or refused. A refused undo is
// not undone: the step stays as it was, with what is missing.
func (u *undoing) end(ctx context.Context, done provider.Restored, refusal error) (missing int, err error) {
	if late := u.doubt.late(u.step, done); late != nil {
		done.Missing = append(done.Missing, *late)
	}
	if refusal == nil && unrecorded(u.before, u.step) {
		done.Missing = append(done.Missing, access.Gap{Object: targetWords(u.step),
			Why: "it was given while the case ran, and it was taken before anybody recorded what it was"})
	}
	state, outcome, words := store.StepUndone, outcomeOf(done), done.Words
	if refusal != nil {
		state, outcome, words = u.step.State, "blocked", refusal.Error()
		done.Missing = append(done.Missing, access.Gap{Object: u.step.Account.String(), Why: words})
	}
	return len(done.Missing), u.lane.Do(ctx, func(tx *store.Tx) error {
		if err := u.newID(ctx, tx, done); err != nil {
			return err
		}
		if err := tx.EndUndo(ctx, u.step, state, words, done.Missing); err != nil {
			return err
		}
		e := undoEvent(u.step, audit.RestoreResult, u.attempt, outcome, words)
		for i, m := range done.Missing {
			e.Data[fmt.Sprintf("missing_%d", i+1)] = m.Object + ": " + m.Why
		}
		return tx.Append(ctx, e)
	})
}

// outcomeOf is how an undo ended that nobody refused.
func outcomeOf(done provider.Restored) string {
	switch {
	case len(done.Missing) > 0:
		return "partly"
	case done.Already:
		return "already"
	}
	return "restored"
}

// newID writes the id of an account that was made again.
func (u *undoing) newID(ctx context.Context, tx *store.Tx, done provider.Restored) error {
	if done.ForeignID == "" {
		return nil
	}
	return tx.SetForeignID(ctx, u.step.AccountID, done.ForeignID)
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

// undoAt has the system undo a step.
func undoAt(ctx context.Context, p provider.Provider, before access.Account, s store.Step) (provider.Restored, error) {
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

func undoEvent(s store.Step, kind string, attempt int, outcome, words string) audit.Event {
	e := stepEvent(s, kind, attempt, outcome, words)
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
