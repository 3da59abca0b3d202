package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// caseList is the JSON of cases and of status without a case.
type caseList struct {
	Cases []caseLine `json:"cases"`
}

type caseLine struct {
	Case      string             `json:"case"`
	Principal access.PrincipalID `json:"principal"`
	Reason    access.Reason      `json:"reason"`
	Status    access.CaseStatus  `json:"status"`
	Standing  standing           `json:"standing"`
	OpenedAt  time.Time          `json:"opened_at"`
	ClosedAt  time.Time          `json:"closed_at,omitzero"`
	Requester string             `json:"requester"`
	Ticket    string             `json:"ticket,omitempty"`
	Tasks     int                `json:"tasks"` // open ones
}

func lineOf(c store.Case, tasks int) caseLine {
	return caseLine{c.ID, c.Principal, c.Reason, c.Status, standingOf(c), c.OpenedAt, c.ClosedAt, c.Requester, c.Ticket, tasks}
}

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

var statuses = []access.CaseStatus{"", access.CaseOpen, access.CaseClean, access.CaseExceptions, access.CaseCancelled, access.CaseReinstated, access.CaseDryRun}

func (a *app) cases(ctx context.Context, f store.CaseFilter) error {
	known := false
	for _, s := range statuses {
		known = known || s == f.Status
	}
	switch {
	case !known:
		return desk.Invalidf("--status %q is none", f.Status).Then("choose one of open, clean, closed_with_exceptions, cancelled, reinstated, dry_run")
	case f.Limit < 1 || f.Limit > 10000:
		return desk.Invalidf("--limit is %d: choose 1 to 10000", f.Limit)
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	found, err := clients.store.ListCases(ctx, f)
	if err != nil {
		return err
	}
	tasks, err := clients.store.OpenTasks(ctx)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, t := range tasks {
		count[t.CaseID]++
	}
	list := caseList{Cases: []caseLine{}}
	for _, c := range found {
		list.Cases = append(list.Cases, lineOf(c, count[c.ID]))
	}
	switch {
	case a.json:
		a.out.document(list)
	case len(found) == 0:
		a.out.line("No cases.")
	default:
		a.showCases(list.Cases)
	}
	return nil
}

func (a *app) showCases(list []caseLine) {
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
