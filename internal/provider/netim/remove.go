package netim

import (
	"context"
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// nothing is the receipt of a step that found nothing left to do.
func nothing(words string) access.Receipt { return access.Receipt{Already: true, Words: words} }

// before reads the hosting of an account, and the account; nil when it is not there.
func (a *Account) before(ctx context.Context, op string, ref access.Ref) (hosting, *user, error) {
	if err := a.ours(op, ref); err != nil {
		return hosting{}, nil, err
	}
	h, err := a.fetch(ctx, op, ref.Resource)
	if err != nil {
		return hosting{}, nil, err
	}
	u, err := h.find(ref.Name)
	if err != nil {
		return hosting{}, nil, &provider.Error{Op: op, Err: err}
	}
	return h, u, nil
}

// Unlink ends the link of the user to step.Database.
func (a *Account) Unlink(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := opOf(access.Unlink, step.Account, step.Database)
	if step.Object != "" {
		return access.Receipt{}, provider.Refuse(op, "a link here is to a database and to nothing else")
	}
	if err := belongs(step.Account.Resource, step.Database); err != nil && step.Account.Name != "" {
		return access.Receipt{}, provider.Refuse(op, "no database can be called that: "+err.Error())
	}
	h, u, err := a.before(ctx, op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	linked, readable := h.linkOf(step.Account.Name, step.Database)
	switch {
	case readable && !linked:
		return nothing("not linked"), nil
	case u == nil && !linked:
		return nothing("no such user"), nil
	}
	return a.carryOut(ctx, change{
		op: op, ref: step.Account, database: step.Database,
		reached: func(h *hosting) verdict {
			linked, readable := h.linkOf(step.Account.Name, step.Database)
			return told(!linked, readable)
		},
	}.by(patchDatabase(unlinkAction, step.Account.Resource, step.Database, step.Account.Name)))
}

// Delete deletes the user. A database that still lists it stands in the way: what
// Netim does with the links of a deleted user is not known.
func (a *Account) Delete(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := opOf(access.Delete, step.Account, "")
	h, u, err := a.before(ctx, op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	if u == nil {
		return nothing(fmt.Sprintf("no such user among the %d of hosting %s", len(h.users), h.id)), nil
	}
	c := change{
		op: op, ref: step.Account,
		reached: func(h *hosting) verdict {
			u, err := h.find(step.Account.Name)
			return told(u == nil, err == nil)
		},
	}.by(deleteUser(step.Account.Resource, step.Account.Name))
	linked, _ := h.linksOf(u.name)
	if len(linked) > 0 {
		// An unlink that is on its way is nothing to bother a person with.
		if err := a.idle(ctx, c); err != nil {
			return access.Receipt{}, err
		}
		var blockers []access.Blocker
		for _, db := range linked {
			blockers = append(blockers, access.Blocker{Object: "database " + db, Why: "the user is linked to it", Remedy: "unlink it first"})
		}
		return access.Receipt{}, provider.Refuse(op, "the user is still linked", blockers...)
	}
	return a.carryOut(ctx, c)
}
