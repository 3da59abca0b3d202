package netim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/severhq/sever/internal/provider"
)

// places is how many sessions an account was given in 2017; nothing newer is known.
const places = 10

// Preflight opens a session, reads every configured hosting, and says what nobody but a
// person can check: whether all hostings are configured.
func (a *Account) Preflight(ctx context.Context) ([]provider.Check, error) {
	op := "preflight " + a.connection
	login, err := a.checkLogin(ctx, op)
	if err != nil || !login.OK && login.Fatal {
		return []provider.Check{login}, err
	}
	checks := []provider.Check{login}
	for _, id := range a.hostings {
		more, err := a.checkHosting(ctx, op, id)
		if err != nil {
			return nil, err
		}
		checks = append(checks, more...)
	}
	return append(checks, a.checkContain(), provider.Check{
		Name: "every hosting is configured", OK: true,
		Detail: "cannot be checked: Netim has no call that lists hostings, so what is said is complete for " + strings.Join(a.hostings, ", ") + " only",
	}), nil
}

// checkLogin opens a session if there is none, and counts the account's sessions.
func (a *Account) checkLogin(ctx context.Context, op string) (provider.Check, error) {
	check := provider.Check{Name: "may open a session", OK: true}
	got, err := a.client.call(ctx, op, request{method: http.MethodGet, path: "/sessions/", body: object{}})
	var list []json.RawMessage
	switch {
	case provider.KindOf(err) == provider.Denied:
		check.OK, check.Fatal, check.Detail = false, true, err.Error()
		check.Remedy = "correct ID and SECRET; in Netim's panel, switch API access on and let this address in"
	case err != nil && provider.KindOf(err) != provider.Rejected:
		return check, err
	case err != nil || json.Unmarshal(got.raw, &list) != nil:
		check.Detail = "how many sessions are open is not shown"
	default:
		check.Detail = fmt.Sprintf("%d sessions are open", len(list))
		if len(list) >= places {
			check.OK = false
			check.Detail += fmt.Sprintf("; an account had %d places in 2017", places)
			check.Remedy = "close sessions in Netim's panel, or wait 20 minutes; run fewer workers on this connection"
		}
	}
	return check, nil
}

// checkHosting reads one hosting as Look does.
func (a *Account) checkHosting(ctx context.Context, op, id string) ([]provider.Check, error) {
	name := "may read hosting " + id
	h, err := a.fetch(ctx, op, id)
	switch {
	case err != nil && rejected(err):
		return []provider.Check{{Name: name, Fatal: true, Detail: err.Error(), Remedy: "correct HOSTINGS of connection " + a.connection}}, nil
	case err != nil:
		return nil, err
	}
	read := provider.Check{Name: name, OK: true, Detail: fmt.Sprintf("%s, %d databases, %d users", h.domain, len(h.databases), len(h.users))}
	linked := provider.Check{Name: "hosting " + id + " shows which users are linked to which databases", OK: true}
	for _, why := range []error{h.noUsers, h.noDatabases} {
		if why != nil {
			read.OK, read.Detail = false, why.Error()
			read.Remedy = "send the answer of GET webhosting/" + id + ", without secrets, to whoever maintains this provider"
		}
	}
	silent := 0
	for _, u := range h.users {
		if _, gaps := h.linksOf(u.name); len(gaps) > 0 {
			silent++
		}
	}
	if silent > 0 {
		linked.OK = false
		linked.Detail = fmt.Sprintf("the grants of %d users are unknown", silent)
		linked.Remedy = "a user can still be deleted; look at its databases in Netim's panel before"
	}
	return []provider.Check{read, linked}, nil
}

// checkContain says how accounts are contained.
func (a *Account) checkContain() provider.Check {
	check := provider.Check{Name: "can make logging in impossible", OK: true}
	switch a.engine() {
	case enginePlain:
		check.OK = false
		check.Detail = "the calls that set a password or rights are not documented in full, and none is configured"
		check.Remedy = "try them on a user of your own (PATCH database-user with the action SetPassword), then set PASSWORD_ACTION and PERMISSION_ACTION"
	case enginePassword:
		check.Detail = "by the action " + a.cfg.PasswordAction
	case engineRights:
		check.Detail = "by the actions " + a.cfg.PermissionAction + " and " + a.cfg.PasswordAction
	}
	return check
}
