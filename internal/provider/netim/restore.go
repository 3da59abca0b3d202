package netim

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Restore undoes one step, as Look had recorded the user. Steps are undone in reverse
// order.
func (a *Account) Restore(ctx context.Context, before access.Account, step access.Step) (provider.Restored, error) {
	op := opOf(access.Restore, step.Account, step.Database) + " after " + string(step.Action)
	if err := a.ours(op, step.Account); err != nil {
		return provider.Restored{}, err
	}
	if !before.Same(step.Account) {
		return provider.Restored{}, provider.Refuse(op, "the record is of another account")
	}
	undo := map[access.Action]func(context.Context, giveBack) (provider.Restored, error){
		access.Contain: a.reopen, access.Unlink: a.relink, access.Delete: a.recreate,
	}[step.Action]
	if undo == nil {
		return provider.Restored{}, provider.Refuse(op, "there is nothing to undo about it")
	}
	h, u, err := a.before(ctx, op, step.Account)
	if err != nil {
		return provider.Restored{}, err
	}
	if u == nil && step.Action != access.Delete {
		return provider.Restored{}, provider.Refuse(op, "the user is not there: undo its deletion first")
	}
	return undo(ctx, giveBack{op, before, step, recordOf(before), h, u})
}

// giveBack is one call of Restore.
type giveBack struct {
	op     string
	before access.Account
	step   access.Step
	was    rights // "" where they were not shown
	now    hosting
	user   *user // nil when it is not there
}

func recordOf(before access.Account) rights {
	var s snapshot
	if json.Unmarshal(before.Snapshot, &s) != nil {
		return rights{}
	}
	if r := (rights{s.Internal, s.External}); r.known() {
		return r
	}
	return rights{}
}

// relink links the user to the database again.
func (a *Account) relink(ctx context.Context, g giveBack) (provider.Restored, error) {
	ref, db := g.step.Account, g.step.Database
	if !slices.ContainsFunc(g.before.Grants, func(l access.Grant) bool { return l.Kind == access.Link && l.Database == db }) {
		return provider.Restored{Receipt: nothing("it was not linked before")}, nil
	}
	if linked, _ := g.now.linkOf(ref.Name, db); linked {
		return provider.Restored{Receipt: nothing("linked")}, nil
	}
	receipt, err := a.carryOut(ctx, change{
		op: g.op, ref: ref, database: db,
		reached: func(h *hosting) verdict { return told(h.linkOf(ref.Name, db)) },
	}.by(patchDatabase(a.cfg.LinkAction, ref.Resource, db, ref.Name)))
	return provider.Restored{Receipt: receipt}, err
}

// recreate makes the user anew, without links. Where rights contain, it has none until
// reopen gives them back.
//
// A user that is there was never deleted, or is the work of an earlier call whose
// answer, with the password in it, was lost. Netim does not tell these apart. Where a
// password can be set it gets another one if this process made it and nobody can be
// using it yet. A user that was never deleted keeps its own.
func (a *Account) recreate(ctx context.Context, g giveBack) (provider.Restored, error) {
	var out provider.Restored
	engine, ref := a.engine(), g.step.Account
	tell := engine == enginePlain || engine == engineRights && g.was.known()
	if !g.was.known() {
		out.Missing = append(out.Missing, access.Gap{
			Object: "rights", Why: "the hosting did not show them when they were recorded", Remedy: "set internal and external access in Netim's panel",
		})
	}
	if engine == enginePlain {
		out.Missing = append(out.Missing, access.Gap{
			Object: "password", Why: "it died with the user; a new one is given once, by the call that makes the user, and no configured call sets another",
			Remedy: "if nobody has the new one, set a password in Netim's panel",
		})
	}
	if g.user != nil {
		linked, gaps := g.now.linksOf(ref.Name)
		if engine != engineRights || !tell || !a.orders.weMade(ref) || g.user.rights != none || len(linked)+len(gaps) > 0 {
			out.Receipt = nothing("the user is there; if it was made anew by a call whose answer was lost, nobody has its password")
			return out, nil
		}
		return a.setNew(ctx, g, out)
	}
	first := g.was
	if engine == engineRights || !first.known() {
		first = none
	}
	password := newPassword()
	a.orders.making(ref)
	receipt, err := a.carryOut(ctx, change{
		op: g.op, ref: ref, once: true,
		reached: func(h *hosting) verdict {
			u, err := h.find(ref.Name)
			if err != nil {
				return unseen
			}
			if u != nil {
				return yes
			}
			return no
		},
	}.by(createUser(ref.Resource, ref.Name, password, first)))
	if err != nil {
		return provider.Restored{}, err
	}
	out.Receipt = receipt
	if tell {
		out.Secret = password
	}
	return out, nil
}

// reopen gives back the rights where rights were taken, and a new password where the
// old one died.
func (a *Account) reopen(ctx context.Context, g giveBack) (provider.Restored, error) {
	var out provider.Restored
	if a.cfg.PasswordAction == "" {
		return out, provider.Refuse(g.op, "nothing contained it")
	}
	kill := g.step.Mode == access.Kill
	out.Receipt = nothing("open")
	if g.was == none {
		if kill {
			out.Missing = append(out.Missing, access.Gap{
				Object: "password", Why: "it was ended, and the user had no rights before", Remedy: "set one in Netim's panel",
			})
		}
		return out, nil
	}
	byRights := a.cfg.PermissionAction != "" && g.was.known()
	if kill || !byRights {
		// First, so that the rights do not open the account to an old password.
		var err error
		if out, err = a.setNew(ctx, g, out); err != nil {
			return provider.Restored{}, err
		}
	}
	if byRights && g.user.rights != g.was {
		c := a.toRights(g.op, g.step.Account, g.was)
		c.alongside = out.Secret != ""
		receipt, err := a.carryOut(ctx, c)
		if err != nil {
			return provider.Restored{}, err
		}
		out.Receipt = joined(out.Receipt, receipt)
	}
	return out, nil
}

// setNew gives the user a new password.
func (a *Account) setNew(ctx context.Context, g giveBack, out provider.Restored) (provider.Restored, error) {
	password := newPassword()
	c := a.toPassword(g.op, g.step.Account, password)
	c.once = true
	receipt, err := a.carryOut(ctx, c)
	if err != nil {
		return provider.Restored{}, err
	}
	out.Receipt, out.Secret = receipt, password
	return out, nil
}
