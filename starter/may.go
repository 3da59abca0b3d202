package main

import (
	"context"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/wiring"
)

// allowed is the acting person, if the roles let them do this. It is asked before
// anything is sent; the worker asks again, by its own settings.
func (a *app) allowed(as string, act roles.Act) (string, error) {
	by, err := a.actor(as)
	if err != nil {
		return "", err
	}
	return by, a.may(by, act)
}

func (a *app) may(who string, act roles.Act) error {
	r, err := a.roles()
	if err != nil {
		return err
	}
	d := desk.Desk{Roles: r}
	return d.May(who, act)
}

// reads refuses to show cases and the trail to somebody without any role. Where no
// roles are configured nobody has to say who they are.
func (a *app) reads() error {
	r, err := a.roles()
	if err != nil || !r.Any() {
		return err
	}
	_, err = a.allowed("", roles.Read)
	return err
}

func (a *app) roles() (roles.Roles, error) {
	r, err := wiring.RolesOf(a.vars)
	if err != nil {
		return r, desk.Invalidf("%w", err).Then("correct it: sever help roles")
	}
	return r, nil
}

// reading is a command that shows cases or the trail.
func (a *app) reading(work func(context.Context, []string) error) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		if err := a.reads(); err != nil {
			return err
		}
		return work(ctx, args)
	}
}
