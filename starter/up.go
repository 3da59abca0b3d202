package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/stack"
	"github.com/severhq/sever/internal/provider/catalog"
)

func (a *app) upCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Run everything that Sever needs on this machine, until Ctrl-C",
		Long: `Starts PostgreSQL for the records, a Temporal server and a worker, all from one folder
($SEVER_HOME), and writes how to reach them to sever.env there, where every other command
finds it. No Docker and no root are needed. Stopped or killed, it goes on where it was.

Connections come from the environment or from lines that you add to sever.env; the worker
starts, and starts again, when that file changes.`,
		Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error { return a.up(ctx) }),
	}
}

// running is the JSON of up, printed once everything runs.
type running struct {
	Home        string   `json:"home"`
	Settings    string   `json:"settings"`
	Logs        string   `json:"logs"`
	Temporal    string   `json:"temporal"`
	Namespace   string   `json:"namespace"`
	Postgres    string   `json:"postgres,omitempty"`
	Worker      bool     `json:"worker"`
	Connections []string `json:"connections"`
}

// up uses the environment alone to decide what runs elsewhere: sever.env says what the
// last run started here.
func (a *app) up(ctx context.Context) error {
	program, err := findWorker(a.vars)
	if err != nil {
		return err
	}
	o, err := stack.FromEnv(a.environ)
	if err != nil {
		return desk.Invalidf("%w", err)
	}
	o.Dir = home(a.environ)
	a.sayf("Starting in %s …", o.Dir)
	e, err := startEmbedded(ctx, o)
	if err != nil {
		return err
	}
	stopped := false
	defer func() {
		if !stopped {
			_ = e.Close()
		}
	}()
	for first := true; ; first = false {
		if err := a.employ(ctx, e, program, first); err != nil {
			return err
		}
		if done, err := e.wait(ctx); done {
			if err != nil {
				return desk.Failf(desk.Unreachable, "%w", err).Then("read the logs in %s", e.path("log"))
			}
			break
		}
		a.sayf("%s has changed.", envFile(e.dir))
		e.stopWorker()
	}
	a.sayf("Stopping …")
	stopped = true
	if err := e.Close(); err != nil {
		return err
	}
	a.sayf("Stopped. Everything is kept in %s; sever up goes on from here.", e.dir)
	return nil
}

// employ starts the worker if there is anything for it to reach, and says what runs.
func (a *app) employ(ctx context.Context, e *embedded, program string, first bool) error {
	if err := a.readSettings(a.environ.With(config.Vars{"SEVER_HOME": e.dir})); err != nil {
		a.sayf("The worker does not run: %v", err)
		return nil
	}
	r := running{Home: e.dir, Settings: envFile(e.dir), Logs: e.path("log"), Temporal: e.stack.TemporalAddress, Namespace: e.stack.Namespace, Connections: []string{}}
	if e.stack.Postgres != nil {
		r.Postgres = e.stack.Postgres.Addr
	}
	conns, problem := a.connections()
	if conns != nil {
		r.Connections = desk.Names(conns)
		conns.Close()
		var err error
		if r.Worker, err = e.startWorker(ctx, program, a.environ, a.vars); err != nil {
			return err
		}
	}
	switch {
	case a.json && first:
		a.out.document(r)
	case !a.json:
		a.showRunning(r, e, problem, first)
	}
	return nil
}

// showRunning says what runs where, and what to do next.
func (a *app) showRunning(r running, e *embedded, problem error, first bool) {
	o := a.out
	if first {
		o.line(o.green("Sever is up.") + " Ctrl-C stops it; sever up goes on where it was.")
		o.line("")
		if e.stack.Postgres != nil {
			o.linef("  records    PostgreSQL %d at %s, database %s", e.stack.Postgres.Major(), r.Postgres, recordsDatabase)
		} else {
			o.line("  records    the database that SEVER_DATABASE_URL names")
		}
		o.linef("  workflows  Temporal at %s, namespace %s", r.Temporal, r.Namespace)
		o.linef("  data       %s", r.Home)
		o.linef("  logs       %s", r.Logs)
		o.linef("  settings   %s (read by every sever command on this machine)", r.Settings)
	}
	switch {
	case problem != nil:
		o.line("  worker     " + o.red("does not run: ") + strings.ReplaceAll(printable(problem.Error()), "\n", "\n             "))
		o.linef("\nCorrect it in %s; the worker starts by itself.", r.Settings)
		return
	case len(r.Connections) == 0:
		o.line("  worker     " + o.yellow("waits: no connection is configured"))
		o.linef("\nAdd your first server to %s:\n", r.Settings)
		o.line("  " + catalog.Variable + "=pg-main=postgres")
		o.line("  " + catalog.Prefix("pg-main") + "URL=postgres://admin:password@db.example.com:5432/postgres")
		o.line("\nThe worker starts by itself as soon as the line is there.")
		return
	case !r.Worker:
		o.line("  worker     " + o.red("is not ready") + "; read " + e.path("log", "worker.log"))
		return
	}
	o.linef("  worker     %s (process %d) reaches %s", o.green("ready"), e.worker.child.Pid(), strings.Join(r.Connections, ", "))
	if !first {
		return
	}
	o.line("\nNext, in another terminal:")
	if r.Home != home(config.Vars{"HOME": a.environ["HOME"], "XDG_STATE_HOME": a.environ["XDG_STATE_HOME"]}) {
		o.linef("  export SEVER_HOME=%s", r.Home)
	}
	o.line("  sever preflight                                      # may we do what we will have to?")
	o.line("  sever identities import roster.csv                   # who has which account")
	o.line("  sever offboard PRINCIPAL --reason hr --dry-run       # what would happen, statement by statement")
}

// wait returns when the settings change, or with done when the installation ends.
func (e *embedded) wait(ctx context.Context) (done bool, err error) {
	path := filepath.Clean(envFile(e.dir))
	before := stamp(path)
	for {
		select {
		case <-ctx.Done():
			return true, nil
		case err := <-e.stack.Done():
			return true, err
		case <-time.After(time.Second):
			if stamp(path) != before {
				return false, nil
			}
		}
	}
}

// stamp changes when a file does.
func stamp(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "none"
	}
	return string(b)
}
