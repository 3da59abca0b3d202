package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/leaver"
	"github.com/severhq/sever/internal/dev/postgres"
	"github.com/severhq/sever/internal/dev/simulators"
	"github.com/severhq/sever/internal/dev/stack"
	"github.com/severhq/sever/internal/dev/stack/host"
	"github.com/severhq/sever/internal/provider/catalog"
)

const (
	adaID, bobID, carolID = simulators.Ada, "E2077", simulators.Carol
	target                = "pg-main"
)

// rosterMore follows the roster of the simulators.
const rosterMore = `E1042,pg-main,ada,,Ada Lovelace,ada@example.com
E3001,pg-main,carol,,Carol Shaw,carol@example.com
E2077,pg-main,bob,,Bob Babbage,bob@example.com
E2077,pg-main,svc_billing,,Bob Babbage,bob@example.com
`

// servers starts the installation, and the server that people have accounts on.
func (d *demonstration) servers(ctx context.Context) error {
	program, err := findWorker(d.environ)
	if err != nil {
		return err
	}
	environ := harmless(d.environ)
	o, err := stack.FromEnv(environ)
	if err != nil {
		return desk.Invalidf("%w", err)
	}
	o.Dir = d.dir
	if err := freshFolder(d.dir); err != nil {
		return err
	}
	d.out.line("Sever ends the access of three invented people. Everything runs on this machine, in")
	d.out.line(d.dir + ", and is stopped at the end.")
	d.heading("Servers")
	began := time.Now()
	var all errgroup.Group
	all.Go(func() (err error) { d.e, err = startEmbedded(ctx, o); return err })
	all.Go(func() (err error) {
		d.target, err = postgres.Start(ctx, postgres.Options{Dir: filepath.Join(d.dir, target), Fast: true})
		return err
	})
	all.Go(func() error { return d.maria.start(ctx, d.dir) })
	if err := all.Wait(); err != nil {
		return err
	}
	// Their limits and queues are those of a rehearsal: a demonstration is short.
	if d.hosts, err = simulators.Start(simulators.Options{Unlimited: true, Queue: 200 * time.Millisecond}); err != nil {
		return err
	}
	d.others = d.hosts.Others()
	if d.site, err = leaver.Plant(ctx, d.target); err != nil {
		return err
	}
	if d.vars, err = d.settings(environ); err != nil {
		return err
	}
	ready, err := d.e.startWorker(ctx, program, nil, d.vars)
	if err != nil {
		return err
	}
	if !ready {
		return desk.Failf(desk.Internal, "the worker did not start").Then("read %s", d.e.path("log", "worker.log"))
	}
	if d.e.stack.Postgres != nil {
		d.out.linef("  records    PostgreSQL %d at %s", d.e.stack.Postgres.Major(), d.e.stack.Postgres.Addr)
	}
	d.out.linef("  workflows  Temporal at %s", d.e.stack.TemporalAddress)
	d.out.linef("  %s    PostgreSQL %d at %s: the server that people have accounts on", target, d.target.Major(), d.target.Addr)
	d.mariaServer()
	d.out.linef("  %s, simulated on this machine", strings.Join(simulators.Names, ", "))
	d.out.line(d.out.faint("  started in " + span(time.Since(began))))
	return nil
}

// freshFolder empties the folder of the demonstration, unless one runs there.
func freshFolder(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return os.MkdirAll(dir, 0o755)
	}
	lock, err := host.TryLock(filepath.Join(dir, "lock"))
	if errors.Is(err, host.ErrLocked) {
		return desk.Failf(desk.Unreachable, "a demonstration runs in %s already", dir).Then("wait for its end, or choose another folder with SEVER_HOME")
	}
	if err != nil {
		return err
	}
	lock.Release()
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o755)
}

