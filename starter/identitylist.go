package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// identityList is the JSON of identities list.
type identityList struct {
	Identities []access.Identity `json:"identities"`
}

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
	found, err := clients.store.ListIdentities(ctx, f, p)
	if err != nil {
		return err
	}
	generated, err := a.generated(ctx, clients.store, f, p, found)
	if err != nil {
		return err
	}
	found = append(found, generated...)
	no, err := clients.store.Questions(ctx, store.QuestionFilter{Principal: f.Principal, Connection: f.Connection, Decision: store.SaidNo})
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(identityList{append([]access.Identity{}, found...)})
		return nil
	}
	if len(found) == 0 {
		a.out.line("No identities. Import some: sever identities import FILE.csv")
		return nil
	}
	rows := [][]string{}
	for _, id := range found {
		rows = append(rows, []string{printable(string(id.Principal)), printable(id.Connection), printable(id.Account), printable(id.Host),
			string(id.Evidence), printable(id.Source) + notHers(id, no)})
	}
	a.out.table([]string{"principal", "connection", "account", "host", "evidence", "source"}, rows)
	return nil
}
