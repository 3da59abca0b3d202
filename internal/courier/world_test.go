package courier

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/postgres"
	"github.com/severhq/sever/internal/store"
)

func TestMain(m *testing.M) { devtest.Main(m) }

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// quick is a pace for tests: an attempt that is lost is due again at once.
var quick = Pace{Look: 5 * time.Millisecond, Lease: time.Minute, First: time.Millisecond, Most: 10 * time.Millisecond, Sweep: 5 * time.Millisecond}

// secret is a fresh one of Standard Webhooks.
func secret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return "whsec_" + base64.StdEncoding.EncodeToString(b)
}

// got is one message that somebody received.
type got struct{ id, body string }

// receiver is somebody outside who takes only what is signed.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	key    string
	answer func(http.ResponseWriter, *http.Request, []byte) // nil: 204
	got    []got                                            // with a signature that fits
	forged int
}

func newReceiver(t *testing.T, key string) *receiver {
	t.Helper()
	r := &receiver{key: key}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	key, answer := r.key, r.answer
	r.mu.Unlock()
	wh, err := standardwebhooks.NewWebhook(key)
	if err == nil {
		err = wh.Verify(body, req.Header)
	}
	r.mu.Lock()
	if err != nil {
		r.forged++
	} else {
		r.got = append(r.got, got{req.Header.Get("webhook-id"), string(body)})
	}
	r.mu.Unlock()
	switch {
	case err != nil:
		http.Error(w, "the signature does not fit", http.StatusUnauthorized)
	case answer != nil:
		answer(w, req, body)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// answers changes what the receiver says from now on.
func (r *receiver) answers(how func(http.ResponseWriter, *http.Request, []byte)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = how
}

func (r *receiver) received() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]got(nil), r.got...)
}

func says(code int) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(code) }
}

// office is the records with a case, and how its notices are to be carried.
type office struct {
	t        *testing.T
	store    *store.Store
	settings Settings
}

func newOffice(t *testing.T, vars config.Vars) *office {
	t.Helper()
	settings, err := FromVars(vars)
	require.NoError(t, err)
	name := "courier_" + rand.Text()[:10]
	s := records(t, devtest.Postgres(t), name, store.Options{Subscribers: settings.Subscribers()})
	o := &office{t, s, settings}
	o.do(func(tx *store.Tx) error {
		if err := tx.UpsertPrincipals(t.Context(), []access.Principal{{ID: "E1", Login: "ada", Name: "Ada Lovelace", Email: "ada@example.com"}}); err != nil {
			return err
		}
		return tx.OpenCase(t.Context(), store.Case{ID: "c1", Principal: "E1", Reason: access.HR, Requester: "hr", Policy: []byte(`{}`), Status: access.CaseOpen, OpenedAt: noon}, nil)
	})
	return o
}

func records(t *testing.T, pg *postgres.Server, name string, options store.Options) *store.Store {
	t.Helper()
	password := config.NewSecret(rand.Text())
	roles := store.Roles{Database: name, Owner: name + "_owner", OwnerPassword: password, App: name + "_app", AppPassword: password}
	require.NoError(t, store.CreateRoles(t.Context(), config.NewSecret(pg.URL("postgres")), roles))
	as := func(role string) config.Secret {
		u := url.URL{Scheme: "postgres", User: url.UserPassword(role, password.Reveal()), Host: pg.Addr, Path: name, RawQuery: "sslmode=disable"}
		return config.NewSecret(u.String())
	}
	require.NoError(t, store.Migrate(t.Context(), as(roles.Owner), as(roles.App)))
	s, err := store.Open(t.Context(), as(roles.App), options)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func (o *office) do(do func(*store.Tx) error) {
	o.t.Helper()
	require.NoError(o.t, o.store.Do(o.t.Context(), do))
}

// task makes something happen that is told.
func (o *office) task(key string) {
	o.t.Helper()
	o.do(func(tx *store.Tx) error {
		return tx.OpenTask(o.t.Context(), store.Task{CaseID: "c1", Key: key, Connection: "pg-main", Subject: "pg-main/ada", Words: "owns a table", Next: "sever retry c1", Owner: "dba", OpenedAt: noon})
	})
}

// runs starts a courier, and returns how to end it before the test does.
func (o *office) runs(outbox Outbox, change ...func(*Pace)) (stop func()) {
	o.t.Helper()
	p := quick
	for _, c := range change {
		c(&p)
	}
	ctx, cancel := context.WithCancel(o.t.Context())
	var running sync.WaitGroup
	running.Go(func() { New(outbox, o.settings, p, slog.New(slog.DiscardHandler)).Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	o.t.Cleanup(stop)
	return stop
}

// stand is how every notice stands, oldest first.
func (o *office) stand() []store.Notice {
	o.t.Helper()
	list, err := o.store.ListNotices(o.t.Context(), true, 100)
	require.NoError(o.t, err)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// reach waits until the notices stand as wanted.
func (o *office) reach(want func([]store.Notice) bool) []store.Notice {
	o.t.Helper()
	var list []store.Notice
	require.Eventually(o.t, func() bool {
		var err error
		list, err = o.store.ListNotices(o.t.Context(), true, 100)
		return err == nil && want(list)
	}, 30*time.Second, 5*time.Millisecond, "%+v", &list)
	return o.stand()
}

func all(state store.NoticeState, n int) func([]store.Notice) bool {
	return func(list []store.Notice) bool {
		for _, l := range list {
			if l.State != state {
				return false
			}
		}
		return len(list) == n
	}
}

// trail are the rows of a kind in the case's chain.
func (o *office) trail(kind string) []audit.Row {
	o.t.Helper()
	rows, err := o.store.LastOfKind(o.t.Context(), "c1", kind, 100)
	require.NoError(o.t, err)
	return rows
}

// dying is an outbox of a worker that dies after sending: it cannot note anything.
type dying struct{ *store.Store }

func (dying) Do(context.Context, func(*store.Tx) error) error { return errors.New("killed") }
