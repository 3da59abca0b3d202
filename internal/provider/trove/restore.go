package trove

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Restore undoes one step. An account comes back without what the system never
// showed; a database comes back with ALL PRIVILEGES, the only kind that can be given
// here; a password comes back as a new one.
func (c *Cloud) Restore(ctx context.Context, before access.Account, step access.Step) (provider.Restored, error) {
	op := opOf("undo "+string(step.Action), step.Account, step.Database)
	at, err := c.target(op, step.Account)
	if err != nil {
		return provider.Restored{}, err
	}
	if !before.Same(step.Account) {
		return provider.Restored{}, provider.Refuse(op, "the record is of "+before.String())
	}
	f, receipt, err := c.found(ctx, op, step.Account)
	if err != nil {
		return provider.Restored{}, err
	}
	if step.Action == access.Delete {
		return c.remake(ctx, op, at, f, step.Account)
	}
	if f == nil {
		// Its own order to be made again may still be in the queue.
		return provider.Restored{}, &provider.Error{Kind: provider.Transient, Op: op, Err: errors.New("the account is not there, or not yet: " + receipt.Words)}
	}
	switch step.Action {
	case access.Contain:
		return c.reopen(ctx, op, f)
	case access.Revoke:
		return c.regrant(ctx, op, f, before, step)
	}
	return provider.Restored{}, provider.Refuse(op, "nothing undoes it here")
}

// remake makes the account anew, with a password that nobody knows: that is as near
// to locked as it gets.
func (c *Cloud) remake(ctx context.Context, op string, at place, f *finding, ref access.Ref) (provider.Restored, error) {
	lost := []access.Gap{{Object: unseen, Why: "they were never shown, so nobody recorded them", Remedy: "grant them over SQL to " + ref.Name + "@" + ref.Host}}
	if f != nil {
		return provider.Restored{Receipt: access.Receipt{Already: true, Words: f.answered}, Missing: lost}, nil
	}
	r, err := c.regionOf(ctx, op, at)
	if err != nil {
		return provider.Restored{}, err
	}
	i, err := c.instance(ctx, op, r, at, true)
	if errors.Is(err, errNoInstance) {
		return provider.Restored{}, provider.Refuse(op, "the instance is not there", access.Blocker{
			Object: "instance " + at.String(), Why: "an account needs one to live on", Remedy: "restore the instance from a backup",
		})
	}
	if err != nil {
		return provider.Restored{}, err
	}
	f = &finding{region: r, instance: i, user: user{name: ref.Name, host: ref.Host}}
	a, err := f.password(ctx, op, http.MethodPost, secret())
	if err != nil {
		return provider.Restored{}, err
	}
	if !a.ok() {
		return provider.Restored{}, f.refused(op, a)
	}
	back := provider.Restored{Missing: lost, Receipt: access.Receipt{Pending: true, Words: "accepted, and queued"}}
	if _, now, err := r.user(ctx, op, at, ref.Name, ref.Host); err == nil && now.status == http.StatusOK {
		back.Receipt = access.Receipt{Words: "made anew, with a password that nobody knows"}
	}
	return back, nil
}

// reopen gives the account a new password, which is returned. A repetition gives
// another: the answer that carried the first may have been lost.
func (c *Cloud) reopen(ctx context.Context, op string, f *finding) (provider.Restored, error) {
	password := secret()
	a, err := f.password(ctx, op, http.MethodPut, password)
	if err != nil {
		return provider.Restored{}, err
	}
	if !a.ok() {
		return provider.Restored{}, f.refused(op, a)
	}
	return provider.Restored{
		Secret:  password,
		Receipt: access.Receipt{Pending: true, Unseen: true, Words: "a new password was accepted; the system does not show when it is set"},
	}, nil
}

// regrant gives a database back that the record has.
func (c *Cloud) regrant(ctx context.Context, op string, f *finding, before access.Account, step access.Step) (provider.Restored, error) {
	had := slices.ContainsFunc(before.Grants, func(g access.Grant) bool { return g.Database == step.Database && g.Database != "" })
	if !had || slices.Contains(f.user.databases, step.Database) {
		return provider.Restored{Receipt: access.Receipt{Already: true, Words: "nothing to give back"}}, nil
	}
	who, err := segment(f.user.name, f.user.host)
	if err != nil {
		return provider.Restored{}, provider.Refuse(op, err.Error())
	}
	path := "/instances/" + f.instance.id + "/users/" + who + "/databases"
	a, err := f.region.send(ctx, request{
		op: op, method: http.MethodPut, path: path, timeout: f.region.cfg.Timeout,
		body: map[string]any{"databases": []databaseJSON{{step.Database}}},
	})
	if err != nil {
		return provider.Restored{}, err
	}
	if !a.ok() {
		return provider.Restored{}, f.refused(op, a)
	}
	const words = "granted ALL PRIVILEGES, the only kind that this system can give"
	back := access.Receipt{Pending: true, Words: "accepted: " + words}
	if now, err := f.region.databases(ctx, op, path); err == nil && slices.Contains(now, step.Database) {
		back = access.Receipt{Words: words}
	}
	return provider.Restored{Receipt: back}, nil
}
