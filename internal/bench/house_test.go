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

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/stack"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

// house is a whole installation as sever up makes it, with durable servers and a
// worker process of its own, and one server as its only connection.
type house struct {
	site
	b        *testing.B
	ctx      context.Context
	store    *store.Store
	temporal *wiring.Temporal
	worker   *exec.Cmd
}

// site is the server that people have accounts on.
type site interface {
	// settings are the worker's variables that lead there.
	settings() []string
	// plant makes n people who have their things in as many databases.
	plant(prefix string, n, databases int) []person
	// plainSQL removes people by the least that has to be sent, and says how long it took.
	plainSQL(people []person) time.Duration
	// nothingLeft asks the server itself: a fast wrong answer is worth nothing.
	nothingLeft(people []person)
	// statements counts what the server has executed since the last reset.
	statements() int64
	resetStatements()
}

// connection is the name of the only one.
const connection = "main"

func newHouse(b *testing.B, open func(b *testing.B, dir string) site) *house {
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
	h.site = open(b, dir)

	app := h.records(s)
	h.store, err = store.Open(ctx, app, store.Options{})
	require.NoError(b, err)
	b.Cleanup(h.store.Close)
	h.temporal, err = wiring.DialWorker(ctx, config.Vars{"TEMPORAL_ADDRESS": s.TemporalAddress, "TEMPORAL_NAMESPACE": s.Namespace}, quiet)
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
		"SEVER_DATABASE_URL="+app.Reveal(), "SEVER_AUDIT_KEY="+base64.StdEncoding.EncodeToString(seed))
	h.worker.Env = append(h.worker.Env, h.settings()...)
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

// percentile of durations that are sorted.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}
