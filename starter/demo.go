package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/leaver"
	"github.com/severhq/sever/internal/dev/postgres"
	"github.com/severhq/sever/internal/dev/simulators"
)

func (a *app) demoCommand() *cobra.Command {
	var keep bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "See it work: invented people are offboarded on six systems, with proof",
		Long: `Starts everything in $SEVER_HOME/demo, with a second PostgreSQL server, a MariaDB server
where that is installed, and the simulators of four hosting providers as the systems
that people have accounts on, plants three of them, and offboards them: one as it should be, one while the providers have trouble, and
one who cannot be done with. It tries what a leaver would try, before and after, and
prints what the systems answered. Nothing outside that folder is touched, and nothing but
it is left behind.

Exit code: 0 when everything went as promised, also that the third person's case stays
open and says why.`,
		Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error { return a.demo(ctx, keep) }),
	}
	c.Flags().BoolVar(&keep, "keep", false, "keep everything running at the end, until Ctrl-C, to look around")
	return c
}

// demonstration is one run of sever demo.
type demonstration struct {
	*app   // prints, and runs the commands with the variables below
	dir    string
	began  time.Time
	e      *embedded
	target *postgres.Server
	site   *leaver.Site
	maria  maria
	hosts  *simulators.Site
	others int // accounts at the providers that are nobody's of ours
	checks []promise
	report string
	// ada is how Ada uses her access while the case runs.
	ada struct {
		session, masked *leaver.Session
		client          *leaver.Client
	}
}

// promise is something that the demonstration said would happen.
type promise struct {
	What string `json:"what"`
	Kept bool   `json:"kept"`
	Seen string `json:"seen"`
}

// demonstrated is the JSON of demo.
type demonstrated struct {
	OK       bool      `json:"ok"`
	Seconds  float64   `json:"seconds"`
	Promises []promise `json:"promises"`
	Report   string    `json:"report"`
	Home     string    `json:"home"`
}

func (a *app) demo(ctx context.Context, keep bool) error {
	d := &demonstration{dir: filepath.Join(home(a.environ), "demo"), began: time.Now()}
	quiet := *a
	if a.json {
		quiet.json, quiet.out = false, newScreen(io.Discard, nil)
	}
	d.app = &quiet
	defer d.close()
	for _, part := range []func(context.Context) error{d.servers, d.people, d.before, d.firstCase, d.afterwards, d.troubledCase, d.openCase, d.trail} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	err := a.concluded(d)
	if keep {
		d.stay(ctx)
	}
	return err
}

// stay leaves everything running for somebody who wants to look around.
func (d *demonstration) stay(ctx context.Context) {
	d.out.line("")
	d.out.line(d.out.bold("Everything keeps running until Ctrl-C.") + " In another terminal:")
	d.out.line("  export SEVER_HOME=" + d.dir)
	d.out.line("  sever status " + bobID)
	d.out.line("  sever retry " + bobID + " --successor " + target + "=" + leaver.Successor + " --wait")
	d.out.line("  sever waive " + bobID + " " + target + "/" + leaver.Service + ` --reason "billing runs on it" --as you --wait`)
	select {
	case <-ctx.Done():
	case err := <-d.e.stack.Done():
		d.out.linef("It ended by itself: %v", err)
	}
}

// close stops everything. What was written stays, to be looked at.
func (d *demonstration) close() {
	if d.e != nil {
		_ = d.e.Close()
	}
	if d.target != nil {
		_ = d.target.Stop()
	}
	d.maria.close()
	if d.hosts != nil {
		_ = d.hosts.Close()
	}
}

// concluded says whether all promises were kept.
func (a *app) concluded(d *demonstration) error {
	broken := slices.DeleteFunc(slices.Clone(d.checks), func(p promise) bool { return p.Kept })
	took := time.Since(d.began)
	if a.json {
		a.out.document(demonstrated{len(broken) == 0, took.Seconds(), d.checks, d.report, d.dir})
	} else {
		d.heading("The end, after " + span(took))
		if len(broken) == 0 {
			d.out.line(d.out.green("Everything went as promised") + fmt.Sprintf(": %d of %d checks, made from outside, at the systems themselves.", len(d.checks), len(d.checks)))
		}
		d.out.linef("The report of the first case: %s.txt, and .json for machines", d.report)
		d.out.line("To keep an installation and add servers of your own: sever up")
	}
	if len(broken) == 0 {
		return nil
	}
	f := desk.Failf(desk.Internal, "%s not kept", plural(len(broken), "promise was", "promises were"))
	for _, p := range broken {
		f.Err = fmt.Errorf("%w\n  %s; seen: %s", f.Err, p.What, p.Seen)
	}
	return f.Then("the logs are in %s", filepath.Join(d.dir, "log"))
}

// heading begins a part.
func (d *demonstration) heading(words string) {
	d.out.line("")
	d.out.line(d.out.bold("── " + words + " " + strings.Repeat("─", max(3, 76-len(words)))))
}

// check records a promise and prints how it went.
func (d *demonstration) check(kept bool, what, seen string) {
	d.checks = append(d.checks, promise{what, kept, seen})
	mark := d.out.green("✓ ")
	if !kept {
		mark = d.out.red("✗ ")
	}
	d.out.line("  " + mark + what)
	if seen != "" {
		d.out.wrapped("      ", d.out.faint(printable(seen)))
	}
}

// command runs a command of ours as a user would, and returns its exit code.
func (d *demonstration) command(ctx context.Context, args ...string) int {
	shown := make([]string, len(args))
	for i, arg := range args {
		shown[i] = arg
		if strings.ContainsAny(arg, ` "`) {
			shown[i] = fmt.Sprintf("%q", arg)
		}
	}
	d.out.line(d.out.bold("$ sever " + strings.Join(shown, " ")))
	sub := &app{stdin: strings.NewReader(""), out: d.out, stderr: d.stderr, vars: d.vars, environ: d.vars}
	if !d.out.color {
		args = append([]string{"--no-color"}, args...)
	}
	root := sub.root()
	root.SetArgs(args)
	root.SetOut(d.out.w)
	root.SetErr(d.stderr.w)
	return sub.finish(root.ExecuteContext(ctx))
}

// keepsEnv are the variables of ours that a demonstration respects: where programs are.
// Everything else is left out, so that it can never reach somebody's real servers.
var keepsEnv = []string{"SEVER_HOME", "SEVER_WORKER", "SEVER_TEMPORALD", "SEVER_POSTGRES_BIN"}

// harmless is the environment without what could lead the demonstration elsewhere. A
// Temporal server that is given is used: it holds workflows, not accounts.
func harmless(environ config.Vars) config.Vars {
	out := config.Vars{}
	for name, value := range environ {
		ours := strings.HasPrefix(name, "SEVER_") && !slices.Contains(keepsEnv, name)
		theirs := strings.HasPrefix(name, "TEMPORAL_") && environ["TEMPORAL_ADDRESS"] == ""
		if !ours && !theirs {
			out[name] = value
		}
	}
	return out
}
