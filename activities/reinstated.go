package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
)

// returned is what became of one account when everything was tried to be given back.
type returned struct {
	account store.CaseAccount
	missing []access.Gap // what is not back, in the order in which it was tried
	locked  bool         // opening it was refused
	gone    bool         // making it again was refused
	steps   bool         // a step of it was not undone
	tries   int          // attempts to give back, of all steps
}

// reinstated writes how the giving back ended for each account, and opens a task for
// each that lacks something. It is safe to repeat, also when nothing is left to undo.
func (a *Access) reinstated(ctx context.Context, in RestoreInput) error {
	conn, err := a.connections.For(in.Connection)
	if err != nil {
		return fmt.Errorf("%w: %w", errBadInput, err)
	}
	steps, err := a.store.StepsOf(ctx, in.Case)
	if err != nil {
		return err
	}
	accounts, err := a.store.AccountsOf(ctx, in.Case, []string{in.Connection})
	if err != nil {
		return err
	}
	var all []returned
	for _, acct := range accounts {
		if r, begun := comeBack(acct, steps); begun {
			all = append(all, r)
		}
	}
	return a.store.Do(ctx, func(tx *store.Tx) error {
		for _, r := range all {
			if err := r.write(ctx, tx, conn); err != nil {
				return err
			}
		}
		return nil
	})
}

// comeBack sums up the undone steps of an account; begun is false when the case never
// changed it.
func comeBack(acct store.CaseAccount, steps []store.Step) (r returned, begun bool) {
	r.account = acct
	for _, s := range slices.Backward(steps) {
		if s.AccountID != acct.ID || s.Attempts == 0 || s.Action == access.Confirm {
			continue
		}
		begun = true
		r.tries += s.UndoAttempts
		for _, gap := range s.Missing {
			if !slices.Contains(r.missing, gap) {
				r.missing = append(r.missing, gap)
			}
		}
		if s.State != store.StepUndone {
			r.steps = true
			r.locked = r.locked || s.Action == access.Contain
			r.gone = r.gone || s.Action == access.Delete && s.State == store.StepDone
		}
	}
	return r, begun
}

// outcome is what can be said of the account now. One that is there again is never
// called removed, and one that is locked or gone is never called given back.
func (r returned) outcome() (access.Outcome, string) {
	switch {
	case !r.steps && len(r.missing) == 0:
		return access.Reinstated, "everything that the case took was given back"
	case !r.steps:
		return access.Reinstated, "given back, without: " + plan.GapsInWords(r.missing)
	}
	why := "not everything could be given back: " + plan.GapsInWords(r.missing)
	switch {
	case r.gone && r.account.Outcome != "":
		return r.account.Outcome, why
	case r.locked:
		return access.Contained, why
	}
	return access.Blocked, why
}

func (r returned) write(ctx context.Context, tx *store.Tx, conn *catalog.Connection) error {
	o, why := r.outcome()
	id, caseID := r.account.ID, r.account.CaseID
	if err := tx.SetOutcome(ctx, id, o, why); err != nil {
		return err
	}
	if err := tx.CloseTask(ctx, caseID, accountKey(id), self, why); err != nil {
		return err
	}
	if err := r.task(ctx, tx, conn, why); err != nil {
		return err
	}
	return tx.Append(ctx, audit.Event{Chain: caseID, Key: fmt.Sprintf("reinstated/%d/%d", id, r.tries), At: time.Now(), Kind: audit.AccountOutcome,
		Actor: self, Object: r.account.Ref.String(), Outcome: string(o), Words: why, Data: inResource(r.account.Ref)})
}

// task is what a person has to give back. It outlives its case.
func (r returned) task(ctx context.Context, tx *store.Tx, conn *catalog.Connection, why string) error {
	key, caseID := undoKey(r.account.ID), r.account.CaseID
	if !r.steps && len(r.missing) == 0 {
		return tx.CloseTask(ctx, caseID, key, self, why)
	}
	var byHand []string
	for _, gap := range r.missing {
		if gap.Remedy != "" && !slices.Contains(byHand, gap.Remedy) {
			byHand = append(byHand, gap.Remedy)
		}
	}
	next := "give it back by hand, or see that nobody needs it"
	if len(byHand) > 0 {
		next = "give it back by hand (" + strings.Join(byHand, "; ") + "), or see that nobody needs it"
	}
	now := time.Now()
	return tx.OpenTask(ctx, store.Task{CaseID: caseID, Key: key, Connection: conn.Name, Subject: r.account.Ref.String(), Words: why,
		Next:  fmt.Sprintf("%s; then: sever tasks done %s %s --reason \"...\"", next, caseID, key),
		Owner: ownerOf(conn), Due: now.Add(undoDue), OpenedAt: now})
}

// undoDue is how long a person has to give back what Sever could not: somebody who
// should be able to work cannot.
const undoDue = 24 * time.Hour

// stuck opens the task of an account that cannot be given back yet. It is tried again,
// and the task closes by itself when that succeeds.
func stuck(ctx context.Context, tx *store.Tx, conn *catalog.Connection, s store.Step, why string) error {
	now := time.Now()
	return tx.OpenTask(ctx, store.Task{CaseID: s.CaseID, Key: undoKey(s.AccountID), Connection: conn.Name, Subject: s.Account.String(), Words: why,
		Next:  "it is tried again by itself; remove what stands in the way (sever preflight " + conn.Name + ")",
		Owner: ownerOf(conn), Due: now.Add(undoDue), OpenedAt: now})
}

// undoKey is the key of the task for what of an account was not given back.
func undoKey(id int64) string { return fmt.Sprintf("%s%d", undoPrefix, id) }

const undoPrefix = store.TaskOfUndo

// ownerOf is the person who gets the tasks of a connection.
func ownerOf(c *catalog.Connection) string {
	if c.Owner != "" {
		return c.Owner
	}
	return "the owner of " + c.Name
}

// inResource names the resource of an account in an audit row: one connection may have
// several accounts of a name.
func inResource(ref access.Ref) map[string]any {
	if ref.Resource == "" {
		return nil
	}
	return map[string]any{"resource": ref.Resource}
}
