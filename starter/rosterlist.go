package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
)

// rosterList is the JSON of roster list.
type rosterList struct {
	People  []rosterLine `json:"people"`
	Rosters []rosterPart `json:"rosters"`
}

type rosterLine struct {
	access.Principal
	Attributes map[string]string `json:"attributes,omitempty"`
	Standing   string            `json:"standing"` // active, left, or unknown: no roster has spoken yet
	LeftAt     time.Time         `json:"left_at,omitzero"`
	ReturnedAt time.Time         `json:"returned_at,omitzero"`
	RosterAt   time.Time         `json:"roster_at,omitzero"`
}

type rosterPart struct {
	Source string    `json:"source"`
	SHA256 string    `json:"sha256"`
	Active int       `json:"active"`
	Left   int       `json:"left"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

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
	people, err := clients.store.People(ctx)
	if err != nil {
		return err
	}
	rosters, err := clients.store.Rosters(ctx, store.Page{Limit: 10})
	if err != nil {
		return err
	}
	out := rosterList{People: []rosterLine{}, Rosters: []rosterPart{}}
	for _, p := range people {
		if word := rosterStanding(p.Standing); !left || word == "left" {
			out.People = append(out.People, rosterLine{p.Principal, p.Attributes, word, p.Standing.LeftAt, p.Standing.ReturnedAt, p.Standing.RosterAt})
		}
	}
	for _, r := range rosters {
		out.Rosters = append(out.Rosters, rosterPart{r.Source, r.SHA256, r.Active, r.Left, r.By, r.At})
	}
	if a.json {
		a.out.document(out)
		return nil
	}
	a.showRosterList(out, time.Now())
	return nil
}

func rosterStanding(s store.Standing) string {
	switch {
	case s.Active:
		return "active"
	case s.Known:
		return "left"
	}
	return "unknown"
}

func (a *app) showRosterList(l rosterList, now time.Time) {
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