// settings are the variables of the demonstration: a second look after two seconds
// instead of a day, several steps in one task, one protected pattern, and no guard
// against touching a fifth of the accounts on systems that have so few. They go to its
// sever.env, too.
func (d *demonstration) settings(environ config.Vars) (config.Vars, error) {
	prefix := catalog.Prefix(target)
	path := envFile(d.dir)
	lines := []string{
		"SEVER_ACTOR=hr-desk",
		"SEVER_SECOND_LOOK=2s",
		"SEVER_BATCH_SIZE=5",
		"SEVER_MAX_PERCENT=50",
		catalog.Variable + "=" + target + "=postgres," + d.maria.connection() + d.hosts.Connections(),
		prefix + "URL=" + d.site.Admin().Reveal(),
		prefix + "OWNER=the database team",
		prefix + "PROTECTED=svc_*",
	}
	lines = append(lines, d.maria.settings()...)
	for name, value := range d.hosts.Vars() {
		lines = append(lines, name+"="+value)
	}
	for _, name := range simulators.Names {
		lines = append(lines, catalog.Prefix(name)+"SIMULATED=true")
	}
	written, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := replaceFile(path, string(written)+strings.Join(lines, "\n")+"\n"); err != nil {
		return nil, err
	}
	file, err := readEnvFile(path)
	if err != nil {
		return nil, err
	}
	return environ.With(file).With(config.Vars{"SEVER_HOME": d.dir}), nil
}

// people says who they are and what they have.
func (d *demonstration) people(ctx context.Context) error {
	d.heading("People")
	d.out.line("  Ada Lovelace, E1042, account ada: owns tables, a view and functions in shop and warehouse,")
	d.out.line("  is in reporting, which is in analysts, which is in everybody, may add others to deployers,")
	d.out.line("  is named in default privileges, and passed her rights on to an intern. At the providers:")
	d.showHeld(adaID)
	d.out.linef("  Carol Shaw, E3001, account carol: uses a table in warehouse, is in reporting, and has %d accounts", len(d.hosts.Accounts(carolID)))
	d.out.line("  at the providers.")
	d.out.line("  Bob Babbage, E2077, account bob: owns a table in ledger, and nobody is named to receive it.")
	d.out.line("  Account svc_billing is his too, and our settings protect svc_*.")
	d.mariaPeople()
	d.out.line("")
	path := filepath.Join(d.dir, "roster.csv")
	if err := os.WriteFile(path, []byte(d.hosts.Roster()+rosterMore+d.maria.roster()), 0o600); err != nil {
		return err
	}
	if code := d.command(ctx, "identities", "import", path); code != exitOK {
		return desk.Failf(desk.Internal, "the import ended with %d", code)
	}
	d.out.line("")
	if code := d.command(ctx, "preflight", target); code != exitOK {
		return desk.Failf(desk.Internal, "the preflight ended with %d", code)
	}
	return nil
}

// report writes what is on record about a case, for people and for machines.
func (d *demonstration) writeReport(ctx context.Context, caseID string) error {
	d.report = filepath.Join(d.dir, "report", "report")
	if err := os.MkdirAll(filepath.Dir(d.report), 0o755); err != nil {
		return err
	}
	for _, f := range []struct {
		name     string
		commands [][]string
	}{
		{".txt", [][]string{{"status", caseID}, {"plan", caseID}, {"audit", "show", caseID}, {"audit", "verify", caseID}}},
		{".json", [][]string{{"audit", "show", caseID, "--json"}}},
	} {
		if err := d.write(ctx, d.report+f.name, f.commands); err != nil {
			return err
		}
	}
	return nil
}

// write puts the output of commands into a file.
func (d *demonstration) write(ctx context.Context, path string, commands [][]string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	into := *d
	plain := *d.app
	plain.out = &screen{w: f}
	into.app = &plain
	for i, c := range commands {
		if filepath.Ext(path) == ".json" {
			sub := &app{out: plain.out, stderr: d.stderr, vars: d.vars, environ: d.vars}
			root := sub.root()
			root.SetArgs(c)
			if code := sub.finish(root.ExecuteContext(ctx)); code != exitOK {
				return desk.Failf(desk.Internal, "the report could not be written: exit code %d", code)
			}
			continue
		}
		if i > 0 {
			fmt.Fprintln(f)
		}
		into.command(ctx, c...)
	}
	return f.Sync()
}
