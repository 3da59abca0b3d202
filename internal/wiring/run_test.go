package wiring_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/wiring"
)

func TestHalfADeploymentIsRefused(t *testing.T) {
	t.Parallel()
	err := wiring.Run(t.Context(), config.Vars{"SEVER_DATABASE_URL": "postgres://x@localhost:1/x", "SEVER_DEPLOYMENT": "sever"}, "test", slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "SEVER_DEPLOYMENT and SEVER_BUILD go together")
}

// What other systems send gets the policies of the worker: a malformed one would refuse
// everything that arrives.
func TestAMalformedPolicyIsRefused(t *testing.T) {
	t.Parallel()
	err := wiring.Run(t.Context(), config.Vars{"SEVER_DATABASE_URL": "postgres://x@localhost:1/x", "SEVER_SECOND_LOOK": "-1h"}, "test", slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "SEVER_SECOND_LOOK is -1h0m0s: it has to be more than zero")
}

// spans collects what an OpenTelemetry collector would receive.
type spans struct {
	mu  sync.Mutex
	all strings.Builder
}

func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all.Write(body)
	w.WriteHeader(http.StatusOK)
}

func (s *spans) saw(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.all.String(), what)
}

// The program's own Run, with everything that watches it: a case goes through, the
// metrics count it, and its trace reaches from the workflow to the system.
func TestAWatchedWorker(t *testing.T) {
	collector := &spans{}
	otlp := httptest.NewServer(collector)
	defer otlp.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100")

	w := severtest.New(t)
	address, namespace := devtest.Temporal(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := &said{}
	ended := make(chan error, 1)
	go func() {
		ended <- wiring.Run(ctx, config.Vars{"SEVER_DATABASE_URL": w.Database.Reveal(), "TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": namespace,
			"SEVER_CONNECTIONS": "watched=postgres", "SEVER_CONN_WATCHED_URL": "postgres://sever@localhost:1/postgres", "SEVER_MONITORING": "127.0.0.1:0", "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.URL}, "test-version", slog.New(slog.NewTextHandler(log, nil)))
	}()
	var base string
	require.Eventually(t, func() bool {
		require.Empty(t, ended, "it ended at once")
		_, after, ok := strings.Cut(log.String(), "msg=monitoring address=")
		base = "http://" + strings.TrimSpace(strings.SplitN(after, "\n", 2)[0])
		return ok && strings.Contains(log.String(), "worker ready")
	}, 30*time.Second, 10*time.Millisecond, "%s", log)
	answer := func(path string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(body)
	}
	code, body := answer("/readyz")
	require.Equal(t, http.StatusOK, code, body)
	run, err := w.Parts.Temporal.ExecuteWorkflow(w.Ctx, client.StartWorkflowOptions{ID: "watched-" + severtest.Unique(), TaskQueue: "sever"}, "Reconcile")
	require.NoError(t, err)
	require.NoError(t, run.Get(w.Ctx, nil))
	require.Eventually(t, func() bool {
		_, body := answer("/metrics")
		return strings.Contains(body, `sever_activity_seconds_count{activity="TakeUp",result="ok"}`) && strings.Contains(body, "sever_records_up 1")
	}, 10*time.Second, 50*time.Millisecond)
	require.Eventually(t, func() bool { return collector.saw("RunActivity:TakeUp") }, 20*time.Second, 50*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
}

// said is a log that can be read while it is written.
type said struct {
	mu  sync.Mutex
	all strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

// With worker deployments Temporal hands out work to the current build only, and a
// case that began under one build goes on under the next.
func TestACaseMovesToTheNextBuild(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	name := "sever-" + severtest.Unique()
	deploy := func(build string) {
		w.Stop()
		w.Parts.Deployment = worker.WorkerDeploymentVersion{DeploymentName: name, BuildID: build}
		w.StartWorker()
		require.Eventually(t, func() bool {
			_, err := w.Parts.Temporal.WorkerDeploymentClient().GetHandle(name).SetCurrentVersion(w.Ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: build, AllowNoPollers: false})
			return err == nil
		}, 30*time.Second, 100*time.Millisecond)
	}
	deploy("one")
	w.Policy.SecondLook = 3 * time.Second
	w.Owns(ada, system.Ref("ada"))
	w.Submit(ada, "key-1")
	w.Reaches(ada, "proven", severtest.InPhase("waiting for the second look"))
	deploy("two")
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.World())
}
