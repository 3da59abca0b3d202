package bench_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/postgres"
	"github.com/severhq/sever/internal/dev/stack"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

// house is a whole installation as sever up makes it, with durable servers and a
// worker process of its own, and a PostgreSQL server as its only connection.
type house struct {
	b        *testing.B
	ctx      context.Context
	target   *postgres.Server
	store    *store.Store
	temporal *wiring.Temporal
	worker   *exec.Cmd
	admin    *pgxpool.Pool // on the target
}

func newHouse(b *testing.B) *house {
	b.Helper()
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "sever-bench-")
	require.NoError(b, err)
	require.NoError(b, os.Chmod(dir, 0o711))
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := stack.Start(ctx, stack.Options{Dir: filepath.Join(dir, "home"), Temporald: devtest.Temporald(b), SearchAttributes: workflows.SearchAttributes})
	require.NoError(b, err)
	b.Cleanup(func() { _ = s.Stop(ctx) })
	h := &house{b: b, ctx: ctx}
	h.target, err = postgres.Start(ctx, postgres.Options{Dir: filepath.Join(dir, "target"), Settings: map[string]string{
		"shared_preload_libraries": "pg_stat_statements", "max_locks_per_transaction": "256"}})
	require.NoError(b, err)
	b.Cleanup(func() { _ = h.target.Stop() })
	h.admin, err = pgxpool.New(ctx, h.target.URL("postgres"))
	require.NoError(b, err)
	b.Cleanup(h.admin.Close)
	_, err = h.admin.Exec(ctx, "create extension pg_stat_statements")
	require.NoError(b, err)

	app := h.records(s)
	h.store, err = store.Open(ctx, app, store.Options{})
	require.NoError(b, err)
	b.Cleanup(h.store.Close)
	h.temporal, err = wiring.Dial(ctx, config.Vars{"TEMPORAL_ADDRESS": s.TemporalAddress, "TEMPORAL_NAMESPACE": s.Namespace}, quiet)
	require.NoError(b, err)
	b.Cleanup(h.temporal.Close)
	h.startWorker(dir, s, app)
	return h
}

func (h *house) records(s *stack.Stack) config.Secret {
	secret := rand.Text()
	require.NoError(h.b, store.CreateRoles(h.ctx, config.NewSecret(s.Postgres.URL("postgres")), store.Roles{Database: "records",
		OwnerPassword: config.NewSecret(secret), AppPassword: config.NewSecret(secret)}))
	as := func(role string) config.Secret {
		u, err := url.Parse(s.Postgres.URL("records"))
		require.NoError(h.b, err)
		u.User = url.UserPassword(role, secret)
		return config.NewSecret(u.String())
	}
	app := as("sever_app")
	require.NoError(h.b, store.Migrate(h.ctx, as("sever_owner"), app))
	return app
}

// startWorker compiles and runs the worker, so that its memory is its own.
func (h *house) startWorker(dir string, s *stack.Stack, app config.Secret) {
	program := filepath.Join(dir, "sever-worker")
	out, err := exec.Command("go", "build", "-o", program, "github.com/severhq/sever/worker").CombinedOutput()
	require.NoError(h.b, err, "%s", out)
	log, err := os.Create(filepath.Join(dir, "worker.log"))
	require.NoError(h.b, err)
	seed := make([]byte, 32)
	_, _ = rand.Read(seed)
	h.worker = exec.Command(program)
	h.worker.Stderr = log
	h.worker.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+s.TemporalAddress, "TEMPORAL_NAMESPACE="+s.Namespace,
		"SEVER_DATABASE_URL="+app.Reveal(), "SEVER_AUDIT_KEY="+base64.StdEncoding.EncodeToString(seed),
		"SEVER_CONNECTIONS=pg-main=postgres", "SEVER_CONN_PG_MAIN_URL="+h.target.URL("postgres"))
	require.NoError(h.b, h.worker.Start())
	h.b.Cleanup(func() {
		_ = h.worker.Process.Signal(os.Interrupt)
		_ = h.worker.Wait()
		if h.b.Failed() {
			b, _ := os.ReadFile(log.Name())
			h.b.Logf("worker: %s", b[max(0, len(b)-4000):])
		}
	})
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// workerMegabytes is the most memory that the worker ever had.
func (h *house) workerMegabytes() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.worker.Process.Pid))
	if err != nil {
		return 0 // no /proc on this system
	}
	m := highWater.FindSubmatch(b)
	if m == nil {
		return 0
	}
	kb, _ := strconv.Atoi(string(m[1]))
	return float64(kb) / 1024
}

// statements counts what the target has executed since the last reset.
func (h *house) statements() (n int64) {
	require.NoError(h.b, h.admin.QueryRow(h.ctx, "select coalesce(sum(calls), 0)::bigint from pg_stat_statements").Scan(&n))
	return n
}

func (h *house) resetStatements() {
	_, err := h.admin.Exec(h.ctx, "select pg_stat_statements_reset()")
	require.NoError(h.b, err)
}

// percentile of durations that are sorted.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}
