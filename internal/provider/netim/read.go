package netim

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Accounts lists the database users of the configured hostings, in the order of the
// configuration and then by name. One hosting that cannot be read ends the list with
// an error: the others alone would look like all.
func (a *Account) Accounts(ctx context.Context) iter.Seq2[access.Account, error] {
	return func(yield func(access.Account, error) bool) {
		for _, id := range a.hostings {
			op := "list the users of " + a.connection
			h, err := a.fetch(ctx, op, id)
			if err == nil && h.noUsers != nil {
				err = &provider.Error{Op: op, Err: fmt.Errorf("the users of hosting %s: %w: %w", id, errUnreadable, h.noUsers)}
			}
			if err != nil {
				yield(access.Account{}, err)
				return
			}
			for _, u := range h.users {
				if !yield(a.show(&h, &u), nil) {
					return
				}
			}
		}
	}
}

// Look reads the hosting of the account. A reference without a hosting is looked for
// by its name, which begins with one.
func (a *Account) Look(ctx context.Context, ref access.Ref) (access.Sighting, error) {
	op := opOf("look at", ref, "")
	if err := a.mine(op, ref); err != nil {
		return access.Sighting{}, err
	}
	if ref.Resource == "" {
		ref.Resource = a.hostingOf(ref.Name)
	}
	seen := access.Sighting{
		Asked: fmt.Sprintf("user %s in DATABASE_USERS, and in the users of DATABASES, of hosting %s (configured: %s)",
			brief(ref.Name), brief(ref.Resource), strings.Join(a.hostings, ", ")),
	}
	if ref.Host != "" {
		seen.Gaps = append(seen.Gaps, access.Gap{
			Object: "user " + brief(ref.Name), Why: "users of a hosting have no host", Remedy: "correct the identity: leave its host empty",
		})
		seen.Answered = "not asked: no user can be called that"
		return seen, nil
	}
	if !slices.Contains(a.hostings, ref.Resource) {
		seen.Gaps = append(seen.Gaps, a.notConfigured(prefixOf(ref)))
		seen.Answered = "not asked: the hosting is not configured"
		return seen, nil
	}
	h, err := a.fetch(ctx, op, ref.Resource)
	if err != nil {
		return access.Sighting{}, err
	}
	if gap, unread := h.unread(); unread {
		seen.Gaps = append(seen.Gaps, gap)
		seen.Answered = "answered, and the users could not be read"
		return seen, nil
	}
	u, err := h.find(ref.Name)
	if err != nil {
		return access.Sighting{}, &provider.Error{Op: op, Err: err}
	}
	linked, gaps := h.linksOf(ref.Name)
	if u == nil {
		// Links that cannot be read give nobody access without the user, so they are no
		// gap here. One that is there would give it to the next user of that name.
		for _, db := range linked {
			seen.Residue = append(seen.Residue, "link to database "+db)
		}
		seen.Answered = fmt.Sprintf("no such user among the %d of hosting %s", len(h.users), h.id)
		if len(gaps) > 0 {
			seen.Answered += "; which users are linked to databases is not shown"
		}
		return seen, nil
	}
	seen.Exists, seen.Account, seen.Gaps = true, a.show(&h, u), gaps
	seen.Sessions = -1 // Netim does not show them
	for _, db := range linked {
		seen.Account.Grants = append(seen.Account.Grants, access.Grant{
			Kind: access.Link, Database: db, Extent: access.ExtentDatabase, EndedBy: access.Unlink,
		})
	}
	seen.Answered = fmt.Sprintf("there, %s, linked to %d databases", seen.Account.Attributes["rights"], len(linked))
	if len(gaps) > 0 {
		seen.Answered += fmt.Sprintf("; %d things could not be read", len(gaps))
	}
	return seen, nil
}

// prefixOf is what the name says its hosting is.
func prefixOf(ref access.Ref) string {
	if ref.Resource != "" {
		return ref.Resource
	}
	hosting, _, ok := strings.Cut(ref.Name, "_")
	if !ok || !hostingRule.MatchString(hosting) {
		return ""
	}
	return hosting
}

// snapshot is what Restore needs to make a user anew.
type snapshot struct {
	Internal string `json:"internal,omitempty"`
	External string `json:"external,omitempty"`
}

// show is the user as the contract describes it, without grants.
func (a *Account) show(h *hosting, u *user) access.Account {
	record, _ := json.Marshal(snapshot{u.rights.internal, u.rights.external}) // a struct of two strings
	out := access.Account{
		Ref:        access.Ref{Connection: a.connection, Resource: h.id, Name: u.name},
		Engine:     a.engine(),
		Contained:  u.rights == none,
		Attributes: map[string]string{"rights": u.rights.String()},
		Snapshot:   record,
	}
	for name, value := range map[string]string{"domain": h.domain, "hosting status": h.status} {
		if value != "" {
			out.Attributes[name] = value
		}
	}
	return out
}

// String is the rights as a person reads them.
func (r rights) String() string {
	if !r.known() {
		return "not shown"
	}
	return "internal " + r.internal + ", external " + r.external
}
