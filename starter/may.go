package main

import (
	"context"
	"errors"

	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
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
	if no, ok := errors.AsType[*roles.RefusalError](r.May(who, act)); ok {
		return badInput("%w", no).then("ask somebody who has the role, or act as yourself (--as, SEVER_ACTOR): sever help roles")
	}
	return nil
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
		return r, badInput("%w", err).then("correct it: sever help roles")
	}
	return r, nil
}

// actsOf are what the decisions take.
var actsOf = map[string]roles.Act{
	workflows.UpdateApprove: roles.Approve, workflows.UpdateDeny: roles.Deny, workflows.UpdateHold: roles.Hold,
	workflows.UpdateResume: roles.Resume, workflows.UpdateRetry: roles.Retry, workflows.UpdateEscalate: roles.Escalate,
	workflows.UpdateCancel: roles.Cancel, workflows.UpdateWaive: roles.Waive,
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
