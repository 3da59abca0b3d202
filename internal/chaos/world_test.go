package chaos

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/postgres"
	"github.com/severhq/sever/internal/dev/simulators"
	"github.com/severhq/sever/internal/dev/stack"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// world is one installation with all that it reaches. Seeds use it one after the other.
type world struct {
	home, bin string
	env       []string // of the workers, through the proxies
	direct    []string // of the commands of people, past them

	records, target *server
	maria           *maria
	temporal        *server
	clock           *clock // Temporal's
	workers         []*worker
	proxies         map[string]*proxy
	site            *simulators.Site
	wire            *wire
	sweeper         sweeper
	disk            sync.Mutex
	full            int

	recordsAddr string
	recordsURL  string // the superuser's, of the records' database
	ask         *pgxpool.Pool
	targetURL   string // likewise, of the target's
	targetLog   string
	web         []*http.Server
}

const (
	database   = "sever_records"
	adminLogin = "chaos_admin" // how the workers log in at the target
	password   = "chaos"       // of servers that live for a test
)

// build starts everything. What was started is ended by close, whatever happened.
func build(ctx context.Context, bin string) (w *world, err error) {
	w = &world{bin: bin, proxies: map[string]*proxy{}}
	// Not t.TempDir: the user that PostgreSQL runs as could not enter it.
	if w.home, err = os.MkdirTemp("", "sever-chaos-"); err != nil {
		return w, err
	}
	if err := os.Chmod(w.home, 0o711); err != nil {
		return w, err
	}
	if err := w.startServers(ctx); err != nil {
		return w, err
	}
	if err := w.startProviders(); err != nil {
		return w, err
	}
	if err := w.startMaria(ctx); err != nil {
		return w, err
	}
	if err := w.settle(ctx); err != nil {
		return w, err
	}
	for i := range Workers {
		k, err := startWorker(w.path("sever-worker"), w.env, filepath.Join(w.home, fmt.Sprintf("worker-%d.log", i)))
		if err != nil {
			return w, err
		}
		w.workers = append(w.workers, k)
	}
	return w, w.awaitReady(ctx)
}

func (w *world) path(program string) string { return filepath.Join(w.bin, program) }

func (w *world) startServers(ctx context.Context) error {
	w.targetLog = filepath.Join(w.home, "target.log")
	records, err := postgres.Start(ctx, postgres.Options{Dir: filepath.Join(w.home, "records"), Fast: true,
		Settings: map[string]string{"track_commit_timestamp": "on", "max_connections": "200"}})
	if err != nil {
		return err
	}
	w.records = &server{part: records, stop: records.Stop}
	target, err := postgres.Start(ctx, postgres.Options{Dir: filepath.Join(w.home, "target"), Fast: true, Log: w.targetLog,
		Settings: map[string]string{"log_statement": "all", "log_line_prefix": logPrefix, "log_timezone": "UTC"}})
	if err != nil {
		return err
	}
	w.target = &server{part: target, stop: target.Stop}
	if w.clock, err = newClock(filepath.Join(w.home, "temporal.clock")); err != nil {
		return err
	}
	t, err := stack.StartTemporal(ctx, stack.TemporalOptions{Program: w.path("temporald"), Dir: filepath.Join(w.home, "temporal"), Durable: true,
		Namespace: "sever", SearchAttributes: workflows.SearchAttributes, Env: []string{w.clock.env()}})
	if err != nil {
		return err
	}
	w.temporal = &server{part: t, stop: t.Kill}
	w.recordsAddr = records.Addr
	w.recordsURL, w.targetURL = records.URL(database), target.URL("postgres")
	if w.ask, err = pgxpool.New(ctx, w.recordsURL); err != nil {
		return err
	}
	if err := w.prepareRecords(ctx, records); err != nil {
		return err
	}
	w.direct = []string{"TEMPORAL_ADDRESS=" + t.Address, "SEVER_DATABASE_URL=" + w.appURL(records.Addr)}
	for name, upstream := range map[string]string{Records: records.Addr, Target: target.Addr, Temporal: t.Address} {
		if w.proxies[name], err = startProxy(name, upstream); err != nil {
			return err
		}
	}
	w.env = []string{"TEMPORAL_ADDRESS=" + w.proxies[Temporal].Listen, "SEVER_DATABASE_URL=" + w.appURL(w.proxies[Records].Listen)}
	return nil
}

func (w *world) appURL(addr string) string {
	return fmt.Sprintf("postgres://sever_app:%s@%s/%s?sslmode=disable", password, addr, database)
}

// prepareRecords makes the schema, and the switch by which the disk of the audit trail
// is full: the error is the one that PostgreSQL has for it, at the same statement.
func (w *world) prepareRecords(ctx context.Context, s *postgres.Server) error {
	secret := config.NewSecret(password)
	if err := store.CreateRoles(ctx, config.NewSecret(s.URL("postgres")), store.Roles{Database: database,
		Owner: "sever_owner", OwnerPassword: secret, App: "sever_app", AppPassword: secret}); err != nil {
		return err
	}
	owner := fmt.Sprintf("postgres://sever_owner:%s@%s/%s?sslmode=disable", password, s.Addr, database)
	if err := store.Migrate(ctx, config.NewSecret(owner), config.NewSecret(w.appURL(s.Addr))); err != nil {
		return err
	}
	return execute(ctx, w.recordsURL, `
		create schema chaos; create table chaos.disk (full_now boolean); insert into chaos.disk values (false);
		create function chaos.fills() returns trigger language plpgsql security definer as $$ begin
			if (select full_now from chaos.disk) then
				raise exception 'could not extend file "base/1/1": No space left on device' using errcode = 'disk_full', hint = 'Check free disk space.';
			end if;
			return null;
		end $$;
		create trigger chaos_fills before insert on sever.audit_events for each statement execute function chaos.fills()`)
}

