package main

import (
	"context"
	"errors"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// submitted is the JSON of an offboard that does not wait.
type submitted struct {
	Case      string             `json:"case"`
	Principal access.PrincipalID `json:"principal"`
	Joined    bool               `json:"joined"`
	Escalated bool               `json:"escalated"`
	Key       string             `json:"key"`
}

// submit remembers the key, opens or joins the case, and follows it if asked to.
func (a *app) submit(ctx context.Context, c *clients, who access.Principal, s workflows.Submit, o order) error {
	key := o.key
	if key == "" {
		key = "cli-" + random(20)
	}
	// An open case goes on under its own id, also when its workflow is gone.
	if open, err := c.store.OpenCaseOf(ctx, who.ID); err == nil {
		s.Case = open.ID
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	fresh := s.Case
	err := c.store.Do(ctx, func(tx *store.Tx) (err error) {
		s.Case, err = tx.Remember(ctx, key, fresh, who.ID)
		return err
	})
	if err != nil {
		return err
	}
	if s.Case != fresh { // the key was used before: perhaps its case is over by now
		old, err := c.store.Case(ctx, s.Case)
		if err == nil && old.Status != access.CaseOpen {
			a.sayf("The key %s was used before, for case %s.", key, old.ID)
			return a.afterwards(ctx, c, submitted{old.ID, who.ID, true, false, key}, o)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	answer, err := submit(ctx, c.temporal, s, key)
	if err != nil {
		return explain(err).then("give the command again with --key %s: it cannot open two cases", key)
	}
	done := submitted{answer.Case, who.ID, answer.Joined, answer.Escalated, key}
	switch {
	case answer.Escalated:
		a.sayf("%s has an open case: %s. It was escalated to %s.", person(who.Name, who.ID), a.out.bold(answer.Case), s.Policy.Reason)
	case answer.Joined:
		a.sayf("%s has an open case: %s. This request joined it.", person(who.Name, who.ID), a.out.bold(answer.Case))
	default:
		a.sayf("Case %s is open: %s, reason %s%s.", a.out.bold(answer.Case), person(who.Name, who.ID), s.Policy.Reason, mannerOf(s.Policy))
	}
	return a.afterwards(ctx, c, done, o)
}

// mannerOf says in a few words what the reason means.
func mannerOf(p plan.Policy) string {
	if p.ContainFirst {
		return ": contain at once, credentials die"
	}
	return ""
}

// afterwards follows the case, or says how to.
func (a *app) afterwards(ctx context.Context, c *clients, done submitted, o order) error {
	wait := a.out.terminal && !a.json
	if o.wait != nil {
		wait = *o.wait
	}
	if wait {
		return ended(a.follow(ctx, c, done.Case, 1))
	}
	if a.json {
		a.out.document(done)
		return nil
	}
	a.out.line("Follow it: sever status --follow " + done.Case)
	return nil
}
