package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
)

func (a *app) casesCommand() *cobra.Command {
	var status, principal string
	var limit int
	c := &cobra.Command{
		Use:   "cases",
		Short: "List cases, newest first",
		Args:  cobra.NoArgs,
		RunE: does(a.reading(func(ctx context.Context, _ []string) error {
			f := store.CaseFilter{Status: access.CaseStatus(status), Principal: access.PrincipalID(principal), Limit: limit}
			return a.cases(ctx, f)
		})),
	}
	c.Flags().StringVar(&status, "status", "", "only these: open, clean, closed_with_exceptions, cancelled, reinstated, dry_run")
	c.Flags().StringVar(&principal, "principal", "", "only those of this principal")
	c.Flags().IntVar(&limit, "limit", 50, "at most so many")
	return c
}

func (a *app) cases(ctx context.Context, f store.CaseFilter) error {
	if f.Limit < 1 || f.Limit > 10000 {
		return desk.Invalidf("--limit is %d: choose 1 to 10000", f.Limit)
	}
	if err := paper.KnownStatus(f.Status); err != nil {
		return err
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	list, err := paper.Cases(ctx, clients.store, f)
	if err != nil {
		return err
	}
	switch {
	case a.json:
		a.out.document(list)
	case len(list.Cases) == 0:
		a.out.line("No cases.")
	default:
		a.showCases(list.Cases)
	}
	return nil
}

func (a *app) showCases(list []paper.CaseLine) {
	now := time.Now()
	rows := [][]string{}
	for _, c := range list {
		tasks := ""
		if c.Tasks > 0 {
			tasks = fmt.Sprint(c.Tasks)
		}
		rows = append(rows, []string{c.Case, printable(string(c.Principal)), string(c.Reason), a.out.standing(c.Standing), clock(c.OpenedAt, now),
			clock(c.ClosedAt, now), tasks, printable(c.Ticket)})
	}
	a.out.table([]string{"case", "principal", "reason", "stands", "opened", "closed", "tasks", "ticket"}, rows)
}
