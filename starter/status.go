package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
)

func (a *app) statusCommand() *cobra.Command {
	var follow bool
	c := &cobra.Command{
		Use:   "status [case | principal]",
		Short: "Show how a case stands, or which cases need somebody",
		Long: `With a case (or a principal: then its open case, else its newest) it shows the whole
picture: every connection, every account with its outcome and why, the plans, and
what a person can do. Without one it lists the open cases that need somebody.

Exit code: 0 when all access is proven gone or nothing is waited for, 3 otherwise.`,
		Args: cobra.MaximumNArgs(1),
		RunE: does(a.reading(func(ctx context.Context, args []string) error { return a.status(ctx, args, follow) })),
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "stay until the case closes, is proven, or needs somebody")
	return c
}

func (a *app) status(ctx context.Context, args []string, follow bool) error {
	clients, err := a.open(ctx, follow, nil)
	if err != nil {
		return err
	}
	defer clients.Close()
	if len(args) == 0 && follow {
		return desk.Invalidf("--follow needs a case")
	}
	if len(args) == 0 {
		return a.needy(ctx, clients.store)
	}
	c, err := desk.Find(ctx, clients.store, args[0])
	if err != nil {
		return err
	}
	if follow {
		return ended(a.follow(ctx, clients, c.ID, 1))
	}
	p, err := look(ctx, clients.store, c)
	if err != nil {
		return err
	}
	a.explainTasks(&p)
	if a.json {
		a.out.document(p)
	} else {
		a.showPicture(p, time.Now())
	}
	return ended(p, nil)
}

// ended is the exit code of how a case stands, as an error.
func ended(p picture, err error) error {
	if err != nil {
		return err
	}
	if code := exitOf(p.Standing); code != exitOK {
		return exit(code)
	}
	return nil
}

// needy lists the open cases in which something waits for a person.
func (a *app) needy(ctx context.Context, s *store.Store) error {
	list, open, err := paper.Needy(ctx, s)
	if err != nil {
		return err
	}
	arrived, err := s.Arrivals(ctx)
	if err != nil {
		return err
	}
	switch {
	case a.json:
		a.out.document(needs{list, arrived.Refused})
	case len(list.Cases) == 0:
		a.out.linef("No case needs anybody (%s).", plural(open, "case is open", "cases are open"))
	default:
		a.showCases(list.Cases)
		a.out.line("")
		a.out.line("See what a person can do: sever status " + list.Cases[0].Case)
	}
	if arrived.Refused > 0 {
		a.sayf("%s of other systems could not be followed: sever deliveries list --state refused", plural(arrived.Refused, "message", "messages"))
	}
	if len(list.Cases) > 0 || arrived.Refused > 0 {
		return exit(exitOpen)
	}
	return nil
}

// needs is the JSON of status without a case.
type needs struct {
	paper.CaseList
	Refused int `json:"refused_deliveries"` // messages of other systems that wait for a person
}

// exitOf is the promise to scripts.
func exitOf(s paper.Standing) int {
	switch s {
	case paper.StandsClean, paper.StandsProven, paper.StandsScheduled, paper.StandsGrace, paper.StandsDryRun:
		return exitOK
	}
	return exitOpen
}
