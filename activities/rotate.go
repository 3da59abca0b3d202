package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/store"
)

// Rotate gives shared accounts new passwords, and hands each over before the result is
// written. An attempt that is repeated makes another one; the newest is the one that
// works and the last one delivered.
func (a *Access) Rotate(ctx context.Context, b Batch) (Tally, error) {
	return a.work(ctx, b, a.rotate)
}

func (a *Access) rotate(ctx context.Context, p provider.Provider, s store.Step) (access.Receipt, error) {
	r, ok := p.(provider.Rotator)
	if !ok {
		return access.Receipt{}, cannot(s)
	}
	done, err := r.Rotate(ctx, s.Account)
	if err != nil {
		return done.Receipt, err
	}
	if done.Secret == "" {
		return done.Receipt, a.renamed(ctx, s, done.ForeignID)
	}
	words, err := a.deliver(ctx, s, stepEvent(s, audit.SecretDelivered, s.Attempts, "delivered", ""), done.Secret, done.ForeignID)
	done.Words = joinWords(done.Words, words)
	return done.Receipt, err
}

// receivable refuses a rotation whose password nobody would receive: it would lock out
// everybody who shares the account. Nothing is sent then.
func (a *Access) receivable(ctx context.Context, lane *store.Lane, s store.Step) (going bool, err error) {
	err = a.sink.Ready(ctx)
	switch {
	case err == nil:
		return true, nil
	case !errors.Is(err, ErrNoSink):
		return false, fmt.Errorf("rotate %s: the new password could not be delivered now, so it is not made: %w", s.Account, err)
	}
	s.Blockers = []access.Blocker{{Object: s.Account.String(), Why: "nobody would receive its new password: " + err.Error(), Remedy: sinkRemedy}}
	s.State, s.Words = store.StepBlocked, s.Blockers[0].String()
	return false, lane.Do(ctx, func(tx *store.Tx) error {
		if err := tx.EndStep(ctx, s); err != nil {
			return err
		}
		return tx.Append(ctx, stepEvent(s, audit.StepRefused, 0, "blocked", s.Words))
	})
}

// deliver hands a new credential over, once, and notes in the trail where to: never what.
// An account that has another id since is known by it from then on. An error means that
// nobody has the credential, or that nobody knows that somebody has.
func (a *Access) deliver(ctx context.Context, s store.Step, e audit.Event, secret, foreignID string) (words string, err error) {
	where, err := a.sink.Deliver(ctx, s.CaseID, s.Account, secret)
	if err != nil {
		return "", fmt.Errorf("hand over the new credential of %s: %w", s.Account, err)
	}
	e.Words = strings.ReplaceAll(where, secret, "[secret]")
	return "new credential handed over: " + e.Words, a.store.Do(ctx, func(tx *store.Tx) error {
		if foreignID != "" {
			if err := tx.SetForeignID(ctx, s.AccountID, foreignID); err != nil {
				return err
			}
		}
		return tx.Append(ctx, e)
	})
}

// renamed notes the new id of an account, if it has one.
func (a *Access) renamed(ctx context.Context, s store.Step, foreignID string) error {
	if foreignID == "" {
		return nil
	}
	return a.store.Do(ctx, func(tx *store.Tx) error { return tx.SetForeignID(ctx, s.AccountID, foreignID) })
}

// unrotated is the undoing of a rotation: there is nothing to give back, and the one who
// stays needs the new password like everybody else.
func unrotated(s store.Step) provider.Restored {
	if s.Already || s.State == store.StepBlocked {
		return provider.Restored{Receipt: access.Receipt{Already: true, Words: "its password was not rotated"}}
	}
	lost := access.Gap{Object: "password of " + s.Account.String(), Why: "it was rotated, and the old one cannot come back",
		Remedy: "give the new one to whoever needs it: " + s.Words}
	if !rotated(s) {
		lost.Why, lost.Remedy = "whether it was rotated is not known: "+s.Words, "see whether the others can still log in; if not, set a new one by hand"
	}
	return provider.Restored{Receipt: access.Receipt{Words: "the old password cannot come back"}, Missing: []access.Gap{lost}}
}
