package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/stack"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// embedded is an installation of Sever in one folder: up and demo run it.
//
//	sever.env     how to reach it; read by every command on this machine
//	keys/         passwords of the database roles, and the key that signs the audit trail
//	audit/        the copy of the checkpoints outside the database
//	credentials/  new credentials of accounts that are given back
//
// and what package stack keeps there.
type embedded struct {
	stack *stack.Stack
	dir   string
	worker
}

// worker is the supervised sever-worker, once there is one.
type worker struct {
	child *stack.Child
	stop  context.CancelFunc
}

// database is the one of the records; that of the stack belongs to the superuser.
const recordsDatabase = "sever_records"

// stopWithin is how long the parts have to end in order.
const stopWithin = 45 * time.Second

// startEmbedded starts the servers, prepares the database, and writes sever.env.
func startEmbedded(ctx context.Context, o stack.Options) (*embedded, error) {
	given := o.DatabaseURL
	o.SearchAttributes = workflows.SearchAttributes
	s, err := stack.Start(ctx, o)
	if err != nil {
		return nil, desk.Failf(desk.Unreachable, "start Sever in %s: %w", o.Dir, err)
	}
	e := &embedded{stack: s, dir: s.Dir}
	if err := e.prepare(ctx, given); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close stops everything, the worker first.
func (e *embedded) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	return e.stack.Stop(ctx)
}

// prepare makes what a new folder lacks and brings the database to this version.
func (e *embedded) prepare(ctx context.Context, given config.Secret) error {
	for _, dir := range []string{"keys", "audit", "credentials"} {
		if err := os.MkdirAll(filepath.Join(e.dir, dir), 0o700); err != nil {
			return err
		}
	}
	if _, err := kept(e.path("keys", "audit.key"), newSeed); err != nil {
		return err
	}
	vars := config.Vars{
		"TEMPORAL_ADDRESS":     e.stack.TemporalAddress,
		"TEMPORAL_NAMESPACE":   e.stack.Namespace,
		"SEVER_AUDIT_KEY_FILE": e.path("keys", "audit.key"),
		"SEVER_CHECKPOINTS":    e.path("audit", "checkpoints.jsonl"),
		"SEVER_SECRET_DIR":     e.path("credentials"),
		"SEVER_DATABASE_URL":   given.Reveal(),
	}
	if e.stack.Postgres != nil {
		owner, app, err := e.roles(ctx)
		if err != nil {
			return err
		}
		if err := store.Migrate(ctx, owner, app); err != nil {
			return err
		}
		vars["SEVER_DATABASE_URL"], vars["SEVER_OWNER_DATABASE_URL"] = app.Reveal(), owner.Reveal()
	}
	return writeEnvFile(envFile(e.dir), vars)
}

func (e *embedded) path(parts ...string) string {
	return filepath.Join(append([]string{e.dir}, parts...)...)
}

// roles makes the owner and the application's role, and returns how they log in.
func (e *embedded) roles(ctx context.Context) (owner, app config.Secret, err error) {
	ownerPassword, err := kept(e.path("keys", "owner.password"), newPassword)
	if err != nil {
		return owner, app, err
	}
	appPassword, err := kept(e.path("keys", "app.password"), newPassword)
	if err != nil {
		return owner, app, err
	}
	err = store.CreateRoles(ctx, config.NewSecret(e.stack.Postgres.URL("postgres")), store.Roles{Database: recordsDatabase,
		Owner: "sever_owner", OwnerPassword: config.NewSecret(ownerPassword), App: "sever_app", AppPassword: config.NewSecret(appPassword)})
	if err != nil {
		return owner, app, err
	}
	as := func(role, password string) config.Secret {
		u, err := url.Parse(e.stack.Postgres.URL(recordsDatabase))
		if err != nil {
			panic("starter: " + err.Error()) // the server's own URL
		}
		u.User = url.UserPassword(role, password)
		return config.NewSecret(u.String())
	}
	return as("sever_owner", ownerPassword), as("sever_app", appPassword), nil
}

// kept reads a secret from its file, which is written the first time.
func kept(path string, fresh func() string) (string, error) {
	b, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	secret := fresh()
	return secret, replaceFile(path, secret+"\n")
}

func newPassword() string { return rand.Text() }

// newSeed is the seed of a new Ed25519 key.
func newSeed() string {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails
	return base64.StdEncoding.EncodeToString(seed)
}

// replaceFile writes a file that only we may read, all of it or nothing.
func replaceFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// startWorker runs sever-worker with the variables of the installation, and keeps it
// running. It reports whether the worker said that it is ready.
func (e *embedded) startWorker(ctx context.Context, program string, environ, vars config.Vars) (bool, error) {
	log := e.path("log", "worker.log")
	mark := sizeOf(log)
	ctx, stop := context.WithCancel(ctx)
	child, err := e.stack.Supervise(ctx, stack.Process{Name: "worker", Path: program, Env: environment(environ, vars), Log: log})
	if err != nil {
		stop()
		return false, err
	}
	e.worker = worker{child, stop}
	return awaitWorker(ctx, log, mark, 20*time.Second, child.Done()), nil
}

// stopWorker ends the worker, if there is one.
func (e *embedded) stopWorker() {
	if e.worker.child == nil {
		return
	}
	e.worker.stop()
	<-e.worker.child.Done()
	e.worker = worker{}
}
