package plesk

import (
	"context"
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/access"
)

// Delete deletes the one user. Its login is read again right before, and whether it
// is gone right after. A default user is deleted only where nobody could take over;
// whether Plesk lets that happen is for Plesk to say.
func (p *Panel) Delete(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Delete, step.Account)
	if _, err := p.mine(op, step.Account); err != nil {
		return access.Receipt{}, err
	}
	dbs, err := p.api.databases(ctx)
	if err != nil {
		return access.Receipt{}, classified(op, err)
	}
	u, there, err := p.find(ctx, op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	if !there {
		return already, nil
	}
	if why := p.seen(dbs, nil).protected(u); why != "" {
		return access.Receipt{}, refuse(op, errors.New("protected: "+why))
	}
	last, err := p.needed(ctx, op, u, p.seen(dbs, nil).defaults(u.ID))
	if err != nil {
		return access.Receipt{}, err
	}
	if last {
		// Finding out took requests, and the login has to be what was read last.
		switch u, there, err = p.find(ctx, op, step.Account); {
		case err != nil:
			return access.Receipt{}, err
		case !there:
			return already, nil
		}
	}
	return p.remove(ctx, op, u, last)
}

// needed refuses to delete a default user that somebody can stand in for, and says
// whether it is the default user of anything.
func (p *Panel) needed(ctx context.Context, op string, u user, of []database) (bool, error) {
	if !p.api.setsDefault() {
		return len(of) > 0, nil
	}
	var blockers []access.Blocker
	for _, db := range of {
		users, err := p.api.usersOf(ctx, db.ID)
		if err != nil {
			return false, classified(op, vanished(err))
		}
		if heir, ok := p.seen(nil, users).heir(db.ID, u.ID); ok {
			blockers = append(blockers, access.Blocker{
				Object: "database " + db.Name, Why: "it is the default user, with which the tools of the panel log in",
				Remedy: fmt.Sprintf("plan again: %s takes over first", short(heir.Login)),
			})
		}
	}
	if len(blockers) > 0 {
		return false, refuse(op, errors.New("something still depends on the user"), blockers...)
	}
	return len(of) > 0, nil
}

// remove sends the deletion of one user, and reads what came of it.
func (p *Panel) remove(ctx context.Context, op string, u user, wasDefault bool) (access.Receipt, error) {
	err := p.api.deleteUser(ctx, u.ID)
	if err != nil && !errors.Is(err, errNoUser) && !errors.Is(err, errUnsure) {
		out := classified(op, err)
		if f, ok := errors.AsType[*failure](err); ok && wasDefault && f.remedy == "" {
			f.remedy = "it is a default user: make another user of the database its default one in the panel, then retry"
			out = classified(op, f)
		}
		return access.Receipt{}, out
	}
	now, there, readErr := p.api.user(ctx, u.ID)
	switch {
	case readErr != nil:
		return access.Receipt{}, classified(op, readErr)
	case there && now.Login == u.Login:
		return access.Receipt{}, classified(op, fmt.Errorf("user %d is still there: %w", u.ID, errors.Join(err, errUnsure)))
	case errors.Is(err, errNoUser):
		return access.Receipt{Already: true, Words: "somebody deleted it first"}, nil
	}
	return access.Receipt{Words: fmt.Sprintf("user %d deleted; Plesk does not end open connections", u.ID)}, nil
}
