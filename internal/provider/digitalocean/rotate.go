package digitalocean

import (
	"context"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Rotate lets the API make a new password, which its answer shows. Sessions that are open
// live on, and so does what the user may do. A call whose answer was lost is repeated and
// makes another password; the newest works.
//
// A token that may not see credentials gets no password in the answer. The old one is
// dead then all the same, and the words say where the new one is to be found.
func (t *Team) Rotate(ctx context.Context, ref access.Ref) (provider.Rotated, error) {
	op := op(access.Rotate, ref)
	at, err := t.find(ctx, op, ref)
	if err != nil {
		return provider.Rotated{}, err
	}
	if at.gone != "" {
		receipt, err := already(at.gone)
		return provider.Rotated{Receipt: receipt}, err
	}
	requestID, secret, err := t.resetAuth(ctx, op, ref)
	if err != nil {
		return provider.Rotated{}, err
	}
	words := "a new password; open sessions are not ended by this API"
	if at.cluster.Engine == kafka {
		words += "; whether a client certificate still works is not documented"
	}
	if secret == "" {
		words += "; it was not shown to this token, which lacks the scope database:view_credentials: read it in the control panel"
	}
	return provider.Rotated{Receipt: access.Receipt{Words: words, RequestID: requestID}, Secret: secret}, nil
}
