package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
)

func (a *app) listIdentitiesCommand() *cobra.Command {
	var f store.IdentityFilter
	var principal string
	var p store.Page
	c := &cobra.Command{
		Use:   "list",
		Short: "List who has which account, and how that is known",
		Args:  cobra.NoArgs,
		RunE: does(a.reading(func(ctx context.Context, _ []string) error {
			f.Principal = access.PrincipalID(principal)
			return a.listIdentities(ctx, f, p)
		})),
	}
	c.Flags().StringVar(&principal, "principal", "", "only of this principal")
	c.Flags().StringVar(&f.Connection, "connection", "", "only at this connection")
	c.Flags().StringVar(&f.Account, "account", "", "only this account name")
	c.Flags().IntVar(&p.Limit, "limit", 0, "at most so many; 0 is all")
	c.Flags().IntVar(&p.Offset, "offset", 0, "leave out so many at the beginning")
	return c
}

func (a *app) listIdentities(ctx context.Context, f store.IdentityFilter, p store.Page) error {
	if p.Limit < 0 || p.Offset < 0 {
		return desk.Invalidf("--limit and --offset cannot be negative")
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	conns, err := a.connections()
	if err != nil {
		return err
	}
	if conns != nil {
		defer conns.Close()
	}
	list, err := paper.Identities(ctx, clients.store, conns, f, p)
	if err != nil {
		return err
	}
	no, err := clients.store.Questions(ctx, store.QuestionFilter{Principal: f.Principal, Connection: f.Connection, Decision: store.SaidNo})
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(list)
		return nil
	}
	if len(list.Identities) == 0 {
		a.out.line("No identities. Import some: sever identities import FILE.csv")
		return nil
	}
	rows := [][]string{}
	for _, id := range list.Identities {
		rows = append(rows, []string{printable(string(id.Principal)), printable(id.Connection), printable(id.Account), printable(id.Host),
			string(id.Evidence), printable(id.Source) + notHers(id, no)})
	}
	a.out.table([]string{"principal", "connection", "account", "host", "evidence", "source"}, rows)
	return nil
}

// notHers says who rejected an account that a link leads to.
func notHers(id access.Identity, no []store.Question) string {
	for _, q := range no {
		if q.Principal == id.Principal && q.Connection == id.Connection && q.Name == id.Account && q.Host == id.Host {
			return printable(fmt.Sprintf("; an account of that name is not theirs, said %s", q.By))
		}
	}
	return ""
}
