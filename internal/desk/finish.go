package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Finish says that a task is done which no system can show.
type Finish struct {
	Case string // or a principal
	Task string // its key
	By   string
	Why  string
}

// Finished is what became of it.
type Finished struct {
	Case string `json:"case"`
	Task string `json:"task"`
	By   string `json:"by"`
	// Principal is whose case it is, if that is open: it goes on when it is told.
	Principal access.PrincipalID `json:"-"`
}

// Sensible reads it by itself, without asking anybody.
func (f Finish) Sensible() error {
	if f.Why == "" {
		return Invalidf("a task is done with a reason").Then(`say what was done: --reason "..."`)
	}
	return errors.Join(ValidText("the reason", f.Why, MaxText), ValidText("the task", f.Task, MaxText))
}

// Finish closes a task. The case is not told yet: see Nudge.
func (d *Desk) Finish(ctx context.Context, f Finish) (Finished, error) {
	if err := d.May(f.By, roles.Finish); err != nil {
		return Finished{}, err
	}
	if err := f.Sensible(); err != nil {
		return Finished{}, err
	}
	c, err := Find(ctx, d.Store, f.Case)
	if err != nil {
		return Finished{}, err
	}
	k, err := d.doable(ctx, c, f.Task)
	if err != nil {
		return Finished{}, err
	}
	err = d.Store.Do(ctx, func(tx *store.Tx) error {
		if err := tx.FinishTask(ctx, c.ID, k.Key, f.By, f.Why); err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: c.ID, Key: fmt.Sprintf("done/%s/%d", k.Key, k.OpenedAt.UnixMicro()), At: time.Now(), Kind: audit.TaskClosed,
			Actor: f.By, Object: k.Subject, Words: f.Why, Data: map[string]any{"task": k.Key, "owner": k.Owner}})
	})
	if errors.Is(err, store.ErrNotFound) {
		return Finished{}, Refusedf("somebody else has just closed %s of case %s", f.Task, c.ID)
	}
	out := Finished{Case: c.ID, Task: k.Key, By: f.By}
	if c.Status == access.CaseOpen {
		out.Principal = c.Principal
	}
	return out, err
}

// Why is what the case of a finished task is told.
func (f Finished) Why() string { return "the task " + f.Task + " is done" }

// doable finds an open task that a person may call done; of another it says what closes
// that.
func (d *Desk) doable(ctx context.Context, c store.Case, key string) (store.Task, error) {
	all, err := d.Store.TasksOf(ctx, c.ID)
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
		f := Failf(Missing, "case %s has no task %q", c.ID, key)
		if len(keys) > 0 {
			return store.Task{}, f.Then("its open tasks are: %s", strings.Join(keys, ", "))
		}
		return store.Task{}, f.Then("none of its tasks is open")
	}
	k := all[i]
	switch {
	case !k.ClosedAt.IsZero():
		return k, Refusedf("%s of case %s is closed already, by %s: %s", key, c.ID, k.ClosedBy, k.ClosedWhy)
	case k.OfPlan():
		return k, Refusedf("%s of case %s is about a plan, and done when somebody has decided about that", key, c.ID).Then("%s", k.Next)
	case !k.ByHand():
		return k, Refusedf("%s of case %s closes by itself when the systems agree; nobody can call it done", key, c.ID).Then("%s", k.Next)
	}
	return k, nil
}
