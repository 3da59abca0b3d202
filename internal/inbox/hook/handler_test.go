package hook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/inbox/hook"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
)

func TestMain(m *testing.M) { devtest.Main(m) }

const (
	terms = `{act: {path: event, values: {terminated: offboard, moved: none}}, principal: {path: who}, reason: hr}`
	left  = `{"event":"terminated","who":"E1"}`
)

func secret() string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(severtest.Unique()+severtest.Unique()))
}

// door is a listening server with the webhook hris.
type door struct {
	t           *testing.T
	store       *store.Store
	url         string
	secret, old string
}

func newDoor(t *testing.T, s *store.Store) *door {
	t.Helper()
	d := &door{t: t, store: s, secret: secret(), old: secret()}
	file := filepath.Join(t.TempDir(), "hris.yaml")
	require.NoError(t, os.WriteFile(file, []byte(terms), 0o600))
	sources, err := hook.Open(config.Vars{"SEVER_HOOKS": "hris", "SEVER_HOOK_HRIS_SECRET": d.secret, "SEVER_HOOK_HRIS_OLD_SECRET": d.old, "SEVER_HOOK_HRIS_MAPPING": file})
	require.NoError(t, err)
	server := httptest.NewServer(hook.Handler(inbox.New(s, slog.New(slog.DiscardHandler)), sources))
	t.Cleanup(server.Close)
	d.url = server.URL + "/hooks/"
	return d
}

// signed is what a sender says with a secret, at a time.
func (d *door) signed(secret, id string, at time.Time, body string) http.Header {
	d.t.Helper()
	key, err := standardwebhooks.NewWebhook(secret)
	require.NoError(d.t, err)
	signature, err := key.Sign(id, at, []byte(body))
	require.NoError(d.t, err)
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", fmt.Sprint(at.Unix()))
	h.Set("webhook-signature", signature)
	return h
}

func (d *door) send(source string, h http.Header, body string) (int, string) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url+source, strings.NewReader(body))
	require.NoError(d.t, err)
	r.Header = h
	res, err := http.DefaultClient.Do(r)
	require.NoError(d.t, err)
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	require.NoError(d.t, err)
	return res.StatusCode, string(bytes.TrimSpace(said))
}

func (d *door) house() (rows []audit.Row) {
	d.t.Helper()
	for row, err := range d.store.Events(d.t.Context(), audit.House, 1) {
		require.NoError(d.t, err)
		rows = append(rows, row)
	}
	return rows
}

