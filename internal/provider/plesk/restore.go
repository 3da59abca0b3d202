package plesk

import (
	"context"
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Restore undoes one step. Steps are undone in reverse order: undoing Delete makes a
// user with a new id and a password that nobody knows, and the steps after it must
// carry that id. Undoing Contain sets a new password and returns it; the old one is
// gone for good.
func (p *Panel) Restore(ctx context.Context, before access.Account, step access.Step) (provider.Restored, error) {
	op := op(access.Restore, step.Account) + " after " + string(step.Action)
	if !before.Same(step.Account) {
		return provider.Restored{}, refuse(op, errors.New("the record is of "+before.String()))
	}
	if step.Action == access.Delete {
		return p.recreate(ctx, op, before, step.Account)
	}
	u, there, err := p.find(ctx, op, step.Account)
	if err != nil {
		return provider.Restored{}, err
	}
	if !there {
		return provider.Restored{}, refuse(op, errors.New("the user is not there: undo its deletion first"))
	}
	switch step.Action {
	case access.Contain:
		return p.reopen(ctx, op, u)
	case access.Unlink:
		return p.relink(ctx, op, before, u, step)
	}
	return provider.Restored{}, refuse(op, fmt.Errorf("nothing undoes %q", step.Action))
}

// reopen sets a new password every time: one whose answer was lost is lost too.
func (p *Panel) reopen(ctx context.Context, op string, u user) (provider.Restored, error) {
	secret := newPassword()
	if err := p.api.setPassword(ctx, u.ID, secret); err != nil {
		return provider.Restored{}, classified(op, err)
	}
	out := provider.Restored{Secret: secret}
	out.Words = "a new password was set; the old one is gone"
	return out, nil
}

// relink makes the user the default one again.
func (p *Panel) relink(ctx context.Context, op string, before access.Account, u user, step access.Step) (provider.Restored, error) {
	was, err := readSnapshot(before.Snapshot)
	if err != nil {
		return provider.Restored{}, refuse(op, err)
	}
	if step.Object != defaultUser || step.Database == "" {
		return provider.Restored{}, refuse(op, errors.New("the step names no link of Plesk's"))
	}
	dbs, err := p.api.databases(ctx)
	if err != nil {
		return provider.Restored{}, classified(op, err)
	}
	var of []database
	for _, db := range dbs {
		fits := db.ID == was.Database
		if was.Universal {
			fits = db.Server == was.Server && db.Subscription == was.Subscription
		}
		if fits && db.Name == step.Database {
			of = append(of, db)
		}
	}
	var out provider.Restored
	switch {
	case len(of) != 1:
		return out, refuse(op, fmt.Errorf("database %s is not there as it was", short(step.Database)))
	case of[0].Default == u.ID:
		out.Already, out.Words = true, "it is the default user"
		return out, nil
	}
	if err := p.makeDefault(ctx, op, of[0], u); err != nil {
		return out, err
	}
	out.Words = "default user of " + short(of[0].Name) + " again"
	return out, nil
}
