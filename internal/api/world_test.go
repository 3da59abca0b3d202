package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

func TestMain(m *testing.M) { devtest.Main(m) }

// world is a whole Sever with one system, and an interface that listens.
type world struct {
	*severtest.World
	desk   *desk.Desk
	system *memory.System
	conn   string // the name of the system's connection
	url    string
	log    *spool
	stop   func() error // of the interface
}

// spool is a log that may be read while it is written.
type spool struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *spool) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *spool) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// newWorld works on a queue of its own, so that there may be several. What is put to a
// case needs the ordinary one: see takesCases.
func newWorld(t *testing.T, planted ...memory.Account) *world {
	t.Helper()
	conn, system := severtest.InMemory(t, planted...)
	w := &world{World: severtest.New(t, conn), system: system, conn: conn.Name}
	w.desk = &desk.Desk{Store: w.Parts.Store, Temporal: w.Parts.Temporal.Client, Namespace: w.Parts.Temporal.Namespace, Connections: w.Parts.Connections,
		Vars: config.Vars{"SEVER_SECOND_LOOK": "100ms", "SEVER_MAX_PERCENT": "100", "SEVER_MAX_HOUR_PERCENT": "1000"}}
	w.serve(t, api.Options{})
	return w
}

// takesCases moves the worker to the ordinary queue. One test may, for there is one.
func (w *world) takesCases() {
	w.Stop()
	w.Parts.Queue, w.Parts.WorkflowID = workflows.TaskQueue, workflows.WorkflowID
	w.StartWorker()
}

// serve starts an interface on a port of its own.
func (w *world) serve(t *testing.T, o api.Options) {
	t.Helper()
	w.log = &spool{}
	o.Desk, o.Log, o.Version = w.desk, slog.New(slog.NewJSONHandler(w.log, nil)), "test"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- api.Serve(ctx, l, api.New(o), nil, o.Log) }()
	var once sync.Once
	w.stop = func() (err error) {
		once.Do(func() { cancel(); err = <-ended })
		return err
	}
	t.Cleanup(func() { require.NoError(t, w.stop()) })
}

// token makes one for a name.
func (w *world) token(t *testing.T, name string, roles ...string) string {
	t.Helper()
	_, text, err := w.desk.MakeToken(t.Context(), desk.TokenWish{Name: name, Roles: roles, For: time.Hour, By: "ops"})
	require.NoError(t, err)
	return text.Reveal()
}

// owns says that accounts of the system belong to somebody.
func (w *world) owns(t *testing.T, who access.PrincipalID, accounts ...string) {
	t.Helper()
	var ids []access.Identity
	for _, a := range accounts {
		ids = append(ids, access.Identity{Principal: who, Connection: w.conn, Account: a, Evidence: access.Imported, Source: "test"})
	}
	require.NoError(t, w.Parts.Store.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ImportIdentities(t.Context(), ids, "test")
		return err
	}))
}

// answer is what the interface said.
type answer struct {
	status int
	header http.Header
	text   string
}

func (a answer) problem(t *testing.T) api.ProblemError {
	t.Helper()
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"), a.text)
	var p api.ProblemError
	d := json.NewDecoder(strings.NewReader(a.text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&p), a.text)
	require.Equal(t, a.status, p.Status)
	require.Equal(t, a.header.Get("X-Request-ID"), p.RequestID)
	require.NotEmpty(t, p.Detail)
	require.True(t, strings.HasPrefix(p.Type, "urn:sever:problem:"), p.Type)
	require.Equal(t, http.StatusText(p.Status), p.Title)
	return p
}

// ask sends a request. Headers come as name and value.
func (w *world) ask(t *testing.T, token, method, path, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	require.NoError(t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	described(t, r, res, text)
	return answer{res.StatusCode, res.Header, string(text)}
}

// post asks for something that has to be taken.
func post[T any](t *testing.T, w *world, token, path, body string, headers ...string) T {
	t.Helper()
	return document[T](t, w.ask(t, token, http.MethodPost, path, body, headers...))
}

func document[T any](t *testing.T, a answer) T {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.text)
	var out T
	require.NoError(t, json.Unmarshal([]byte(a.text), &out), a.text)
	return out
}