// Everything that is not to be believed is refused, told, on record, and not stored.
func TestMessagesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	d := newDoor(t, severtest.Records(t))
	now := time.Now()
	good := func() http.Header { return d.signed(d.secret, "msg_1", now, left) }
	without := func(name string) http.Header {
		h := good()
		h.Del(name)
		return h
	}
	cases := []struct {
		name, source string
		headers      http.Header
		body         string
		status       int
		says         string
	}{
		{"a sender that nobody configured", "payroll", good(), left, 404, "no webhook of this name is configured"},
		{"signed with another secret", "hris", d.signed(secret(), "msg_1", now, left), left, 401, "its signature does not fit"},
		{"changed on its way", "hris", good(), strings.Replace(left, "E1", "E2", 1), 401, "its signature does not fit"},
		{"under another id", "hris", func() http.Header { h := good(); h.Set("webhook-id", "msg_2"); return h }(), left, 401, "its signature does not fit"},
		{"at another time", "hris", func() http.Header { h := good(); h.Set("webhook-timestamp", fmt.Sprint(now.Unix()+1)); return h }(), left, 401, "its signature does not fit"},
		{"with a version that nobody knows", "hris", func() http.Header {
			h := good()
			h.Set("webhook-signature", strings.Replace(h.Get("webhook-signature"), "v1,", "v0,", 1))
			return h
		}(), left, 401, "its signature does not fit"},
		{"not signed", "hris", without("webhook-signature"), left, 400, "it is not signed"},
		{"without an id", "hris", without("webhook-id"), left, 400, "it is not signed"},
		{"without a time", "hris", without("webhook-timestamp"), left, 400, "it is not signed"},
		{"with a time that is none", "hris", func() http.Header { h := good(); h.Set("webhook-timestamp", "noon"); return h }(), left, 400, "no number of seconds"},
		{"replayed after six minutes", "hris", d.signed(d.secret, "msg_1", now.Add(-6*time.Minute), left), left, 400, "signed more than five minutes ago"},
		{"from the future", "hris", d.signed(d.secret, "msg_1", now.Add(6*time.Minute), left), left, 400, "signed more than five minutes in the future"},
		{"no JSON", "hris", d.signed(d.secret, "msg_1", now, "{"), "{", 422, "it is signed, and cannot be understood: it is not JSON"},
		{"a field is missing", "hris", d.signed(d.secret, "msg_1", now, `{"event":"terminated"}`), `{"event":"terminated"}`, 422, "who is missing"},
		{"a person that is none", "hris", d.signed(d.secret, "msg_1", now, `{"event":"terminated","who":" E1"}`), `{"event":"terminated","who":" E1"}`, 422, "the principal begins or ends with a space"},
		{"an id that nobody could read", "hris", d.signed(d.secret, strings.Repeat("x", 200), now, left), left, 422, "the id of the message is 200 bytes long"},
		{"too large", "hris", good(), strings.Repeat(" ", 257<<10), 413, "it is too large: at most 262144 bytes are read"},
	}
	for _, c := range cases {
		status, said := d.send(c.source, c.headers, c.body)
		require.Equal(t, c.status, status, "%s: %s", c.name, said)
		require.Contains(t, said, c.says, c.name)
		rows := d.house()
		last := rows[len(rows)-1]
		require.Equal(t, audit.DeliveryRejected, last.Kind, c.name)
		if len(rows) <= 10 {
			require.Contains(t, last.Words, c.says, c.name)
		}
		require.NotContains(t, fmt.Sprint(last), "E1", "what is not believed is not repeated")
	}
	none, err := d.store.Deliveries(t.Context(), store.DeliveryFilter{}, store.Page{})
	require.NoError(t, err)
	require.Empty(t, none)
	require.Len(t, d.house(), 1+10, "one of nobody known, and ten of hris: the others are counted")
}

func TestAMessageIsTakenOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	d := newDoor(t, severtest.Records(t))
	now := time.Now()
	status, said := d.send("hris", d.signed(d.secret, "msg_1", now, left), left)
	require.Equal(t, 202, status, said)
	require.Equal(t, `{"delivery":1,"asks":"offboard"}`, said)
	for range 2 { // sent again with a fresh signature, as senders do
		status, said = d.send("hris", d.signed(d.secret, "msg_1", now.Add(time.Second), left), left)
		require.Equal(t, 200, status, said)
		require.Equal(t, `{"delivery":1,"again":true,"asks":"offboard"}`, said)
	}
	other := strings.Replace(left, "E1", "E2", 1)
	status, said = d.send("hris", d.signed(d.secret, "msg_1", now, other), other)
	require.Equal(t, 409, status, said)
	require.Contains(t, said, `message \"msg_1\" of hris was another one before`)
	status, _ = d.send("hris", d.signed(d.old, "msg_2", now, `{"event":"moved"}`), `{"event":"moved"}`)
	require.Equal(t, 202, status, "the secret before is good while the sender changes to the new one")

	all, err := d.store.Deliveries(t.Context(), store.DeliveryFilter{}, store.Page{})
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, access.PrincipalID("E1"), all[1].Principal)
	require.Equal(t, 2, all[1].Repeats)
	require.NotContains(t, string(all[1].Asks), "event", "what was sent is not kept")
	var kinds []string
	for _, row := range d.house() {
		kinds = append(kinds, row.Kind+" by "+row.Actor)
	}
	require.Equal(t, []string{"delivery.received by webhook:hris", "delivery.repeated by webhook:hris", "delivery.rejected by sever", "delivery.received by webhook:hris"}, kinds)
}

