package trove

import (
	"context"
	"net/http"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Delete orders the account to be dropped. The order is queued, and one that fails
// later does so unseen, so it is done only when the account is found neither by name
// nor in the list. The list is long and left to the proof.
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
	// That it cannot be read back takes nothing from its being accepted.
	words := "accepted, and not found by name any more; whether the list lacks it is for the proof to say"
	if now, err := f.region.get(ctx, op, path); err != nil {
		words = "accepted; it could not be read back: " + brief(err.Error())
	} else if now.status != http.StatusNotFound {
		words = "accepted, and still found by name"
	}
	return access.Receipt{Pending: true, Words: words}, nil
}
