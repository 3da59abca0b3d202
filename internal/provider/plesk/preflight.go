package plesk

import (
	"context"
	"fmt"

	"github.com/severhq/sever/internal/provider"
)

// Preflight reads what our login sees. Plesk does not tell what it may change, so
// that is found out by the first change.
func (p *Panel) Preflight(ctx context.Context) ([]provider.Check, error) {
	v, err := p.view(ctx)
	if err != nil {
		return nil, classified("preflight "+p.connection, err)
	}
	unplaced, unscoped, defaults := 0, 0, 0
	for _, u := range v.users {
		if _, placed := v.resource(u); !placed {
			unplaced++
		}
		if _, _, known := v.scope(u); u.universal() && !known {
			unscoped++
		}
	}
	for _, db := range v.databases {
		if db.Default > 0 {
			defaults++
		}
	}
	checks := []provider.Check{
		{
			Name: "may list databases and their users", OK: true, Fatal: true,
			Detail: fmt.Sprintf("%d databases, %d users; only what our login may see is listed", len(v.databases), len(v.users)),
		}, {
			Name: "sees a database", OK: len(v.databases) > 0,
			Remedy: "use a login that sees the subscriptions in question, with the permission for remote access by the API",
		}, {
			Name: "sees the database of every user", OK: unplaced == 0, Detail: fmt.Sprintf("%d users belong to a database that is not listed", unplaced),
			Remedy: "use a login that sees all of the subscription",
		}, {
			Name: "knows what universal users reach", OK: unscoped == 0, Detail: fmt.Sprintf("of %d it is unknown", unscoped),
			Remedy: "Plesk does not show it: look in the panel; they can be contained and deleted all the same",
		}, {
			Name: "can replace default users", OK: p.api.setsDefault() || defaults == 0,
			Detail: fmt.Sprintf("%d databases have one", defaults), Remedy: "set API to xml",
		},
	}
	for i := range checks {
		if checks[i].OK {
			checks[i].Remedy = ""
		}
	}
	return checks, nil
}
