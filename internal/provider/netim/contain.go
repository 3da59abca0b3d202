package netim

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Contain makes logging in impossible in the way that the settings allow. Rights of NO
// keep the password, so a cancel gives back exactly what was; they are used where the
// hosting shows rights, because what is not shown can neither be confirmed nor given
// back. Else, and always with mode Kill, the password is replaced by one that nobody
// has. Netim shows neither passwords nor sessions, so that is done again when it is
// asked for again.
func (a *Account) Contain(ctx context.Context, ref access.Ref, mode access.Mode) (access.Receipt, error) {
	op := opOf(access.Contain, ref, "")
	if err := a.ours(op, ref); err != nil {
		return access.Receipt{}, err
	}
	if a.cfg.PasswordAction == "" {
		return access.Receipt{}, provider.Refuse(op, "no way to contain is configured", access.Blocker{
			Object: "user " + ref.Name, Why: "the calls for it are not documented in full",
			Remedy: "try them, then set PASSWORD_ACTION (and PERMISSION_ACTION) of connection " + a.connection,
		})
	}
	_, u, err := a.before(ctx, op, ref)
	if err != nil {
		return access.Receipt{}, err
	}
	kill := mode == access.Kill
	switch {
	case u == nil:
		return nothing("no such user"), nil
	case u.rights == none && !kill:
		return nothing("its rights are NO already"), nil
	}
	byRights := a.cfg.PermissionAction != "" && u.rights.known()
	done := nothing("")
	if byRights && u.rights != none {
		if done, err = a.carryOut(ctx, a.toRights(op, ref, none)); err != nil {
			return access.Receipt{}, err
		}
	}
	if !kill && byRights {
		return done, nil
	}
	c := a.toPassword(op, ref, newPassword())
	c.alongside = true
	more, err := a.carryOut(ctx, c)
	if err != nil {
		return access.Receipt{}, err
	}
	return joined(done, more), nil
}

// toRights is the change of the rights of a user.
func (a *Account) toRights(op string, ref access.Ref, r rights) change {
	return change{
		op: op + ": set the rights", ref: ref,
		reached: func(h *hosting) verdict {
			u, err := h.find(ref.Name)
			switch {
			case err != nil || u != nil && !u.rights.known():
				return unseen
			case u == nil:
				return told(r == none, true)
			}
			return told(u.rights == r, true)
		},
	}.by(setRights(a.cfg.PermissionAction, ref.Resource, ref.Name, r))
}

// toPassword is the change of the password of a user, which no reading shows.
func (a *Account) toPassword(op string, ref access.Ref, password string) change {
	return change{
		op: op + ": set the password", ref: ref,
		reached: func(*hosting) verdict { return unseen },
	}.by(setPassword(a.cfg.PasswordAction, ref.Resource, ref.Name, password))
}

// joined is the receipt of two changes.
func joined(first, second access.Receipt) access.Receipt {
	r := second
	r.Already = first.Already && second.Already
	r.Pending = first.Pending || second.Pending
	if first.RequestID != "" && second.RequestID != "" {
		r.RequestID = first.RequestID + ", " + second.RequestID
	} else {
		r.RequestID = first.RequestID + second.RequestID
	}
	r.Words = strings.TrimPrefix(first.Words+"; "+second.Words, "; ")
	return r
}

// newPassword is random, and has a letter of both cases, a digit and a sign in it,
// whatever the rules are.
func newPassword() string {
	text := rand.Text()
	return text[:10] + "-" + strings.ToLower(text[10:20]) + "a7A"
}
