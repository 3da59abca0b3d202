package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/store"
)

// Confirm asks the systems themselves, by fresh connections, whether the accounts
// of the batch are gone, and writes what they answer as proofs. An account whose
// removal was refused is looked at too: the proof then says what is left.
//
// It fails, retryably, for as long as an account that was deleted is still there, and for
// some looks while it is gone and something of it stays.
func (a *Access) Confirm(ctx context.Context, b Batch) (Tally, error) {
	t, err := a.confirmBatch(ctx, b)
	return t, asTemporal(ctx, err)
}

func (a *Access) confirmBatch(ctx context.Context, b Batch) (Tally, error) {
	conn, err := a.connections.For(b.Connection)
	if err != nil {
		return Tally{}, fmt.Errorf("%w: %w", errBadInput, err)
	}
	steps, err := a.store.Steps(ctx, b.Case, b.Plan, b.From, b.To)
	if err != nil {
		return Tally{}, err
	}
	known, err := a.known(ctx, b)
	if err != nil {
		return Tally{}, err
	}
	var failed []error
	for _, s := range steps {
		if finished(s) {
			continue
		}
		if err := stopping(ctx); err != nil {
			return Tally{}, err
		}
		if err := a.confirm(ctx, conn.Provider, s, known, b.Look); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 {
		return Tally{}, errors.Join(failed...)
	}
	return a.tally(ctx, b)
}

func (a *Access) confirm(ctx context.Context, p provider.Provider, s store.Step, known []access.Ref, look int) error {
	obstacle, err := a.obstacle(ctx, s)
	if err != nil {
		return err
	}
	var seen access.Sighting
	err = traced(ctx, "system look", s.CaseID, s.Account.Connection, func(ctx context.Context) (err error) {
		seen, err = p.Look(ctx, s.Account)
		return err
	})
	if err != nil {
		return fmt.Errorf("confirm %s: %w", s.Account, err)
	}
	gone := seen.Gone()
	if another(seen, s.Account) {
		// The planned account is gone. The one that has its name now is no business of
		// this plan, but the case has to know it before it may call itself clean.
		gone = len(seen.Residue)+len(seen.Gaps) == 0 && slices.Contains(known, seen.Account.Ref)
		obstacle, s.Moved = provider.ErrAnotherAccount.Error(), !gone
	}
	if !gone && obstacle == "" {
		if seen.Exists || activity.GetInfo(ctx).Attempt < patientLooks {
			return fmt.Errorf("confirm %s: %w: %s", s.Account, errNotYet, seen.Answered)
		}
		obstacle = stays(seen)
	}
	return a.prove(ctx, s, seen, gone, look, obstacle)
}

// patientLooks is how often an account that is gone is looked at, two seconds apart, while
// something of it stays or cannot be read. What stays longer is for a person.
const patientLooks = 5

// stays is what keeps a sighting of an account that is gone from being a proof.
func stays(seen access.Sighting) string {
	words := "it is gone, and that nothing of it is left cannot be proven: " + seen.Answered
	for _, g := range seen.Gaps {
		words += "; " + access.Blocker(g).String()
	}
	return words
}

// known are the accounts at a connection that the case has in view: those it found, and
// those about which a person is asked, or has said that they are not the principal's.
func (a *Access) known(ctx context.Context, b Batch) ([]access.Ref, error) {
	accounts, err := a.store.AccountsOf(ctx, b.Case, []string{b.Connection})
	if err != nil {
		return nil, err
	}
	c, err := a.store.Case(ctx, b.Case)
	if err != nil {
		return nil, err
	}
	questions, err := answersOf(ctx, a.store, c.Principal)
	if err != nil {
		return nil, err
	}
	var out []access.Ref
	for _, k := range accounts {
		out = append(out, k.Ref)
	}
	for _, q := range questions {
		if q.Decision == store.Unanswered || q.Decision == store.SaidNo {
			out = append(out, q.Ref)
		}
	}
	return out, nil
}

// another reports whether the account that answers is not the planned one.
func another(seen access.Sighting, planned access.Ref) bool {
	return seen.Exists && planned.ForeignID != "" && seen.Account.ForeignID != planned.ForeignID
}

// prove writes the proof, the end of the step and the audit row as one.
func (a *Access) prove(ctx context.Context, s store.Step, seen access.Sighting, gone bool, look int, obstacle string) error {
	s.State, s.Words = store.StepDone, seen.Answered
	outcome := "gone"
	if !gone {
		s.State, s.Words, outcome = store.StepSkipped, obstacle, "not gone"
	}
	at := time.Now()
	return a.store.Do(ctx, func(tx *store.Tx) error {
		if err := tx.AddProof(ctx, store.Proof{CaseID: s.CaseID, AccountID: s.AccountID, Look: look,
			Asked: seen.Asked, Answered: seen.Answered, Gone: gone, At: at}); err != nil {
			return err
		}
		if err := tx.EndStep(ctx, s); err != nil {
			return err
		}
		e := stepEvent(s, audit.AccountProven, 0, outcome, seen.Answered)
		e.Key = fmt.Sprintf("proof/%d/%d/%d", s.PlanNo, s.Ordinal, look)
		e.Data["asked"], e.Data["look"] = seen.Asked, look
		return tx.Append(ctx, e)
	})
}
