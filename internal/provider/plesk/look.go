package plesk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Accounts lists by id, without grants and snapshots: Look has them.
func (p *Panel) Accounts(ctx context.Context) iter.Seq2[access.Account, error] {
	return func(yield func(access.Account, error) bool) {
		v, err := p.view(ctx)
		if err != nil {
			yield(access.Account{}, classified("list the accounts of "+p.connection, err))
			return
		}
		for _, u := range v.users {
			a := v.account(u)
			a.Grants, a.Snapshot = nil, nil
			if !yield(a, nil) {
				return
			}
		}
	}
}

// Look finds the user by its login where it was, and by its id wherever it is.
func (p *Panel) Look(ctx context.Context, ref access.Ref) (access.Sighting, error) {
	op := op("look at", ref)
	id, err := p.mine(op, ref)
	if err != nil {
		return access.Sighting{}, err
	}
	v, err := p.view(ctx)
	if err != nil {
		return access.Sighting{}, classified(op, err)
	}
	byID, err := p.byID(ctx, v, id)
	if err != nil {
		return access.Sighting{}, classified(op, err)
	}
	return v.sighting(ref, byID), nil
}

// byID is the user of that id, whatever its login: from the list, or else asked for
// by itself, so that a list that lacks it is noticed.
func (p *Panel) byID(ctx context.Context, v view, id userID) (*user, error) {
	if id == 0 {
		return nil, nil
	}
	for _, u := range v.users {
		if u.ID == id {
			return &u, nil
		}
	}
	u, ok, err := p.api.user(ctx, id)
	if err != nil || !ok {
		return nil, err
	}
	return &u, nil
}

// sighting is what the view and a read by id make of a reference.
func (v view) sighting(ref access.Ref, byID *user) access.Sighting {
	s := access.Sighting{Asked: "database users: all, by database"}
	if ref.ForeignID != "" {
		s.Asked += ", and by id " + ref.ForeignID
	}
	found := v.named(ref)
	if byID != nil && byID.Login == ref.Name {
		found = []user{*byID} // the planned one, whoever else has the login elsewhere
	}
	if len(found) == 0 {
		s.Answered = fmt.Sprintf("no user %q among %d; open connections are not visible to Plesk", short(ref.Name), len(v.users))
		if byID != nil {
			s.Residue = []string{fmt.Sprintf("database user %d, whose login is now %q", byID.ID, byID.Login)}
			s.Answered += fmt.Sprintf("; id %d is now %q: renamed, or given again", byID.ID, short(byID.Login))
		}
		return s
	}
	u := found[0]
	s.Exists, s.Sessions = true, -1
	s.Account = v.account(u)
	s.Gaps = v.gaps(u)
	for _, other := range found[1:] {
		s.Gaps = append(s.Gaps, access.Gap{
			Object: "database user " + other.ID.String(), Why: "it has the same login, and the plan names no id",
			Remedy: "name the account by its id",
		})
	}
	s.Answered = fmt.Sprintf("user %d, login %q; grants: %d, unreadable: %d", u.ID, short(u.Login), len(s.Account.Grants), len(s.Gaps))
	return s
}

// named are the users with exactly that login, on that resource. One whose place
// Plesk does not show may be on any, and so may one whose place it did not show when
// the reference was made.
func (v view) named(ref access.Ref) []user {
	was := ref.Resource == universalResource || strings.HasPrefix(ref.Resource, serverResource)
	var out []user
	for _, u := range v.users {
		at, placed := v.resource(u)
		if u.Login == ref.Name && (!was || !placed || at == ref.Resource) {
			out = append(out, u)
		}
	}
	return out
}

// mine refuses a reference that this connection could not have made, before
// anything is asked, and reads its id; zero when it has none.
func (p *Panel) mine(op string, ref access.Ref) (userID, error) {
	switch {
	case ref.Connection != p.connection:
		return 0, refuse(op, errors.New("this is connection "+p.connection))
	case ref.Name == "":
		return 0, refuse(op, errors.New("the account has no name"))
	case ref.Host != "":
		return 0, refuse(op, errors.New("a login of Plesk has no host"))
	case ref.ForeignID == "":
		return 0, nil
	}
	id, err := strconv.ParseInt(ref.ForeignID, 10, 64)
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != ref.ForeignID {
		return 0, refuse(op, errors.New("its id is none of Plesk's"))
	}
	return userID(id), nil
}
