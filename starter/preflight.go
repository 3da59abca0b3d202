package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/provider"
)

func (a *app) preflightCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "preflight [connection]",
		Short: "Check our own rights on each connection, and name what is missing",
		Long: `Asks each connection what our own login may do, and prints the words that would grant
what is missing. Without a connection it also looks at the settings of Sever itself.
It changes nothing.

Exit code: 0 all is well, 3 something is missing without which the connection cannot
be used, 4 a connection could not be reached.`,
		Args: cobra.MaximumNArgs(1),
		RunE: does(a.preflight),
	}
}

func (a *app) preflight(ctx context.Context, args []string) error {
	conns, err := a.configured()
	if err != nil {
		return err
	}
	defer conns.Close()
	who, err := a.roles()
	if err != nil {
		return err
	}
	own := []provider.Check{a.payloadCheck(), paper.WhoMayWhat(who)}
	report, err := paper.Preflight(ctx, conns, own, args...)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(report)
	} else {
		a.showPreflight(report)
	}
	return verdict(report)
}

// verdict is the exit code: what could not be reached comes before what is missing.
func verdict(r paper.PreflightReport) error {
	code := exitOK
	missing := func(k provider.Check) bool { return !k.OK && k.Fatal }
	if slices.ContainsFunc(r.Sever, missing) {
		code = exitOpen
	}
	for _, c := range r.Connections {
		if c.Error != "" {
			return exit(exitUnreachable)
		}
		if slices.ContainsFunc(c.Checks, missing) {
			code = exitOpen
		}
	}
	if code != exitOK {
		return exit(code)
	}
	return nil
}

func (a *app) showPreflight(r paper.PreflightReport) {
	for i, c := range r.Connections {
		if i > 0 {
			a.out.line("")
		}
		a.out.line(a.out.bold(c.Connection) + " (" + c.Kind + ")")
		if c.Error != "" {
			a.out.line("  " + a.out.red("could not be asked: ") + oneLine(c.Error))
			continue
		}
		if len(c.Checks) == 0 {
			a.out.line("  this provider has no checks")
		}
		a.showChecks(c.Checks)
	}
	if len(r.Sever) > 0 {
		a.out.line("")
		a.out.line(a.out.bold("sever") + " (this installation)")
		a.showChecks(r.Sever)
	}
}

func (a *app) showChecks(checks []provider.Check) {
	for _, k := range checks {
		mark := a.out.green("ok      ")
		switch {
		case !k.OK && k.Fatal:
			mark = a.out.red("missing ")
		case !k.OK:
			mark = a.out.yellow("limited ")
		}
		line := "  " + mark + printable(k.Name)
		if k.Detail != "" {
			line += a.out.faint(": " + oneLine(k.Detail))
		}
		a.out.line(line)
		if k.OK || k.Remedy == "" {
			continue
		}
		for l := range strings.SplitSeq(k.Remedy, "\n") {
			a.out.line(fmt.Sprintf("          %s", a.out.bold(printable(l))))
		}
	}
}
