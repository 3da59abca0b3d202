package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk/paper"
)

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
	list, err := paper.Needs(strings.Join(args, ""))
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(list)
		return nil
	}
	last := ""
	for _, r := range list.Rights {
		if r.Provider != last {
			if last != "" {
				a.out.line("")
			}
			last = r.Provider
			a.out.line(a.out.bold(r.Provider))
		}
		a.showNeed(r)
	}
	return nil
}

func (a *app) showNeed(n paper.NeedLine) {
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
