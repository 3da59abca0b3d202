package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk/paper"
)

func (a *app) providersCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "providers",
		Short: "Print what Sever can do on which kind of system, and what it cannot",
		Args:  cobra.NoArgs,
		RunE:  does(func(context.Context, []string) error { return a.providers() }),
	}
	c.AddCommand(a.rightsCommand())
	return c
}

func (a *app) providers() error {
	out := paper.Providers()
	rows := [][]string{}
	last := ""
	for _, r := range out.Capabilities {
		system := r.Provider
		if r.Engine != r.Provider {
			system += ", engine " + r.Engine
		}
		first := system
		if system == last {
			first = ""
		}
		last = system
		support := string(r.Support)
		switch r.Support {
		case access.Full:
			support = a.out.green(support)
		case access.Partial:
			support = a.out.yellow(support)
		default:
			support = a.out.red(support)
		}
		rows = append(rows, []string{first, string(r.Action), support, r.How})
	}
	if a.json {
		a.out.document(out)
		return nil
	}
	a.out.table([]string{"provider", "action", "can", "how"}, rows)
	return nil
}
