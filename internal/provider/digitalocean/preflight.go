package digitalocean

import (
	"context"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/provider"
)

// Preflight checks what can be read. What the token may change cannot be asked: the
// API shows no scopes, and trying would change something.
func (t *Team) Preflight(ctx context.Context) ([]provider.Check, error) {
	op := "preflight " + t.connection
	all, silent, err := t.population(ctx, op)
	if provider.KindOf(err) == provider.Denied {
		return []provider.Check{{Name: "may list clusters and users", Detail: err.Error(), Fatal: true,
			Remedy: "make a token with the scopes database:read, database:update and database:delete, by somebody whose role in the team has them"}}, nil
	}
	if err != nil {
		return nil, err
	}
	n, passwords := 0, false
	for _, h := range all {
		n += len(h.users)
		passwords = passwords || slices.ContainsFunc(h.users, func(u user) bool { return bool(u.Password) })
	}
	checks := []provider.Check{
		{Name: "may list clusters and users", OK: true, Fatal: true, Detail: fmt.Sprintf("%d users on %d clusters", n, len(all))},
		{Name: "may change and delete users", Detail: "not known: the API shows no scopes, and trying would change something",
			Remedy: "look at the token in the control panel: it needs database:update and database:delete; giving back needs database:create"},
		{Name: "cannot read passwords", OK: !passwords, Detail: "every list of users shows them to this token",
			Remedy: "take the scope database:view_credentials from the token; only giving back can use it"},
	}
	if !passwords {
		checks[2].Detail, checks[2].Remedy = "", ""
	}
	for _, h := range all {
		if h.Status != online {
			checks = append(checks, provider.Check{Name: "cluster " + h.ID + " is online", Detail: "it is " + printable(h.Status),
				Remedy: "wait: nothing is changed on it until then"})
		}
	}
	for _, c := range silent {
		gap := unlistable(c)
		vouched := slices.Contains(t.cfg.WithoutPeople, c.ID)
		check := provider.Check{Name: "users of " + gap.Object, OK: vouched, Detail: gap.Why, Remedy: gap.Remedy}
		if vouched {
			check.Detail, check.Remedy = gap.Why+"; somebody vouches that no person has a login there", ""
		}
		checks = append(checks, check)
	}
	return checks, nil
}
