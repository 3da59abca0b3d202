package trove

import (
	"context"
	"net/http"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Delete orders the account to be dropped. The order is queued, and one that fails
// later does so unseen, so it is done only when the account is found neither by name
// nor in the list.
func (c *Cloud) Delete(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := opOf(string(access.Delete), step.Account, "")
	f, receipt, err := c.found(ctx, op, step.Account)
	if f == nil {
		return receipt, err
	}
	if err := c.reachesPublic(op, f, f.user.databases...); err != nil {
		return access.Receipt{}, err
	}
	who, err := segment(f.user.name, f.user.host)
	if err != nil {
		return access.Receipt{}, provider.Refuse(op, err.Error())
	}
	path := "/instances/" + f.instance.id + "/users/" + who
	a, err := f.region.send(ctx, request{op: op, method: http.MethodDelete, path: path, timeout: f.region.cfg.Timeout})
	switch {
	case err != nil:
		return access.Receipt{}, err
	case a.status == http.StatusNotFound:
		return c.vanished(ctx, op, step.Account, a)
	case !a.ok():
		return access.Receipt{}, f.refused(op, a)
	}
	return c.readBack(ctx, op, f, step.Account, path), nil
}

// readBack says whether an order to delete that was accepted is carried out. That it
// cannot be read back takes nothing from its being accepted.
func (c *Cloud) readBack(ctx context.Context, op string, f *finding, ref access.Ref, path string) access.Receipt {
	pending := func(words string) access.Receipt { return access.Receipt{Pending: true, Words: "accepted; " + words} }
	now, err := f.region.get(ctx, op, path)
	if err != nil {
		return pending("it could not be read back: " + brief(err.Error()))
	}
	if now.status != http.StatusNotFound {
		return pending("it is queued, and still found by name")
	}
	gone, err := c.find(ctx, op, f.instance.place, ref)
	switch {
	case err != nil:
		return pending("not found by name any more, and the list could not be read: " + brief(err.Error()))
	case gone.there || gone.gap != nil:
		return pending("not found by name any more, and the list does not say so yet")
	}
	return access.Receipt{Words: gone.answered}
}
