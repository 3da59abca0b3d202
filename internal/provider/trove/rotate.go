package trove

import (
	"context"
	"net/http"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Rotate orders a new password and returns it. The order is queued and cannot be read
// back, so it is never more than accepted; a repeated call orders another one, and the
// newest order is the last to be carried out. Open sessions live on.
func (c *Cloud) Rotate(ctx context.Context, ref access.Ref) (provider.Rotated, error) {
	op := opOf(string(access.Rotate), ref, "")
	f, receipt, err := c.found(ctx, op, ref)
	if f == nil {
		return provider.Rotated{Receipt: receipt}, err
	}
	password := secret()
	a, err := f.password(ctx, op, http.MethodPut, password)
	switch {
	case err != nil:
		return provider.Rotated{}, err
	case a.status == http.StatusNotFound:
		receipt, err := c.vanished(ctx, op, ref, a)
		return provider.Rotated{Receipt: receipt}, err
	case !a.ok():
		return provider.Rotated{}, f.refused(op, a)
	}
	return provider.Rotated{Secret: password, Receipt: access.Receipt{Pending: true, Unseen: true,
		Words: "a new password was accepted; the system does not show when it is set, and open sessions live on"}}, nil
}
