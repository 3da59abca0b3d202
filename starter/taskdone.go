package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

func (a *app) taskDoneCommand() *cobra.Command {
	var why, as string
	c := &cobra.Command{
		Use:   "done <case> <task>",
		Short: "Say that a task is done which no system can show",
		Long: `Closes a task about a shared secret (secret/...) or about what could not be given back
(undo/...), with a reason that stays in the trail. It works for closed cases too. Other
tasks close by themselves when the systems agree, and the command says what makes them.`,
		Example: `  sever tasks done c-20261122-k4 'secret/deploy key of shop' --reason "rotated, vault version 18"`,
		Args:    cobra.ExactArgs(2),
		RunE:    does(func(ctx context.Context, args []string) error { return a.taskDone(ctx, args[0], args[1], why, as) }),
	}
	c.Flags().StringVar(&why, "reason", "", "what was done; kept in the trail (required)")
	c.Flags().StringVar(&as, "as", "", "who says so (default $SEVER_ACTOR, or who is logged in)")
	return c
}

// doneTask is the JSON of tasks done.
type doneTask struct {
	Case string `json:"case"`
	Task string `json:"task"`
	By   string `json:"by"`
}

func (a *app) taskDone(ctx context.Context, what, key, why, as string) error {
	by, err := a.allowed(as, roles.Finish)
	if err != nil {
		return err
	}
	if why == "" {
		return desk.Invalidf("a task is done with a reason").Then(`say what was done: --reason "..."`)
	}
	if err := errors.Join(desk.ValidText("--reason", why, desk.MaxText), desk.ValidText("the task", key, desk.MaxText)); err != nil {
		return err
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	c, err := desk.Find(ctx, clients.store, what)
	if err != nil {
		return err
	}
	k, err := doable(ctx, clients.store, c, key)
	if err != nil {
		return err
	}
	err = clients.store.Do(ctx, func(tx *store.Tx) error {
		if err := tx.FinishTask(ctx, c.ID, k.Key, by, why); err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: c.ID, Key: fmt.Sprintf("done/%s/%d", k.Key, k.OpenedAt.UnixMicro()), At: time.Now(), Kind: audit.TaskClosed,
			Actor: by, Object: k.Subject, Words: why, Data: map[string]any{"task": k.Key, "owner": k.Owner}})
	})
	if errors.Is(err, store.ErrNotFound) {
		return desk.Invalidf("somebody else has just closed %s of case %s", key, c.ID)
	}
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(doneTask{c.ID, k.Key, by})
	}
	a.sayf("Case %s: %s is done, by %s.", a.out.bold(c.ID), printable(k.Key), printable(by))
	if c.Status == access.CaseOpen {
		_ = a.nudge(ctx, c.Principal, by, "the task "+k.Key+" is done") // or it sees it when it looks the next time
	}
	return nil
}

// doable finds an open task that a person may call done; of another it says what closes
// that.
func doable(ctx context.Context, s *store.Store, c store.Case, key string) (store.Task, error) {
	all, err := s.TasksOf(ctx, c.ID)
	if err != nil {
		return store.Task{}, err
	}
	i := slices.IndexFunc(all, func(k store.Task) bool { return k.Key == key })
	if i < 0 {
		var keys []string
		for _, k := range all {
			if k.ClosedAt.IsZero() {
				keys = append(keys, k.Key)
			}
		}
		f := desk.Invalidf("case %s has no task %q", c.ID, key)
		if len(keys) > 0 {
			return store.Task{}, f.Then("its open tasks are: %s", strings.Join(keys, ", "))
		}
		return store.Task{}, f.Then("none of its tasks is open")
	}
	k := all[i]
	switch {
	case !k.ClosedAt.IsZero():
		return k, desk.Invalidf("%s of case %s is closed already, by %s: %s", key, c.ID, k.ClosedBy, k.ClosedWhy)
	case k.OfPlan():
		return k, desk.Invalidf("%s of case %s is about a plan, and done when somebody has decided about that", key, c.ID).Then("%s", k.Next)
	case !k.ByHand():
		return k, desk.Invalidf("%s of case %s closes by itself when the systems agree; nobody can call it done", key, c.ID).Then("%s", k.Next)
	}
	return k, nil
}
