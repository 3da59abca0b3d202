package main

import (
	"context"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/workflows"
)

// submit opens or joins the case, and follows it if asked to.
func (a *app) submit(ctx context.Context, c *clients, d *desk.Desk, who access.Principal, s workflows.Submit, o order) error {
	done, err := d.Submit(ctx, s, o.key)
	if err != nil {
		return err
	}
	switch {
	case done.Over:
		a.sayf("The key %s was used before, for case %s.", done.Key, done.Case)
	case done.Escalated:
		a.sayf("%s has an open case: %s. It was escalated to %s.", person(who.Name, who.ID), a.out.bold(done.Case), s.Policy.Reason)
	case done.Joined:
		a.sayf("%s has an open case: %s. This request joined it.", person(who.Name, who.ID), a.out.bold(done.Case))
	default:
		a.sayf("Case %s is open: %s, reason %s%s.", a.out.bold(done.Case), person(who.Name, who.ID), s.Policy.Reason, mannerOf(s.Policy))
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
func (a *app) afterwards(ctx context.Context, c *clients, done desk.Opened, o order) error {
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
