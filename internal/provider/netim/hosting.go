package netim

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// hosting is one web hosting as it was read, with what could not be read.
type hosting struct {
	id, domain, status string
	databases          []database
	users              []user
	// noUsers and noDatabases say why a list could not be read; nil when it was.
	noUsers, noDatabases error
}

// database is one database with the users that it lists.
type database struct {
	name  string
	users links
}

// user is one database user with its rights and the databases that it lists.
type user struct {
	name      string
	rights    rights
	databases links
}

// links are the other half of a pair. They are known only when the answer has them.
type links struct {
	known bool
	names []string
}

// rights are the access values of a user: RW, RO or NO each, or "" when the hosting
// does not show them.
type rights struct{ internal, external string }

var none = rights{"NO", "NO"}

func (r rights) known() bool {
	ok := func(v string) bool { return v == "RW" || v == "RO" || v == "NO" }
	return ok(r.internal) && ok(r.external)
}

// fetch reads a hosting, now.
func (a *Account) fetch(ctx context.Context, op, id string) (hosting, error) {
	r, err := readHosting(id)
	if err != nil {
		return hosting{}, provider.Refuse(op, err.Error())
	}
	op += ": read hosting " + id
	got, err := a.client.call(ctx, op, r)
	if err != nil {
		return hosting{}, err
	}
	m, err := membersOf(got.raw)
	if err != nil {
		return hosting{}, &provider.Error{Op: op, Err: fmt.Errorf("%w: %w", errUnreadable, err)}
	}
	if said := m.text("id"); said != id {
		return hosting{}, &provider.Error{Op: op, Err: fmt.Errorf("%w: it is about hosting %q", errUnreadable, brief(got.scrub(said)))}
	}
	h := hosting{id: id, domain: brief(m.text("domain")), status: brief(m.text("status"))}
	h.databases, h.noDatabases = databasesOf(m)
	h.users, h.noUsers = usersOf(m)
	return h, nil
}

// find is the user of that name. Without an error, nil means that there is none.
func (h *hosting) find(name string) (*user, error) {
	if h.noUsers != nil {
		return nil, fmt.Errorf("the users of hosting %s: %w: %w", h.id, errUnreadable, h.noUsers)
	}
	i := slices.IndexFunc(h.users, func(u user) bool { return u.name == name })
	if i < 0 {
		return nil, nil
	}
	return &h.users[i], nil
}

// unread is the gap of users that could not be read.
func (h *hosting) unread() (gap access.Gap, unread bool) {
	if h.noUsers == nil {
		return access.Gap{}, false
	}
	return h.gap("users of hosting "+h.id, h.noUsers), true
}

func (h *hosting) gap(object string, why error) access.Gap {
	return access.Gap{Object: object, Why: why.Error(), Remedy: "look at hosting " + h.id + " in Netim's panel"}
}

// linksOf are the databases that a user is linked to, sorted, and the gaps: what
// cannot be told. The name may be one of a user that is gone.
func (h *hosting) linksOf(name string) ([]string, []access.Gap) {
	var linked, silent []string
	for _, d := range h.databases {
		switch {
		case slices.Contains(d.users.names, name):
			linked = append(linked, d.name)
		case !d.users.known:
			silent = append(silent, d.name)
		}
	}
	listed := links{}
	if i := slices.IndexFunc(h.users, func(u user) bool { return u.name == name }); i >= 0 {
		listed = h.users[i].databases
	}
	var gaps []access.Gap
	if h.noDatabases != nil {
		gaps = append(gaps, h.gap("databases of hosting "+h.id, h.noDatabases))
	}
	if !listed.known {
		for _, db := range silent {
			gaps = append(gaps, h.gap("grants in database "+db, errSilent))
		}
	}
	for _, db := range listed.names {
		if slices.Contains(linked, db) {
			continue
		}
		linked = append(linked, db)
		if !slices.Contains(silent, db) && h.noDatabases == nil {
			gaps = append(gaps, h.gap("grants in database "+db, errors.New("the user lists it, and the database does not list the user")))
		}
	}
	if listed.known {
		for _, db := range linked {
			if !slices.Contains(listed.names, db) {
				gaps = append(gaps, h.gap("grants in database "+db, errors.New("the database lists the user, and the user does not list it")))
			}
		}
	}
	slices.Sort(linked)
	return linked, gaps
}

var errSilent = errors.New("the answer does not say which users are linked to it; its grants are unknown")

// linkOf reports whether a pair is linked, and whether that can be told.
func (h *hosting) linkOf(name, database string) (linked, told bool) {
	all, gaps := h.linksOf(name)
	if slices.Contains(all, database) {
		return true, true
	}
	if h.noDatabases != nil || h.noUsers != nil {
		return false, false
	}
	return false, !slices.ContainsFunc(gaps, func(g access.Gap) bool { return g.Object == "grants in database "+database })
}
