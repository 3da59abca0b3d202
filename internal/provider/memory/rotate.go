package memory

import (
	"context"
	"crypto/rand"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Rotate gives the account a new password, another one with each call. Sessions stay
// alive, and a locked account stays locked.
func (s *System) Rotate(ctx context.Context, ref access.Ref) (provider.Rotated, error) {
	secret := rand.Text()
	receipt, err := s.change(ctx, Call{Op: OpRotate, Account: ref}, func(a *account) (func(), error) {
		if a == nil {
			return nil, nil
		}
		return func() { a.Password, a.dead, a.unclaimed = secret, false, false }, nil
	})
	if err != nil {
		return provider.Rotated{}, err
	}
	out := provider.Rotated{Receipt: receipt}
	if !receipt.Already {
		out.Secret = secret
	}
	return out, nil
}
