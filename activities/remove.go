package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/store"
)

// Contain makes logging in impossible, then ends live sessions, then looks again
// until none was alive twice in a row. The order matters: ending sessions first
// loses the race with a client that reconnects.
func (a *Access) Contain(ctx context.Context, b Batch) (Tally, error) {
	return a.work(ctx, b, a.contain)
}

// Unlink takes accounts out of roles, pools and lists.
func (a *Access) Unlink(ctx context.Context, b Batch) (Tally, error) {
	return a.work(ctx, b, via(provider.Unlinker.Unlink))
}

// Revoke ends the grants of accounts in single databases.
func (a *Access) Revoke(ctx context.Context, b Batch) (Tally, error) {
	return a.work(ctx, b, via(provider.Revoker.Revoke))
}

// Reassign hands over what accounts own in single databases, and ends their grants.
func (a *Access) Reassign(ctx context.Context, b Batch) (Tally, error) {
	return a.work(ctx, b, via(provider.Reassigner.Reassign))
}

// Delete removes the accounts themselves.
func (a *Access) Delete(ctx context.Context, b Batch) (Tally, error) {
	return a.work(ctx, b, via(provider.Deleter.Delete))
}

func (a *Access) contain(ctx context.Context, p provider.Provider, s store.Step) (access.Receipt, error) {
	c, ok := p.(provider.Container)
	if !ok {
		return access.Receipt{}, cannot(s)
	}
	receipt, err := c.Contain(ctx, s.Account, s.Mode)
	if err != nil {
		return receipt, err
	}
	ender, ok := p.(provider.SessionEnder)
	if !ok {
		return receipt, nil
	}
	looks, err := a.quiet(ctx, ender, s.Account)
	if err != nil {
		return receipt, err
	}
	receipt.Words += fmt.Sprintf("; sessions ended, none alive in the last 2 of %d looks", looks)
	return receipt, nil
}

// quiet ends sessions until none was alive twice in a row, and says how many looks
// that took.
func (a *Access) quiet(ctx context.Context, e provider.SessionEnder, ref access.Ref) (int, error) {
	none, alive := 0, 0
	for look := 1; look <= a.pace.Looks; look++ {
		var err error
		if alive, err = e.EndSessions(ctx, ref); err != nil {
			return look, err
		}
		if none++; alive > 0 {
			none = 0
		}
		if none == 2 {
			return look, nil
		}
		select {
		case <-ctx.Done():
			return look, ctx.Err()
		case <-time.After(a.pace.LookEvery):
		}
	}
	return a.pace.Looks, fmt.Errorf("end the sessions of %s: %d alive after %d looks", ref, alive, a.pace.Looks)
}

// via calls one optional method of a provider, if the provider has it.
func via[T any](call func(T, context.Context, access.Step) (access.Receipt, error)) act {
	return func(ctx context.Context, p provider.Provider, s store.Step) (access.Receipt, error) {
		able, ok := p.(T)
		if !ok {
			return access.Receipt{}, cannot(s)
		}
		return call(able, ctx, s.Step)
	}
}

// cannot refuses a step that the plan should not have made.
func cannot(s store.Step) error {
	return provider.Refuse(fmt.Sprintf("%s %s", s.Action, s.Account), "the provider has no such action")
}