// While the records are away nothing is acknowledged.
func TestNothingIsAcknowledgedThatIsNotStored(t *testing.T) {
	t.Parallel()
	s := severtest.Records(t)
	d := newDoor(t, s)
	s.Close()
	status, said := d.send("hris", d.signed(d.secret, "msg_1", time.Now(), left), left)
	require.Equal(t, 503, status)
	require.Equal(t, `{"error":"the records do not answer: send it again later"}`, said)
}

func TestAWebhookEndsAPersonsAccess(t *testing.T) {
	t.Parallel()
	conn, _ := severtest.InMemory(t, memory.Account{Name: "ada", Password: "hers"}, memory.Account{Name: "bob"}, memory.Account{Name: "eve"}, memory.Account{Name: "joe"})
	w := severtest.New(t, conn)
	w.Owns("E1", access.Ref{Connection: conn.Name, Name: "ada"})
	ctx, stop := context.WithCancel(w.Ctx)
	dispatcher := inbox.Dispatcher{Desk: w.Desk(), Log: slog.New(slog.DiscardHandler), Pace: inbox.Pace{Every: 5 * time.Millisecond}}
	ended := make(chan struct{})
	go func() { defer close(ended); dispatcher.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	d := newDoor(t, w.Parts.Store)
	status, said := d.send("hris", d.signed(d.secret, "msg_1", time.Now(), left), left)
	require.Equal(t, 202, status, said)
	require.Eventually(t, func() bool {
		one, err := w.Parts.Store.Delivery(w.Ctx, 1)
		return err == nil && one.State == store.DeliveryDone
	}, time.Minute, 10*time.Millisecond)
	require.Equal(t, access.CaseClean, w.Ends("E1").Status)
}

func TestWebhooksThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "bad.yaml")
	require.NoError(t, os.WriteFile(good, []byte(terms), 0o600))
	require.NoError(t, os.WriteFile(bad, []byte("reason: hr\nwhom: x"), 0o600))
	planted := secret()
	for problem, vars := range map[string]config.Vars{
		`SEVER_HOOKS: "HR" is no name for a sender`:          {"SEVER_HOOKS": "HR"},
		"a-b and a-b would both read SEVER_HOOK_A_B_":        {"SEVER_HOOKS": "a-b,a-b"},
		"webhook hris: SEVER_HOOK_HRIS_SECRET is not set":    {"SEVER_HOOKS": "hris", "SEVER_HOOK_HRIS_MAPPING": good},
		"SEVER_HOOK_HRIS_SECRET is not whsec_ with the base": {"SEVER_HOOKS": "hris", "SEVER_HOOK_HRIS_MAPPING": good, "SEVER_HOOK_HRIS_SECRET": strings.TrimPrefix(planted, "whsec_")},
		"openssl rand": {"SEVER_HOOKS": "hris", "SEVER_HOOK_HRIS_MAPPING": good, "SEVER_HOOK_HRIS_SECRET": planted[:20]},
		"SEVER_HOOK_HRIS_OLD_SECRET is not whsec_": {"SEVER_HOOKS": "hris", "SEVER_HOOK_HRIS_MAPPING": good, "SEVER_HOOK_HRIS_SECRET": planted, "SEVER_HOOK_HRIS_OLD_SECRET": planted[:20]},
		"SEVER_HOOK_HRIS_MAPPING: open":            {"SEVER_HOOKS": "hris", "SEVER_HOOK_HRIS_SECRET": planted, "SEVER_HOOK_HRIS_MAPPING": filepath.Join(dir, "none")},
		"line 2: field whom not found":             {"SEVER_HOOKS": "hris", "SEVER_HOOK_HRIS_SECRET": planted, "SEVER_HOOK_HRIS_MAPPING": bad},
	} {
		_, err := hook.Open(vars)
		require.ErrorContains(t, err, problem)
		require.NotContains(t, err.Error(), planted[6:20])
	}
	none, err := hook.Open(config.Vars{})
	require.NoError(t, err)
	require.Empty(t, none)
}
