package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
)

// needList is the JSON of providers rights.
type needList struct {
	Rights []needLine `json:"rights"`
}

type needLine struct {
	Provider string         `json:"provider"`
	Reach    provider.Reach `json:"reach"`
	Give     string         `json:"give"`
	On       string         `json:"on,omitempty"`
	Without  string         `json:"without"`
	Check    string         `json:"check,omitempty"` // of preflight
	Source   string         `json:"source"`
	Seen     string         `json:"seen,omitempty"` // empty: nobody has tried it
	Rare     bool           `json:"rare,omitempty"`
}

func (a *app) rightsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rights [provider]",
		Short: "Print the least rights that our own login needs, and what gives them",
		Long: `Prints for each kind of system what our own login needs: to look, to contain, to remove
and to restore, each with the statement or the scope that gives it. Each reach needs those
before it. "sever preflight" says which of them a connection lacks.`,
		Args: cobra.MaximumNArgs(1),
		RunE: does(func(_ context.Context, args []string) error { return a.rights(args) }),
	}
}

func (a *app) rights(args []string) error {
	rows := catalog.Needs()
	if len(args) > 0 {
		var kinds []string
		for _, spec := range catalog.Specs() {
			kinds = append(kinds, spec.Name)
		}
		if !slices.Contains(kinds, args[0]) {
			return desk.Invalidf("there is no provider %q", args[0]).Then("providers: %s", strings.Join(kinds, ", "))
		}
		rows = slices.DeleteFunc(rows, func(r catalog.NeedRow) bool { return r.Provider != args[0] })
	}
	if a.json {
		list := needList{Rights: []needLine{}}
		for _, r := range rows {
			list.Rights = append(list.Rights, needLine{r.Provider, r.Reach, r.Give, r.On, r.Without, r.Check, r.Source, r.Seen, r.Rare})
		}
		a.out.document(list)
		return nil
	}
	last := ""
	for _, r := range rows {
		if r.Provider != last {
			if last != "" {
				a.out.line("")
			}
			last = r.Provider
			a.out.line(a.out.bold(r.Provider))
		}
		a.showNeed(r.Need)
	}
	return nil
}

func (a *app) showNeed(n provider.Need) {
	const room = "           "
	reach := "to " + string(n.Reach) + room
	a.out.line("  " + reach[:len(room)] + a.out.bold(n.Give))
	if n.On != "" {
		a.out.line("  " + room + "for: " + n.On)
	}
	without := "without it: "
	if n.Rare {
		without = "rarely needed; " + without
	}
	a.out.line("  " + room + without + n.Without)
	known := a.out.yellow("unverified")
	if n.Seen != "" {
		known = "tried on " + n.Seen
	}
	a.out.line("  " + room + known + a.out.faint(", "+n.Source))
}
