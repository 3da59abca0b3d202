package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// subject finds what is waived: an account of the case, or one of its connections.
func (d *Desk) subject(ctx context.Context, c store.Case, what string, out *workflows.Decision) error {
	if err := ValidText("what is waived", what, 3*MaxName); err != nil {
		return err
	}
	accounts, err := d.Store.AccountsOf(ctx, c.ID, nil)
	if err != nil {
		return err
	}
	conns, err := d.Store.ConnectionsOf(ctx, c.ID)
	if err != nil {
		return err
	}
	var known, meant []string
	var settled access.Outcome
	resources := map[string]bool{}
	name := Namer(accounts)
	for _, a := range accounts {
		switch {
		case a.Ref.String() != what && AccountTask(a) != what:
			known = append(known, name(a.Ref))
		case a.Outcome.Settled():
			settled = a.Outcome
		default:
			out.Account = a.ID // of accounts that were made again under one name, the newest
			resources[a.Resource] = true
			meant = append(meant, fmt.Sprintf("%s is %s", AccountTask(a), name(a.Ref)))
		}
	}
	if len(resources) > 1 {
		return Invalidf("case %s has several accounts %q", c.ID, what).Then("name one of them: %s", strings.Join(meant, ", "))
	}
	if out.Account == 0 && settled != "" {
		return Refusedf("%s needs no waiver: it is %s", what, strings.ReplaceAll(string(settled), "_", " "))
	}
	for _, k := range conns {
		known = append(known, k.Connection)
		if k.Connection == what {
			out.Connection = what
		}
	}
	if out.Account == 0 && out.Connection == "" {
		return Failf(Missing, "case %s has no account and no connection %q", c.ID, what).Then("it has: %s", strings.Join(known, ", "))
	}
	return nil
}

// AccountTask is the key of an account's task, by which it can be waived as well.
func AccountTask(a store.CaseAccount) string { return fmt.Sprintf("account/%d", a.ID) }

// Namer names the accounts of a case so that no two are called the same.
func Namer(accounts []store.CaseAccount) func(access.Ref) string {
	refs := make([]access.Ref, len(accounts))
	for i, a := range accounts {
		refs[i] = a.Ref
	}
	return access.Namer(refs)
}
