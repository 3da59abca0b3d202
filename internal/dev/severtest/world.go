// Package severtest is a whole Sever for the tests of several packages: records on a real
// PostgreSQL server, a real Temporal server, and a worker put together as the program
// does it. What it acts upon is the test's business.
package severtest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/postgres"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
)

// World is a whole Sever of its own: records in a fresh database, a worker with
// queues that nobody else uses, and systems to act upon.
type World struct {
	T   *testing.T
	Ctx context.Context // ends with the test, or after some minutes
	// Policy is that of every case submitted after it was set: HR's, with short waits.
	Policy   plan.Policy
	Parts    wiring.Parts
	Queue    string
	Secrets  string // the folder of new credentials
	Stop     func() // of the worker
	Database config.Secret
	Server   *postgres.Server // of the records, which it has in the database Records
	Records  string           // the application's role is called the same, with _app
}

var quick = activities.Pace{LaneWait: 5 * time.Second, LookEvery: time.Millisecond, Looks: 20}

// New starts one with the given connections; it ends with the test.
func New(t *testing.T, conns ...catalog.Connection) *World {
	t.Helper()
	return NewOn(t, devtest.Postgres(t), conns...)
}

// NewOn is New with the records on a server of the test's choice.
func NewOn(t *testing.T, server *postgres.Server, conns ...catalog.Connection) *World {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	address, namespace := devtest.Temporal(t)
	temporal, err := wiring.DialWorker(ctx, config.Vars{"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": namespace}, silent)
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	policy, err := plan.For(access.HR)
	require.NoError(t, err)
	policy.SecondLook, policy.RetryEvery, policy.Patience = 300*time.Millisecond, 500*time.Millisecond, 10*time.Second
	w := &World{T: t, Ctx: ctx, Queue: "test-" + Unique(), Policy: policy, Secrets: filepath.Join(t.TempDir(), "secrets")}
	w.Server = server
	w.Database, w.Records = records(ctx, t, server)
	w.Parts = wiring.Parts{
		Temporal: temporal, Queue: w.Queue, Store: w.OpenStore(), Connections: catalog.Of(conns...),
		Notary: activities.Notary{Key: key, File: filepath.Join(t.TempDir(), "checkpoints")},
		Sink:   activities.DirSink(w.Secrets), Pace: quick,
		WorkflowID: w.ID,
	}
	w.StartWorker()
	t.Cleanup(func() { w.Stop() })
	return w
}

// The log of a world goes nowhere unless SEVER_TEST_LOG is set.
var logTo = func() io.Writer {
	if os.Getenv("SEVER_TEST_LOG") != "" {
		return os.Stderr
	}
	return io.Discard
}()

var silent = slog.New(slog.NewTextHandler(logTo, &slog.HandlerOptions{Level: slog.LevelWarn}))

// Unique is a word that nothing else is called.
func Unique() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// records makes a fresh database with its two roles and the schema.
func records(ctx context.Context, t *testing.T, pg *postgres.Server) (config.Secret, string) {
	t.Helper()
	name, password := "records_"+Unique(), Unique()
	roles := store.Roles{Database: name, Owner: name + "_owner", OwnerPassword: config.NewSecret(password), App: name + "_app", AppPassword: config.NewSecret(password)}
	require.NoError(t, store.CreateRoles(ctx, config.NewSecret(pg.URL("postgres")), roles))
	as := func(role string) config.Secret {
		return config.NewSecret(fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", role, password, pg.Addr, name))
	}
	require.NoError(t, store.Migrate(ctx, as(roles.Owner), as(roles.App)))
	return as(roles.App), name
}

// OpenStore opens the records once more, as another worker does.
func (w *World) OpenStore() *store.Store {
	s, err := store.Open(w.Ctx, w.Database, store.Options{})
	require.NoError(w.T, err)
	w.T.Cleanup(s.Close)
	return s
}

// StartWorker starts the worker, again if it was stopped.
func (w *World) StartWorker() {
	stop, err := wiring.Start(w.Ctx, w.Parts)
	require.NoError(w.T, err)
	w.Stop = stop
}

// InMemory is a connection to a system in memory. Its name is unique, for the
// queue of a connection is named after it.
func InMemory(t *testing.T, planted ...memory.Account) (catalog.Connection, *memory.System) {
	t.Helper()
	name := "mem-" + Unique()
	s := memory.New(name).Add(planted...)
	return catalog.Connection{Name: name, Spec: memory.Spec, Provider: s, Owner: "dba@example.com"}, s
}

// For is the same Sever in the hands of another test, with a policy of its own.
func (w *World) For(t *testing.T) *World {
	other := *w
	other.T = t
	return &other
}
