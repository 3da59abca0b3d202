package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/leaver"
	"github.com/severhq/sever/internal/dev/postgres"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
)

// world is an installation with a worker in this process, and a server with people. The
// queue of the workflows is the ordinary one, so there is one world for all tests.
type world struct {
	vars  config.Vars
	site  *leaver.Site
	super func(database string) string // connection strings of the superuser
	name  string                       // of the database of the records
}

// books makes an empty database for the records, and returns the variables that say where
// it is.
func books(t *testing.T, pg *postgres.Server, name string) config.Vars {
	t.Helper()
	roles := store.Roles{Database: name, Owner: name + "_owner", App: name + "_app", OwnerPassword: config.NewSecret("owner"), AppPassword: config.NewSecret("app")}
	require.NoError(t, store.CreateRoles(t.Context(), config.NewSecret(pg.URL("postgres")), roles))
	as := func(role, password string) string {
		return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", role, password, pg.Addr, name)
	}
	return config.Vars{"SEVER_DATABASE_URL": as(roles.App, "app"), "SEVER_OWNER_DATABASE_URL": as(roles.Owner, "owner")}
}

// newBooks is a world of records alone: no systems, and nobody who works.
func newBooks(t *testing.T) *world {
	t.Helper()
	w := &world{name: "records_" + strings.ToLower(rand.Text()[:8])}
	w.vars = books(t, devtest.Postgres(t), w.name).With(config.Vars{"SEVER_HOME": t.TempDir(), "SEVER_ACTOR": "hr"})
	require.Equal(t, exitOK, w.sever(t, "", "migrate").code)
	return w
}

func newWorld(t *testing.T) *world {
	t.Helper()
	pg := devtest.Postgres(t)
	address, namespace := devtest.Temporal(t)
	site, err := leaver.Plant(t.Context(), pg)
	require.NoError(t, err)
	w := &world{site: site, super: pg.URL, name: "records_" + strings.ToLower(rand.Text()[:8])}
	as := books(t, pg, w.name)
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed)
	w.vars = config.Vars{
		"SEVER_HOME": t.TempDir(), "SEVER_ACTOR": "alice",
		"SEVER_DATABASE_URL": as["SEVER_DATABASE_URL"], "SEVER_OWNER_DATABASE_URL": as["SEVER_OWNER_DATABASE_URL"],
		"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": namespace,
		"SEVER_AUDIT_KEY":   base64.StdEncoding.EncodeToString(seed),
		"SEVER_CHECKPOINTS": filepath.Join(t.TempDir(), "checkpoints"),
		"SEVER_SECRET_DIR":  filepath.Join(t.TempDir(), "credentials"),
		"SEVER_CONNECTIONS": "pg-main=postgres", "SEVER_CONN_PG_MAIN_URL": site.Admin().Reveal(),
		"SEVER_CONN_PG_MAIN_PROTECTED": "svc_*", "SEVER_CONN_PG_MAIN_OWNER": "dba",
		"SEVER_SECOND_LOOK": "200ms", "SEVER_MAX_ACCOUNTS": "50",
		"SEVER_MAX_HOUR_PERCENT": "1000", // all of these tests are within an hour
	}
	require.Equal(t, exitOK, w.sever(t, "", "migrate").code)
	w.work(t, ed25519.NewKeyFromSeed(seed))
	return w
}

// work runs a worker in this process until the test ends.
func (w *world) work(t *testing.T, key ed25519.PrivateKey) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	conns, err := catalog.Open(w.vars)
	require.NoError(t, err)
	records, err := store.Open(ctx, config.NewSecret(w.vars["SEVER_DATABASE_URL"]), store.Options{})
	require.NoError(t, err)
	temporal, err := wiring.DialWorker(ctx, w.vars, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	pace := activities.DefaultPace
	pace.LookEvery = 5 * time.Millisecond
	stop, err := wiring.Start(ctx, wiring.Parts{Temporal: temporal, Store: records, Connections: conns, Pace: pace,
		Notary: activities.Notary{Key: key, File: w.vars["SEVER_CHECKPOINTS"]}, Sink: activities.DirSink(w.vars["SEVER_SECRET_DIR"])})
	require.NoError(t, err)
	arrived := inbox.Dispatcher{Log: slog.New(slog.DiscardHandler), Desk: &desk.Desk{Store: records, Temporal: temporal, Namespace: temporal.Namespace,
		Connections: conns, Vars: w.vars}}
	var running sync.WaitGroup
	running.Go(func() { arrived.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		stop()
		temporal.Close()
		records.Close()
		conns.Close()
	})
}

// patience bounds one command.
const patience = time.Minute

func (w *world) sever(t *testing.T, stdin string, args ...string) answer {
	t.Helper()
	return w.with(t, nil, stdin, args...)
}

// with runs a command under other settings.
func (w *world) with(t *testing.T, more config.Vars, stdin string, args ...string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return sever(ctx, w.vars.With(more), stdin, args...)
}

// must runs a command that has to end with this code, and reads its JSON.
func must[T any](t *testing.T, w *world, more config.Vars, code int, args ...string) T {
	t.Helper()
	a := w.with(t, more, "", append(args, "--json")...)
	require.Equal(t, code, a.code, "%v\n%s%s", args, a.out, a.err)
	var doc T
	require.NoError(t, json.Unmarshal([]byte(a.out), &doc), a.out)
	return doc
}

// hire makes somebody with an account, and what the script gives them.
func (w *world) hire(t *testing.T, id, account, script string) {
	t.Helper()
	w.sql(t, "postgres", "create role "+account+" login password 'x'; "+script)
	a := w.sever(t, fmt.Sprintf("principal,connection,account,name\n%s,pg-main,%s,%s\n", id, account, strings.ToUpper(account)), "identities", "import", "-")
	require.Equal(t, exitOK, a.code, a.err)
}

// sql runs a script as the superuser.
func (w *world) sql(t *testing.T, database, script string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), w.super(database))
	require.NoError(t, err)
	defer func() { _ = c.Close(context.Background()) }()
	_, err = c.Exec(t.Context(), script)
	require.NoError(t, err)
}

// canLogIn asks the server whether an account may log in, if it is there.
func (w *world) canLogIn(t *testing.T, account string) (can, there bool) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), w.super("postgres"))
	require.NoError(t, err)
	defer func() { _ = c.Close(context.Background()) }()
	err = c.QueryRow(t.Context(), "select rolcanlogin from pg_roles where rolname = $1", account).Scan(&can)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false
	}
	require.NoError(t, err)
	return can, true
}
