package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/store"
)

// SecretSink receives the new credential of an account that was given back, once.
// It is the only place that a secret leaves Sever to.
type SecretSink interface {
	// Deliver hands the secret over and says where it went, in words without it.
	// An error means that nobody has it.
	Deliver(ctx context.Context, caseID string, account access.Ref, secret string) (where string, err error)
}

// Restore gives back what a case took at one connection, step by step and in
// reverse order. It restores every step that was begun, for a step without an
// answer may have been carried out. What cannot be given back is recorded and
// counted; it stops nothing.
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
	if len(steps) == 0 {
		return Restored{}, nil
	}
	// Each resource has its lane: what is given back on one must not meet another
	// case's removal there.
	h := a.holding()
	defer h.release()
	var out Restored
	for _, s := range steps {
		if err := stopping(ctx); err != nil {
			return Restored{}, err
		}
		lane, err := h.take(ctx, laneKey(conn.Name, s))
		if err != nil {
			return Restored{}, err
		}
		missing, err := a.restore(ctx, conn.Provider, lane, s)
		if err != nil {
			return Restored{}, err
		}
		out.Steps++
		out.Missing += missing
	}
	return out, a.reinstated(ctx, in)
}

// reinstated writes the outcome of the accounts that have everything back. Those
// that lack something keep theirs; a person sees in the steps what is missing.
func (a *Access) reinstated(ctx context.Context, in RestoreInput) error {
	steps, err := a.store.StepsOf(ctx, in.Case)
	if err != nil {
		return err
	}
	whole := map[int64]bool{}
	var order []store.Step
	for _, s := range steps {
		if s.Account.Connection != in.Connection || s.Attempts == 0 || s.Action == access.Confirm {
			continue
		}
		if _, seen := whole[s.AccountID]; !seen {
			whole[s.AccountID] = true
			order = append(order, s)
		}
		whole[s.AccountID] = whole[s.AccountID] && s.State == store.StepUndone && len(s.Missing) == 0
	}
	return a.store.Do(ctx, func(tx *store.Tx) error {
		for _, s := range order {
			if !whole[s.AccountID] {
				continue
			}
			const why = "everything that the case took was given back"
			if err := tx.SetOutcome(ctx, s.AccountID, access.Reinstated, why); err != nil {
				return err
			}
			if err := tx.CloseTask(ctx, in.Case, accountKey(s.AccountID), self, why); err != nil {
				return err
			}
			if err := tx.Append(ctx, audit.Event{Chain: in.Case, Key: fmt.Sprintf("reinstated/%d", s.AccountID), At: time.Now(),
				Kind: audit.AccountOutcome, Actor: self, Object: s.Account.String(), Outcome: string(access.Reinstated), Words: why}); err != nil {
				return err
			}
		}
		return nil
	})
}

// restore undoes one step: intent, act, secret to the sink, result.
func (a *Access) restore(ctx context.Context, p provider.Provider, lane *store.Lane, s store.Step) (missing int, err error) {
	acct, err := a.store.Account(ctx, s.AccountID)
	if err != nil {
		return 0, err
	}
	// A re-created account has a new id; every further step is about that one.
	s.Account = acct.Ref
	n := 0
	if err := lane.Do(ctx, func(tx *store.Tx) error {
		n, err = tx.BeginUndo(ctx, s)
		if err != nil {
			return err
		}
		return tx.Append(ctx, a.undoEvent(s, audit.RestoreIntent, n, "", ""))
	}); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), itemTime)
	defer cancel()
	done, cause := undo(ctx, p, acct.Before, s)
	if done.Secret != "" {
		where, err := a.sink.Deliver(ctx, s.CaseID, s.Account, done.Secret)
		if err != nil {
			return 0, fmt.Errorf("hand over the new credential of %s: %w", s.Account, err)
		}
		done.Words = joinWords(done.Words, "new credential handed over: "+where)
	}
	if cause == nil && done.Pending && !done.Unseen {
		cause = fmt.Errorf("restore %s: %w: %s", s.Account, errNotYet, done.Words)
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
	return len(done.Missing), err
}

func undo(ctx context.Context, p provider.Provider, before access.Account, s store.Step) (provider.Restored, error) {
	r, ok := p.(provider.Restorer)
	if !ok {
		return provider.Restored{}, provider.Refuse(fmt.Sprintf("restore %s", s.Account), "the system cannot give it back")
	}
	before.Ref = s.Account
	return r.Restore(ctx, before, s.Step)
}

func (a *Access) undoEvent(s store.Step, kind string, attempt int, outcome, words string) audit.Event {
	e := a.event(s, kind, attempt, outcome, words)
	e.Key = fmt.Sprintf("undo/%d/%d/%d/%s", s.PlanNo, s.Ordinal, attempt, kind)
	return e
}

func joinWords(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// noSink refuses every secret: nobody would have it.
type noSink struct{}

// NoSink is for workers that are not configured to hand secrets over.
func NoSink() SecretSink { return noSink{} }

func (noSink) Deliver(context.Context, string, access.Ref, string) (string, error) {
	return "", &provider.Error{Kind: provider.Transient, Op: "hand over a secret",
		Err: errors.New("no secret sink is configured: set SEVER_SECRET_DIR")}
}
