package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
)

// checked is what the preflight of one connection came to.
type checked struct {
	Connection string           `json:"connection"`
	Kind       string           `json:"kind"`
	Checks     []provider.Check `json:"checks"`
	// Error says why it could not be asked, in its own words.
	Error string `json:"error,omitempty"`
}

// preflightReport is the JSON of preflight.
type preflightReport struct {
	// Sever are the checks of this installation itself; none where one connection was asked about.
	Sever       []provider.Check `json:"sever"`
	Connections []checked        `json:"connections"`
}

// preflightWithin is how long one connection may take.
const preflightWithin = 30 * time.Second

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
	list, own := conns.All(), []provider.Check{a.payloadCheck(), {Name: "who may do what", OK: true, Detail: who.String()}}
	if len(args) > 0 {
		if err := knownConnection(conns)(args[0]); err != nil {
			return err
		}
		one, err := conns.For(args[0])
		if err != nil {
			return err
		}
		list, own = []*catalog.Connection{one}, []provider.Check{}
	}
	report := preflightReport{Sever: own, Connections: make([]checked, len(list))}
	var all sync.WaitGroup
	for i, c := range list {
		all.Go(func() { report.Connections[i] = check(ctx, c) })
	}
	all.Wait()
	if a.json {
		a.out.document(report)
	} else {
		a.showPreflight(report)
	}
	return report.verdict()
}

func check(ctx context.Context, c *catalog.Connection) checked {
	out := checked{Connection: c.Name, Kind: c.Kind, Checks: []provider.Check{}}
	p, ok := c.Provider.(provider.Preflighter)
	if !ok {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, preflightWithin)
	defer cancel()
	checks, err := p.Preflight(ctx)
	if err != nil {
		out.Error = err.Error()
	}
	out.Checks = append(out.Checks, checks...)
	return out
}

// verdict is the exit code: what could not be reached comes before what is missing.
func (r preflightReport) verdict() error {
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

func (a *app) showPreflight(r preflightReport) {
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