// startProviders serves the simulators behind what watches them, and that behind proxies.
func (w *world) startProviders() error {
	site, err := simulators.Start(simulators.Options{Unlimited: true, Queue: 100 * time.Millisecond})
	if err != nil {
		return err
	}
	w.site, w.wire = site, &wire{site: site, reached: func(int, bool) {}}
	handlers := map[string]http.Handler{simulators.DigitalOcean: site.DigitalOcean, simulators.Netim: site.Netim, simulators.Plesk: site.Plesk, simulators.Trove: site.Trove}
	for _, name := range simulators.Names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		web := &http.Server{Handler: w.wire.watch(name, handlers[name]), ErrorLog: silent}
		w.web = append(w.web, web)
		go func() { _ = web.Serve(l) }()
		if w.proxies[name], err = startProxy(name, l.Addr().String()); err != nil {
			return err
		}
	}
	return nil
}

// settle plants what all seeds share and completes the variables.
func (w *world) settle(ctx context.Context) error {
	if err := execute(ctx, w.targetURL, `create role `+adminLogin+` login superuser password '`+password+`'; create role chaos_team;
		create table shared (x int); insert into shared values (1); create role chaos_stays login; grant chaos_team to chaos_stays; grant select on shared to chaos_stays`); err != nil {
		return err
	}
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed)
	target, err := url.Parse(w.targetURL)
	if err != nil {
		return err
	}
	target.User, target.Host = url.UserPassword(adminLogin, password), w.proxies[Target].Listen
	common := append(os.Environ(), "TEMPORAL_NAMESPACE=sever", "SEVER_HOME="+filepath.Join(w.home, "nothing"), "SEVER_ACTOR=tester",
		"SEVER_AUDIT_KEY="+base64.StdEncoding.EncodeToString(seed), "SEVER_CHECKPOINTS="+filepath.Join(w.home, "checkpoints.jsonl"),
		"SEVER_SECRET_DIR="+filepath.Join(w.home, "credentials"),
		"SEVER_SECOND_LOOK=200ms", "SEVER_RETRY_EVERY=1s", "SEVER_PATIENCE=5s", "SEVER_MAX_PERCENT=100", "SEVER_MAX_HOUR_PERCENT=1000000",
		"SEVER_MAX_PER_HOUR=1000000", catalog.Variable+"="+Target+"=postgres,"+Maria+"=mysql,"+w.site.Connections(), catalog.Prefix(Target)+"URL="+target.String())
	for _, name := range []string{Target, Maria} { // longer than anything is on its way here
		common = append(common, catalog.Prefix(name)+"SETTLE=2s")
	}
	for _, name := range simulators.Names {
		common = append(common, catalog.Prefix(name)+"SIMULATED=true")
		for variable, value := range w.site.Credentials(name) {
			value = strings.ReplaceAll(value, w.site.URL(name), "http://"+w.proxies[name].Listen)
			common = append(common, catalog.Prefix(name)+variable+"="+value)
		}
	}
	common = append(common, w.maria.settings(w.proxies[Maria].Listen)...)
	w.env, w.direct = append(common, w.env...), append(common, w.direct...)
	return nil
}

// awaitReady waits until the workers said that they are.
func (w *world) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, k := range w.workers {
		for !strings.Contains(tail(k.log, 0), "worker ready") {
			if err := pause(ctx, 50*time.Millisecond); err != nil {
				return fmt.Errorf("a worker is not ready: %w: %s", err, tail(k.log, 0))
			}
		}
	}
	return nil
}

// close ends everything.
func (w *world) close() error {
	var errs []error
	for _, k := range w.workers {
		k.stop()
	}
	for _, p := range w.proxies {
		p.Stop()
	}
	if w.ask != nil {
		w.ask.Close()
	}
	for _, s := range w.web {
		errs = append(errs, s.Close())
	}
	if w.site != nil {
		errs = append(errs, w.site.Close())
	}
	if w.maria != nil {
		errs = append(errs, w.maria.close())
	}
	for _, s := range []*server{w.temporal, w.target, w.records} {
		if s != nil {
			errs = append(errs, s.stop())
		}
	}
	return errors.Join(append(errs, os.RemoveAll(w.home))...)
}

// sever gives a command as a person does, and returns its exit code and words.
func (w *world) sever(ctx context.Context, stdin string, args ...string) (int, string) {
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.path("sever"), args...)
	cmd.Env, cmd.Stdin = w.direct, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		return -1, err.Error()
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func execute(ctx context.Context, url, sql string) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	_, err = c.Exec(ctx, sql)
	return err
}

// rows are what a query returns, one text a row.
func rows(ctx context.Context, url, sql string, args ...any) ([]string, error) {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	found, err := c.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[string])
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
