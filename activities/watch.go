package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/store"
)

// Late is how long something may take before it counts as stuck.
const Late = time.Hour

// Watch are the activities that look after all cases at once.
type Watch struct {
	store  *store.Store
	notary Notary
	cases  Cases
}

// Cases is what the watch has to know of the workflows that carry cases.
type Cases interface {
	// Running reports whether a workflow of the principal is running.
	Running(context.Context, access.PrincipalID) (bool, error)
	// TakeUp starts a workflow that goes on with an open case. One that is running by
	// now is no error.
	TakeUp(context.Context, store.Case) error
	// TakeUpIncident makes sure that the workflow of an incident runs.
	TakeUpIncident(ctx context.Context, id string) error
}

// NewWatch makes the activities that look after all cases.
func NewWatch(s *store.Store, n Notary, c Cases) *Watch { return &Watch{s, n, c} }

// Sign seals what the audit trail has grown by, so that little of it is ever without
// a signature.
func (w *Watch) Sign(ctx context.Context) error {
	return asTemporal(ctx, w.notary.sign(ctx, w.store, time.Now()))
}

// Watched is what the watch found and did.
type Watched struct {
	Open     int `json:"open"`     // cases
	TakenUp  int `json:"taken_up"` // of them, those whose workflow was gone
	Reminded int `json:"reminded"` // tasks
	Findings int `json:"findings"` // steps and second looks that should have moved
}

// TakeUp compares the open cases with the workflows that run, and starts one for each
// case that lost its own: a workflow that somebody terminated must not make a case
// disappear. One case that cannot be looked after keeps no other from it.
func (w *Watch) TakeUp(ctx context.Context) (Watched, error) {
	out, err := w.takeUp(ctx)
	return out, asTemporal(ctx, err)
}

func (w *Watch) takeUp(ctx context.Context) (Watched, error) {
	var out Watched
	var failed []error
	// Who wrote an incident down may have died before they started its workflow.
	incidents, err := w.store.ListIncidents(ctx, true)
	if err != nil {
		return out, err
	}
	for _, i := range incidents {
		if err := w.cases.TakeUpIncident(ctx, i.ID); err != nil {
			failed = append(failed, fmt.Errorf("look after incident %s: %w", i.ID, err))
		}
	}
	for before := ""; ; {
		page, err := w.store.ListCases(ctx, store.CaseFilter{Status: access.CaseOpen, Before: before})
		if err != nil {
			return out, err
		}
		if len(page) == 0 {
			return out, errors.Join(failed...)
		}
		for _, c := range page {
			out.Open++
			running, err := w.cases.Running(ctx, c.Principal)
			if err == nil && !running {
				out.TakenUp++
				err = w.cases.TakeUp(ctx, c)
			}
			if err != nil {
				failed = append(failed, fmt.Errorf("look after case %s: %w", c.ID, err))
			}
		}
		before = page[len(page)-1].ID
	}
}

// Remind writes a reminder into the trail for every task that is overdue, again and
// again until somebody does something about it.
func (w *Watch) Remind(ctx context.Context) (Watched, error) {
	var out Watched
	now := time.Now()
	err := w.store.Do(ctx, func(tx *store.Tx) error {
		late, err := tx.RemindOverdue(ctx, now)
		if err != nil {
			return err
		}
		out.Reminded = len(late)
		for _, k := range late {
			if err := tx.Append(ctx, audit.Event{Chain: k.CaseID, Key: fmt.Sprintf("reminder/%d/%d/%d", k.ID, k.OpenedAt.UnixMicro(), k.Reminders), At: now,
				Kind: audit.TaskReminded, Actor: self, Object: k.Subject, Words: k.Words,
				Data: map[string]any{"task": k.Key, "owner": k.Owner, "due": k.Due.UTC().Format(time.RFC3339), "reminder": k.Reminders}}); err != nil {
				return err
			}
		}
		return nil
	})
	return out, asTemporal(ctx, err)
}
