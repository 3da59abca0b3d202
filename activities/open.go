package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/store"
)

// Open writes the case and says which connections it covers: all that are
// configured. It is safe to repeat; the first call decides.
func (r *Records) Open(ctx context.Context, in OpenInput) (Opened, error) {
	out, err := r.open(ctx, in)
	return out, asTemporal(ctx, err)
}

func (r *Records) open(ctx context.Context, in OpenInput) (Opened, error) {
	policy, err := json.Marshal(in.Policy)
	if err != nil {
		return Opened{}, err
	}
	c := store.Case{
		ID: in.Case, Principal: in.Principal, Reason: in.Policy.Reason, Requester: in.Requester, Ticket: in.Ticket, Policy: policy,
		Successors: in.Successors, EffectiveAt: in.EffectiveAt, Status: access.CaseOpen, Phase: "discovering", OpenedAt: in.At,
	}
	if in.DryRun {
		c.Status, c.Phase, c.ClosedAt = access.CaseDryRun, "dry run", in.At
	}
	recalled, err := r.recall(ctx, in.Case)
	if err != nil {
		return Opened{}, err
	}
	out := Opened{Recalled: recalled}
	var conns []store.CaseConnection
	for _, conn := range r.connections.All() {
		out.Connections = append(out.Connections, Covered{conn.Name, conn.Queue()})
		conns = append(conns, store.CaseConnection{CaseID: in.Case, Connection: conn.Name, Kind: conn.Kind, State: store.ConnWaiting})
	}
	switch {
	case recalled != nil && recalled.Status != access.CaseOpen:
		return out, nil // it was closed a moment ago: nobody goes on with it
	case recalled != nil:
		return out, r.noteRecall(ctx, in)
	}
	if err := r.mayRequest(ctx, in); err != nil {
		return Opened{}, err
	}
	return out, r.store.Do(ctx, func(tx *store.Tx) error {
		if err := tx.OpenCase(ctx, c, conns); err != nil {
			return err
		}
		data := map[string]any{"principal": string(in.Principal), "reason": string(in.Policy.Reason), "mode": string(in.Policy.Mode),
			"ticket": in.Ticket, "dry_run": in.DryRun, "connections": len(conns)}
		if !in.EffectiveAt.IsZero() {
			data["effective_at"] = in.EffectiveAt.UTC().Format(time.RFC3339)
		}
		if in.Incident != "" {
			data["incident"] = in.Incident
		}
		return tx.Append(ctx, audit.Event{Chain: in.Case, Key: "opened", At: in.At, Kind: audit.CaseOpened, Actor: in.Requester,
			Object: string(in.Principal), Words: in.Why, Data: data})
	})
}

// Missed notes when a connection that could not be asked is asked again, and makes
// it a task: somebody should know while it is silent. Nothing waits for a word about the
// plan that it was in before.
func (r *Records) Missed(ctx context.Context, in MissedInput) error {
	conns, err := r.store.ConnectionsOf(ctx, in.Case)
	if err != nil {
		return asTemporal(ctx, err)
	}
	for _, c := range conns {
		if c.Connection != in.Connection || c.State == store.ConnWaived {
			continue
		}
		c.State, c.NextTryAt = store.ConnUnknown, in.NextTry
		c.Why = cmp.Or(in.Why, c.Why, "it did not answer in time")
		return asTemporal(ctx, r.store.Do(ctx, func(tx *store.Tx) error {
			if err := tx.SetConnection(ctx, c); err != nil {
				return err
			}
			if err := tx.AbandonPlans(ctx, in.Case, []string{in.Connection}, self, in.Connection+" could not be asked again; it is planned anew when it answers"); err != nil {
				return err
			}
			return tx.OpenTask(ctx, store.Task{
				CaseID: in.Case, Key: silentKey(in.Connection), Connection: in.Connection, Subject: in.Connection, Words: c.Why,
				Next:  "repair the connection (sever preflight " + in.Connection + "), then sever retry " + in.Case + ", or waive it with a reason",
				Owner: r.owner(in.Connection), Due: in.NextTry, OpenedAt: in.At,
			})
		}))
	}
	return nil
}

// owner is the person who gets the tasks of a connection.
func (r *Records) owner(connection string) string {
	if c, err := r.connections.For(connection); err == nil {
		return ownerOf(c)
	}
	return "the owner of " + connection
}
