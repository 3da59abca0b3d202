package netim

import (
	"context"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Rotate sets a new password, in the way that the settings name, and returns it. Rights
// and links stay. While an earlier order for the user waits, nothing is sent: which of
// the two passwords would be the last could not be told.
//
// Netim shows no password. An order that it has accepted and not carried out is never
// more than that, and the new password is handed over with it. A repeated call orders
// another one, and the newest works.
func (a *Account) Rotate(ctx context.Context, ref access.Ref) (provider.Rotated, error) {
	op := opOf(access.Rotate, ref, "")
	if err := a.ours(op, ref); err != nil {
		return provider.Rotated{}, err
	}
	if a.cfg.PasswordAction == "" {
		return provider.Rotated{}, provider.Refuse(op, "no way to set a password is configured", access.Blocker{
			Object: "user " + ref.Name, Why: "the call for it is not documented in full",
			Remedy: "try it, then set PASSWORD_ACTION of connection " + a.connection,
		})
	}
	_, u, err := a.before(ctx, op, ref)
	if err != nil {
		return provider.Rotated{}, err
	}
	if u == nil {
		return provider.Rotated{Receipt: nothing("no such user")}, nil
	}
	password := newPassword()
	c := a.toPassword(op, ref, password)
	c.once = true
	receipt, err := a.carryOut(ctx, c)
	if err != nil {
		return provider.Rotated{}, err
	}
	receipt.Unseen = receipt.Pending
	return provider.Rotated{Receipt: receipt, Secret: password}, nil
}
