package plesk

import (
	"context"
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// find is the planned user as it is now; false when it is gone. It is what every
// change does first, and it refuses a user that is another one by now.
func (p *Panel) find(ctx context.Context, op string, ref access.Ref) (user, bool, error) {
	id, err := p.mine(op, ref)
	if err != nil {
		return user{}, false, err
	}
	if id > 0 {
		u, ok, err := p.api.user(ctx, id)
		switch {
		case err != nil:
			return user{}, false, classified(op, err)
		case ok && u.Login != ref.Name:
			return user{}, false, another(op, fmt.Sprintf("the login of user %d is %q now", id, short(u.Login)))
		case ok:
			return u, true, nil
		}
	}
	v, err := p.view(ctx)
	if err != nil {
		return user{}, false, classified(op, err)
	}
	found := v.named(ref)
	switch {
	case len(found) == 0:
		return user{}, false, nil
	case id > 0:
		return user{}, false, another(op, fmt.Sprintf("user %d is gone, and the login belongs to user %d", id, found[0].ID))
	case len(found) > 1:
		var blockers []access.Blocker
		for _, u := range found {
			blockers = append(blockers, access.Blocker{Object: "database user " + u.ID.String(), Why: "has the login", Remedy: "plan it by its id"})
		}
		return user{}, false, refuse(op, errors.New("several users have this login"), blockers...)
	}
	return found[0], true, nil
}

// another says that the account is not the planned one, and how we know.
func another(op, how string) error {
	return &provider.Error{Kind: provider.Rejected, Op: op, Err: fmt.Errorf("%w: %s", provider.ErrAnotherAccount, how)}
}

// keeps refuses a protected user. It asks only where something is protected.
func (p *Panel) keeps(ctx context.Context, op string, u user) error {
	if !p.cfg.ProtectDefaultUsers {
		return nil
	}
	dbs, err := p.api.databases(ctx)
	if err != nil {
		return classified(op, err)
	}
	if why := p.seen(dbs, nil).protected(u); why != "" {
		return refuse(op, errors.New("protected: "+why))
	}
	return nil
}

// already is the receipt of a change that has nothing left to do.
var already = access.Receipt{Already: true, Words: "no such database user"}
