package plesk

import (
	"context"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Rotate sets a new password and returns it. A call whose answer was lost is repeated
// with another one: the newest works. Open connections live on.
func (p *Panel) Rotate(ctx context.Context, ref access.Ref) (provider.Rotated, error) {
	op := op(access.Rotate, ref)
	u, there, err := p.find(ctx, op, ref)
	if err != nil {
		return provider.Rotated{}, err
	}
	if !there {
		return provider.Rotated{Receipt: already}, nil
	}
	if err := p.keeps(ctx, op, u); err != nil {
		return provider.Rotated{}, err
	}
	secret := newPassword()
	if err := p.api.setPassword(ctx, u.ID, secret); err != nil {
		return provider.Rotated{}, classified(op, err)
	}
	return provider.Rotated{Receipt: access.Receipt{Words: "a new password was set; Plesk does not end open connections"}, Secret: secret}, nil
}
