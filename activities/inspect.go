package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
)

// The keys of tasks that the watch opens, and closes again by itself.
const (
	stuckPrefix = "stuck/"
	lateLookKey = "second-look"
)

// Inspect looks for what should have moved and has not: a step that began long ago and
// has no result, a second look whose time has passed. Each is a task until it moves.
func (w *Watch) Inspect(ctx context.Context) (Watched, error) {
	found, err := w.findings(ctx, time.Now())
	if err != nil {
		return Watched{}, asTemporal(ctx, err)
	}
	return Watched{Findings: len(found)}, asTemporal(ctx, w.store.Do(ctx, func(tx *store.Tx) error {
		now := map[string]bool{}
		for _, k := range found {
			now[k.CaseID+" "+k.Key] = true
			if err := tx.OpenTask(ctx, k); err != nil {
				return err
			}
		}
		open, err := tx.OpenTasks(ctx)
		if err != nil {
			return err
		}
		for _, k := range open {
			ours := strings.HasPrefix(k.Key, stuckPrefix) || k.Key == lateLookKey
			if ours && !now[k.CaseID+" "+k.Key] {
				if err := tx.CloseTask(ctx, k.CaseID, k.Key, self, "it has moved on"); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// findings are the tasks of everything that should have moved.
func (w *Watch) findings(ctx context.Context, now time.Time) ([]store.Task, error) {
	var out []store.Task
	stuck, err := w.store.Stuck(ctx, now.Add(-Late))
	if err != nil {
		return nil, err
	}
	for _, s := range stuck {
		out = append(out, store.Task{CaseID: s.CaseID, Key: fmt.Sprintf("%s%d/%d", stuckPrefix, s.PlanNo, s.Ordinal), Connection: s.Account.Connection,
			Subject: s.Account.String(), OpenedAt: now, Due: now.Add(Late), Owner: whoRuns,
			Words: fmt.Sprintf("step %d of plan %d (%s) began %s ago and has no result; %s so far", s.Ordinal, s.PlanNo, s.Action,
				now.Sub(s.StartedAt).Round(time.Minute), access.Count(s.Attempts, "attempt")),
			Next: "see whether a worker reaches " + s.Account.Connection + " (sever preflight " + s.Account.Connection + "), and what its log says about case " + s.CaseID})
	}
	late, err := w.store.LateLooks(ctx, now.Add(-Late))
	if err != nil {
		return nil, err
	}
	for _, c := range late {
		out = append(out, store.Task{CaseID: c.ID, Key: lateLookKey, Subject: string(c.Principal), OpenedAt: now, Due: now.Add(Late), Owner: whoRuns,
			Words: "the second look was due at " + c.SecondLookAt.UTC().Format(time.RFC3339) + " and has not ended",
			Next:  "sever status " + c.ID + " shows which connection it waits for; then: sever retry " + c.ID})
	}
	return out, nil
}
