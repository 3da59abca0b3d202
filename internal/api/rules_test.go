package api_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// calls are one request of each kind and the one role that it takes; without one any
// will do.
var calls = []struct {
	method, path, body string
	role               roles.Role
}{
	{http.MethodPost, "/v1/cases", `{"principal": "nobody", "reason": "hr"}`, roles.Requester},
	{http.MethodPost, "/v1/previews", `{"principal": "nobody", "reason": "hr"}`, roles.Requester},
	{http.MethodPost, "/v1/cases/nobody/approve", `{"plan": "0123456789ab"}`, roles.Approver},
	{http.MethodPost, "/v1/cases/nobody/deny", `{"plan": "0123456789ab"}`, roles.Approver},
	{http.MethodPost, "/v1/cases/nobody/hold", ``, roles.Operator},
	{http.MethodPost, "/v1/cases/nobody/resume", ``, roles.Operator},
	{http.MethodPost, "/v1/cases/nobody/retry", ``, roles.Operator},
	{http.MethodPost, "/v1/cases/nobody/escalate", ``, roles.Operator},
	{http.MethodPost, "/v1/cases/nobody/cancel", ``, roles.Operator},
	{http.MethodPost, "/v1/cases/nobody/waive", `{"subject": "x", "reason": "y"}`, roles.Operator},
	{http.MethodPost, "/v1/cases/nobody/reinstate", `{"reason": "y"}`, roles.Operator},
	{http.MethodPost, "/v1/tasks/done", `{"case": "nobody", "task": "x", "reason": "y"}`, roles.Operator},
	{http.MethodPost, "/v1/identities/confirm", `{"question": 99}`, roles.Operator},
	{http.MethodPost, "/v1/identities/reject", `{"question": 99, "reason": "y"}`, roles.Operator},
	{http.MethodGet, "/v1/cases", ``, ""},
	{http.MethodGet, "/v1/needy", ``, ""},
	{http.MethodGet, "/v1/cases/nobody", ``, ""},
	{http.MethodGet, "/v1/cases/nobody/plans", ``, ""},
	{http.MethodGet, "/v1/cases/nobody/trail", ``, ""},
	{http.MethodGet, "/v1/cases/nobody/evidence", ``, ""},
	{http.MethodGet, "/v1/audit/house", ``, ""},
	{http.MethodGet, "/v1/audit/verify", ``, ""},
	{http.MethodGet, "/v1/tasks", ``, ""},
	{http.MethodGet, "/v1/questions", ``, ""},
	{http.MethodGet, "/v1/principals", ``, ""},
	{http.MethodGet, "/v1/identities", ``, ""},
	{http.MethodGet, "/v1/secrets", ``, ""},
	{http.MethodGet, "/v1/deliveries?state=refused", ``, ""},
	{http.MethodGet, "/v1/doubts", ``, ""},
	{http.MethodPost, "/v1/deliveries/1/retry", `{"reason": "x"}`, roles.Operator},
	{http.MethodPost, "/v1/deliveries/1/drop", `{"reason": "x"}`, roles.Operator},
	{http.MethodPost, "/v1/principals/E1/trust", `{"reason": "x"}`, roles.Operator},
	{http.MethodGet, "/v1/connections", ``, ""},
	{http.MethodGet, "/v1/providers", ``, ""},
	{http.MethodGet, "/v1/providers/rights", ``, ""},
	{http.MethodGet, "/v1/preflight", ``, ""},
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := map[roles.Role]string{}
	for _, r := range roles.All {
		tokens[r] = w.token(t, "a-"+string(r), string(r))
	}
	for _, c := range calls {
		at := c.method + " " + c.path
		for role, token := range tokens {
			a := w.ask(t, token, c.method, c.path, c.body)
			if c.role == "" || c.role == role {
				require.NotContains(t, []int{401, 403, 500}, a.status, "%s by a %s: %s", at, role, a.text)
				continue
			}
			require.Equal(t, http.StatusForbidden, a.status, "%s by a %s: %s", at, role, a.text)
			p := a.problem(t)
			require.Contains(t, p.Detail, fmt.Sprintf("a-%s may not ", role))
			require.Contains(t, p.Detail, "takes the role "+string(c.role)+", and this token has "+string(role))
		}
		for what, token := range map[string]string{"nobody": "", "a guess": "sever_" + strings.Repeat("0", 52), "somebody's of another system": "eyJhbGciOi.J9.x"} {
			a := w.ask(t, token, c.method, c.path, c.body)
			require.Equal(t, http.StatusUnauthorized, a.status, "%s by %s", at, what)
			require.Equal(t, `Bearer realm="sever"`, a.header.Get("WWW-Authenticate"))
			require.NotContains(t, a.problem(t).Detail, "sever_0")
		}
	}
	require.Equal(t, http.StatusUnauthorized, w.ask(t, "", http.MethodGet, "/v1/cases", "", "Authorization", "Basic "+tokens[roles.Auditor]).status)

	// What was refused is in the trail: once an hour for each act, however often.
	seen := map[string]int{}
	for row, err := range w.Parts.Store.Events(t.Context(), "house", 1) {
		require.NoError(t, err)
		if row.Kind == "request.refused" {
			seen[row.Actor+" "+row.Object]++
		}
	}
	require.InDelta(t, 1, seen["a-auditor hold a case"], 1) // two if the hour has just turned
	require.NotZero(t, seen["a-requester approve a plan"])
}

func TestConfiguredRolesCountToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	w.desk.Roles, err = roles.Parse(map[string]string{"SEVER_ROLE_OPERATOR": "olaf,ops", "SEVER_ROLE_AUDITOR": "*"})
	require.NoError(t, err)
	olaf, mallory := w.token(t, "olaf", "operator"), w.token(t, "mallory", "operator", "approver")
	require.Equal(t, http.StatusNotFound, w.ask(t, olaf, http.MethodPost, "/v1/cases/x/hold", "").status)
	refused := w.ask(t, mallory, http.MethodPost, "/v1/cases/x/hold", "")
	require.Equal(t, http.StatusForbidden, refused.status)
	require.Contains(t, refused.problem(t).Detail, "SEVER_ROLE_OPERATOR does not list them")
	require.Equal(t, http.StatusOK, w.ask(t, mallory, http.MethodGet, "/v1/cases", "").status)

	// Nobody acts as somebody else, whatever they send.
	for _, header := range []string{"X-Sever-Actor", "X-Forwarded-User", "Sever-Actor", "X-Remote-User"} {
		require.Equal(t, http.StatusForbidden, w.ask(t, mallory, http.MethodPost, "/v1/cases/x/hold", "", header, "olaf").status)
	}
	require.Equal(t, http.StatusUnprocessableEntity, w.ask(t, mallory, http.MethodGet, "/v1/cases?as=olaf", "").status)
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(t, "bob", "auditor")
	require.Equal(t, http.StatusOK, w.ask(t, token, http.MethodGet, "/v1/cases", "").status)
	all, err := w.Parts.Store.Tokens(t.Context())
	require.NoError(t, err)
	require.False(t, all[0].UsedAt.IsZero())
	_, err = w.desk.RevokeTokens(t.Context(), all[0].ID, "ops")
	require.NoError(t, err)
	after := w.ask(t, token, http.MethodGet, "/v1/cases", "")
	require.Equal(t, http.StatusUnauthorized, after.status)
	unknown := w.ask(t, token[:len(token)-1]+"?", http.MethodGet, "/v1/cases", "")
	require.Equal(t, unknown.problem(t).Detail, after.problem(t).Detail, "nobody learns that there was one")
	require.NotContains(t, w.log.String(), token[6:])
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(t, "root", "requester", "approver", "operator")
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		kind, at           string
	}{
		"no JSON":             {http.MethodPost, "/v1/cases", `{"principal": `, nil, 400, "malformed", "body"},
		"another type":        {http.MethodPost, "/v1/cases", `<a/>`, []string{"Content-Type", "application/xml"}, 415, "media-type", ""},
		"nothing":             {http.MethodPost, "/v1/cases", ``, nil, 400, "malformed", ""},
		"a list":              {http.MethodPost, "/v1/cases", `[]`, nil, 422, "invalid", "body"},
		"no principal":        {http.MethodPost, "/v1/cases", `{"reason": "hr"}`, nil, 422, "invalid", "body"},
		"an unknown reason":   {http.MethodPost, "/v1/cases", `{"principal": "E1", "reason": "spite"}`, nil, 422, "invalid", "body.reason"},
		"a misspelt field":    {http.MethodPost, "/v1/cases", `{"principal": "E1", "reason": "hr", "tikcet": "1"}`, nil, 422, "invalid", "body.tikcet"},
		"a number":            {http.MethodPost, "/v1/cases", `{"principal": 7, "reason": "hr"}`, nil, 422, "invalid", "body.principal"},
		"a time that is none": {http.MethodPost, "/v1/cases", `{"principal": "E1", "reason": "hr", "at": "Friday"}`, nil, 422, "invalid", "body.at"},
		"an endless ticket":   {http.MethodPost, "/v1/cases", `{"principal": "E1", "reason": "hr", "ticket": "` + strings.Repeat("x", 300) + `"}`, nil, 422, "invalid", "body.ticket"},
		"an unknown question": {http.MethodGet, "/v1/cases?stauts=open", ``, nil, 422, "invalid", "query.stauts"},
		"a status of its own": {http.MethodGet, "/v1/cases?status=fine", ``, nil, 422, "invalid", "query.status"},
		"no limit":            {http.MethodGet, "/v1/cases?limit=100000", ``, nil, 422, "invalid", "query.limit"},
		"a cursor of nothing": {http.MethodGet, "/v1/cases?cursor=AAAA", ``, nil, 422, "invalid", ""},
		"a broken cursor":     {http.MethodGet, "/v1/cases?cursor=%25%25", ``, nil, 422, "invalid", ""},
		"a zero byte":         {http.MethodGet, "/v1/cases?principal=%00", ``, nil, 422, "invalid", ""},
		"no UTF-8":            {http.MethodGet, "/v1/identities?account=%ff", ``, nil, 422, "invalid", ""},
		"a zero in the path":  {http.MethodGet, "/v1/cases/a%00b", ``, nil, 422, "invalid", ""},
		"a key with controls": {http.MethodPost, "/v1/cases/x/hold", ``, []string{"Idempotency-Key", strings.Repeat("k", 300)}, 422, "invalid", ""},
		"nowhere":             {http.MethodGet, "/v2/cases", ``, nil, 404, "missing", ""},
		"another method":      {http.MethodDelete, "/v1/cases/x", ``, nil, 405, "method", ""},
		"out of the tree":     {http.MethodGet, "/v1/cases/..%2f..%2fetc/plans", ``, nil, 404, "missing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.ask(t, token, c.method, c.path, c.body, c.headers...)
			require.Equal(t, c.status, a.status, a.text)
			p := a.problem(t)
			require.Equal(t, "urn:sever:problem:"+c.kind, p.Type)
			if c.at != "" {
				require.NotEmpty(t, p.Errors, a.text)
				require.Equal(t, c.at, p.Errors[0].Location, a.text)
			}
		})
	}
	allowed := w.ask(t, token, http.MethodDelete, "/v1/cases/x", "")
	require.Equal(t, "GET", allowed.header.Get("Allow"))
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(t, "root", "requester")
	large := `{"principal": "` + strings.Repeat("x", 1<<20) + `"}`
	require.Equal(t, http.StatusRequestEntityTooLarge, w.ask(t, token, http.MethodPost, "/v1/cases", large).status)
	a := w.ask(t, token, http.MethodPost, "/v1/cases", large, "Idempotency-Key", "k")
	require.Equal(t, http.StatusRequestEntityTooLarge, a.status)
	require.Equal(t, "urn:sever:problem:too-large", a.problem(t).Type)
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, w.ask(t, token, http.MethodGet, "/v1/cases", "", "X-Filler", strings.Repeat("x", 1<<17)).status)

	// A request that takes too long is told so, and nothing of the inside.
	slow := *w
	slow.serve(t, api.Options{Within: time.Nanosecond})
	late := slow.ask(t, token, http.MethodGet, "/v1/cases", "")
	require.Equal(t, http.StatusServiceUnavailable, late.status, late.text)
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(t, "a", "auditor")
	require.Equal(t, "mine-7", w.ask(t, token, http.MethodGet, "/v1/cases/nobody", "", "X-Request-ID", "mine-7").problem(t).RequestID)
	for _, bad := range []string{"", "a b", "<script>", strings.Repeat("x", 65)} {
		a := w.ask(t, token, http.MethodGet, "/v1/cases", "", "X-Request-ID", bad)
		require.Regexp(t, `^[0-9a-z]{20}$`, a.header.Get("X-Request-ID"))
		require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	}
	require.Contains(t, w.log.String(), `"request":"mine-7"`)
	require.NotContains(t, w.log.String(), "nobody", "paths are not in the log: people's names are in them")
}

func TestWhatIsOursIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(t, "a", "auditor")
	w.Parts.Store.Close() // the records break in a way that nobody has words for
	a := w.ask(t, token, http.MethodGet, "/v1/cases", "", "X-Request-ID", "broken-1")
	require.GreaterOrEqual(t, a.status, 500)
	p := a.problem(t)
	require.NotContains(t, a.text, "pool")
	require.NotContains(t, a.text, "sql")
	require.NotEmpty(t, p.Next)
	require.Contains(t, w.log.String(), "broken-1")
	ready := w.ask(t, "", http.MethodGet, "/readyz", "")
	require.Equal(t, http.StatusServiceUnavailable, ready.status)
	require.Contains(t, ready.text, "the records do not answer")
	require.Equal(t, http.StatusOK, w.ask(t, "", http.MethodGet, "/healthz", "").status)
}

func TestBodiesThatDoNotArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(t, "a", "requester")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /v1/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\nContent-Length: 100\r\n\r\n{", token)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusRequestTimeout, res.StatusCode)
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(t, "a", "auditor")
	var secrets []store.SharedSecret
	for i := range 7 {
		secrets = append(secrets, store.SharedSecret{Principal: "E1", Name: fmt.Sprintf("key %d", i), Owner: "ops"})
	}
	require.NoError(t, w.Parts.Store.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ImportSecrets(t.Context(), secrets, "ops")
		return err
	}))
	var names []string
	next := ""
	for range 10 {
		a := w.ask(t, token, http.MethodGet, "/v1/secrets?limit=3&cursor="+next, "")
		list := document[paper.SecretList](t, a)
		require.LessOrEqual(t, len(list.Secrets), 3)
		for _, k := range list.Secrets {
			names = append(names, k.Secret)
		}
		if next = list.Next; next == "" {
			break
		}
	}
	require.Equal(t, []string{"key 0", "key 1", "key 2", "key 3", "key 4", "key 5", "key 6"}, names)

	// The trail of the house has a row for the token, and one page each.
	w.token(t, "b", "auditor")
	first := document[paper.Trail](t, w.ask(t, token, http.MethodGet, "/v1/audit/house?limit=1", ""))
	second := document[paper.Trail](t, w.ask(t, token, http.MethodGet, "/v1/audit/house?limit=1&cursor="+first.Next, ""))
	require.Equal(t, []int64{1, 2}, []int64{first.Rows[0].Seq, second.Rows[0].Seq})
	require.Empty(t, second.Next)
	require.Equal(t, http.StatusConflict, w.ask(t, token, http.MethodGet, "/v1/secrets?cursor="+first.Next, "").status)
}

// TestStopping: who is under way is answered, and nobody else comes in.
func TestStopping(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	w := &world{desk: &desk.Desk{}}
	w.serve(t, api.Options{Mounts: map[string]http.Handler{"/hooks/": http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		_, _ = io.WriteString(rw, "done")
	})}})
	answered := make(chan string, 1)
	go func() {
		r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, w.url+"/hooks/x", nil)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		answered <- string(text)
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	require.Eventually(t, func() bool {
		c, err := new(net.Dialer).DialContext(context.Background(), "tcp", strings.TrimPrefix(w.url, "http://"))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, time.Minute, time.Millisecond)
	close(leave)
	require.Equal(t, "done", <-answered)
	require.NoError(t, <-stopped)
}
