package activities

import (
	"context"
	"strings"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/store"
)

// FollowUp counts what only a person can say is done in a case: shared secrets that the
// leaver could know. Those that came to be known late become tasks here.
func (r *Records) FollowUp(ctx context.Context, in FollowUpInput) (FollowedUp, error) {
	var out FollowedUp
	err := r.store.Do(ctx, func(tx *store.Tx) (err error) {
		out.Open, err = followUps(ctx, tx, in)
		return err
	})
	return out, asTemporal(ctx, err)
}

// followUps makes a task of every shared secret that the principal could know, once, and
// counts those that are open. One that a person has done stays done.
func followUps(ctx context.Context, tx *store.Tx, in FollowUpInput) (open int, err error) {
	c, err := tx.Case(ctx, in.Case)
	if err != nil {
		return 0, err
	}
	secrets, err := tx.SharedSecrets(ctx, c.Principal)
	if err != nil {
		return 0, err
	}
	tasks, err := tx.TasksOf(ctx, in.Case)
	if err != nil {
		return 0, err
	}
	standing := map[string]bool{} // whether it is open, by key
	for _, k := range tasks {
		standing[k.Key] = k.ClosedAt.IsZero()
	}
	for _, s := range secrets {
		k := secretTask(in, s)
		isOpen, there := standing[k.Key]
		switch {
		case there && !isOpen:
			continue
		case !there:
			if err := tx.Append(ctx, audit.Event{Chain: in.Case, Key: "opened/" + k.Key, At: in.At, Kind: audit.TaskOpened, Actor: self,
				Object: k.Subject, Words: k.Words, Data: map[string]any{"task": k.Key, "owner": k.Owner}}); err != nil {
				return 0, err
			}
			standing[k.Key] = true
		}
		if err := tx.OpenTask(ctx, k); err != nil { // also brings owner and words up to date
			return 0, err
		}
	}
	for key, isOpen := range standing {
		if isOpen && strings.HasPrefix(key, store.TaskOfSecret) {
			open++
		}
	}
	return open, nil
}

func secretTask(in FollowUpInput, s store.SharedSecret) store.Task {
	key := store.TaskOfSecret + s.Name
	next := "rotate it"
	if s.How != "" {
		next += " (" + s.How + ")"
	}
	return store.Task{CaseID: in.Case, Key: key, Subject: s.Name, Words: "a shared secret that " + string(s.Principal) + " could know; rotate it",
		Next:  next + ", then: sever tasks done " + in.Case + " " + shellWord(key) + ` --reason "..."`,
		Owner: s.Owner, Due: in.At.Add(orADay(in.TaskDue)), OpenedAt: in.At}
}

// shellWord is a text as one word for a shell.
func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
