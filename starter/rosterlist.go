package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk/paper"
)

func (a *app) rosterListCommand() *cobra.Command {
	var left bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List who is there and who has left, and the last rosters",
		Args:  cobra.NoArgs,
		RunE:  does(a.reading(func(ctx context.Context, _ []string) error { return a.listRoster(ctx, left) })),
	}
	c.Flags().BoolVar(&left, "left", false, "only those who have left")
	return c
}

func (a *app) listRoster(ctx context.Context, left bool) error {
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := paper.People(ctx, clients.store, left)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(out)
		return nil
	}
	a.showRosterList(out, time.Now())
	return nil
}

func (a *app) showRosterList(l paper.PeopleList, now time.Time) {
	rows := [][]string{}
	for _, p := range l.People {
		since := ""
		switch {
		case p.Standing == "left":
			since = "since " + clock(p.LeftAt, now)
		case !p.ReturnedAt.IsZero():
			since = "again since " + clock(p.ReturnedAt, now)
		}
		var attributes []string
		for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
			attributes = append(attributes, name+"="+p.Attributes[name])
		}
		rows = append(rows, []string{printable(string(p.ID)), printable(p.Name), printable(p.Login), p.Standing, since, printable(strings.Join(attributes, " "))})
	}
	a.out.table([]string{"principal", "name", "login", "standing", "since", "attributes"}, rows)
	if len(l.Rosters) == 0 {
		a.out.line("No roster was accepted yet. Import one: sever roster import FILE.csv")
		return
	}
	a.out.line("")
	rows = [][]string{}
	for _, r := range l.Rosters {
		rows = append(rows, []string{clock(r.At, now), printable(r.Source), fmt.Sprint(r.Active), fmt.Sprint(r.Left), printable(r.By)})
	}
	a.out.table([]string{"roster of", "source", "active", "left", "by"}, rows)
}
