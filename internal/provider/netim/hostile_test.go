package netim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/netim/simulator"
	"github.com/severhq/sever/internal/provider/wire"
)

var hostile = []string{
	"", ".", "..", "/", "a/b", "a?x", "a#f", "%2e%2e", "%252e", "%2F", "../dbs/defaultdb", "../../webhosting/NW2048", `a\b`, "\x00", "a\r\nX: 1", "a\tb", "\x7f",
	"\"", `","action":"DropDatabase`, "'", "&", "<", "]]>", "\u202e", "\u200b", "日本語", "zoë", "\xff\xfe", "*", "%", "$TOKEN", "`id`", "{{.Name}}", "null", "NW1024_",
	strings.Repeat("a", 64<<10), strings.Repeat("é", 600),
}

// tried is what every method of a provider makes of a name in every place.
func tried(ctx context.Context, a *Account, name string) {
	prefixed := []string{name, "NW1024_" + name, name + "NW1024_ada", "NW1024_ada" + name}
	for _, n := range prefixed {
		whole := access.Ref{Connection: "web", Resource: "NW1024", Name: n}
		steps := []access.Step{
			{Account: whole, Database: "NW1024_shop"},
			{Account: access.Ref{Connection: "web", Resource: "NW1024", Name: "NW1024_ada"}, Database: n},
			{Account: access.Ref{Connection: "web", Resource: n, Name: n + "_ada"}, Database: n + "_shop"},
			{Account: access.Ref{Connection: "web", Resource: "NW1024", Name: "NW1024_ada", Host: n}, Database: "NW1024_shop", Object: n},
			{Account: access.Ref{Connection: "web", Name: n}, Database: n},
		}
		for _, s := range steps {
			before := access.Account{Ref: s.Account, Snapshot: []byte(`{"internal":"RW","external":"NO"}`), Grants: []access.Grant{{Kind: access.Link, Database: s.Database}}}
			_, _ = a.Look(ctx, s.Account)
			_, _ = a.Contain(ctx, s.Account, access.Kill)
			_, _ = a.Unlink(ctx, s)
			_, _ = a.Delete(ctx, s)
			for _, action := range []access.Action{access.Contain, access.Unlink, access.Delete, access.Action(n)} {
				s.Action = action
				_, _ = a.Restore(ctx, before, s)
				for _, line := range a.Explain(s) {
					if strings.ContainsAny(line, "\r\n\x00") {
						panic("explained on two lines: " + line)
					}
				}
			}
		}
	}
}

// fine says what is wrong with a request that has left. The path is held against the
// hosting, and each name in the body against the path.
func fine(method, uri, body string) error {
	var b struct {
		Action   string         `json:"action"`
		Params   map[string]any `json:"params"`
		Username *string        `json:"username"`
	}
	if body != "" && json.Unmarshal([]byte(body), &b) != nil {
		return fmt.Errorf("%s %s: the body is no object: %.200s", method, uri, body)
	}
	ours := func(v any) bool {
		s, ok := v.(string)
		return ok && strings.HasPrefix(s, "NW1024_") && len(s) > len("NW1024_")
	}
	ok := false
	switch method + " " + uri {
	case "POST /1.0/session/", "DELETE /1.0/session/", "GET /1.0/webhosting/NW1024", "GET /1.0/operations/pending/":
		ok = true
	case "PATCH /1.0/webhosting/NW1024/database/":
		ok = slices.Contains([]string{"UnlinkUser", "LinkUser"}, b.Action) && ours(b.Params["dbName"]) && ours(b.Params["username"])
	case "PATCH /1.0/webhosting/NW1024/database-user/":
		ok = slices.Contains([]string{"SetPassword", "SetRights"}, b.Action) && ours(b.Params["username"])
	case "POST /1.0/webhosting/NW1024/database-user/", "DELETE /1.0/webhosting/NW1024/database-user/":
		ok = b.Username != nil && ours(*b.Username)
	}
	if !ok {
		return fmt.Errorf("%s %.200s left with %.200s", method, uri, body)
	}
	return nil
}

func hostileConfig(base string) Config {
	return Config{
		ID: "NETIM", Secret: config.NewSecret("api-secret-0123456789"), Hostings: "NW1024", URL: base, Language: "EN",
		LinkAction: "LinkUser", PasswordAction: "SetPassword", PermissionAction: "SetRights",
	}
}

func hostileWorld() *simulator.Server {
	return simulator.New(simulator.Options{Secret: "api-secret-0123456789", Switches: simulator.Switches{PermissionAction: "SetRights"}}).
		Plant(simulator.Seed()...)
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	s := hostileWorld()
	seen := wire.Record(s)
	web := httptest.NewServer(seen)
	t.Cleanup(web.Close)
	a, err := connect(provider.Settings{Connection: "web"}, hostileConfig(web.URL+"/1.0"), nil)
	require.NoError(t, err)
	t.Cleanup(a.Close)
	untouched := s.World()
	for _, name := range hostile {
		tried(t.Context(), a, name)
	}
	require.NotZero(t, seen.Count())
	for _, r := range seen.Seen() {
		require.NoError(t, fine(r.Method, r.URI, r.Body))
	}
	after := s.World()
	require.Equal(t, untouched[1], after[1], "the other hosting")
	require.Equal(t, untouched[0].Databases, after[0].Databases)
	for _, u := range untouched[0].Users {
		if u.Name != "NW1024_ada" {
			require.Contains(t, after[0].Users, u)
		}
	}
}

// direct sends to a handler without a network, and keeps what has left.
type direct struct {
	next http.Handler
	errs []error
}

func (d *direct) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	if err := fine(req.Method, req.URL.RequestURI(), string(body)); err != nil {
		d.errs = append(d.errs, err)
	}
	in := httptest.NewRequestWithContext(req.Context(), req.Method, req.URL.RequestURI(), strings.NewReader(string(body)))
	in.Header = req.Header
	out := httptest.NewRecorder()
	d.next.ServeHTTP(out, in)
	return out.Result(), nil
}

func FuzzNames(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Add("x")
	f.Fuzz(func(t *testing.T, name string) {
		d := &direct{next: hostileWorld()}
		a, err := connect(provider.Settings{Connection: "web"}, hostileConfig("http://localhost/1.0/"), d)
		require.NoError(t, err)
		tried(t.Context(), a, name)
		a.Close()
		require.Empty(t, d.errs)
	})
}

// FuzzAnswers holds the decoder against anything that could come: it must not fall
// over, and what it takes for whole must name every user exactly once.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{"id":"NW1024","DATABASES":[{"dbName":"NW1024_shop","users":["NW1024_ada"]}],"DATABASE_USERS":[{"username":"NW1024_ada"}],"WEB":{"nbDatabases":1}}`,
		`{"id":"NW1024","DATABASES":{"NW1024_shop":{"users":{"1":"NW1024_ada"}}},"DATABASE_USERS":{"NW1024_ada":{"databases":[]}},"WEB":[{"nbDatabases":"2"}]}`,
		`{"id":"NW1024","DATABASES":null,"DATABASE_USERS":""}`, `[]`, `"x"`, ``,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		m, err := membersOf(json.RawMessage(body))
		if err != nil {
			return
		}
		h := hosting{id: "NW1024"}
		h.users, h.noUsers = usersOf(m)
		h.databases, h.noDatabases = databasesOf(m)
		if h.noUsers != nil {
			require.Empty(t, h.users)
		}
		seen := map[string]bool{}
		for _, u := range h.users {
			require.NotEmpty(t, u.name)
			require.False(t, seen[u.name])
			seen[u.name] = true
			linked, gaps := h.linksOf(u.name)
			if !u.databases.known && len(gaps) == 0 {
				for _, d := range h.databases {
					require.True(t, d.users.known)
					require.Equal(t, slices.Contains(d.users.names, u.name), slices.Contains(linked, d.name))
				}
			}
		}
	})
}

func TestDeletesReachOnlySessionsAndUsers(t *testing.T) {
	t.Parallel()
	cfg := hostileConfig("https://rest.netim.com/1.0/")
	for _, allow := range declared(cfg, []string{"NW1024", "NW2048"}) {
		require.NotContains(t, strings.Split(allow.Pattern, "/"), "{name}")
		if allow.Method != http.MethodDelete {
			continue
		}
		require.Contains(t, []string{"/session/", "/webhosting/NW1024/database-user/", "/webhosting/NW2048/database-user/"}, allow.Pattern)
		if allow.Pattern == "/session/" {
			continue
		}
		for _, body := range []string{"", "{}", "[]", "null", `{"username":""}`, `{"username":null}`, `{"username":"NW4096_ada"}`, `{"username":"NW1024_"}`, `{"username":["NW1024_ada"]}`, `{"username":"NW1024_ada","x":"y"}`, `{"username":"NW1024_../x"}`} {
			require.Error(t, allow.Body([]byte(body)), body)
		}
	}
	c, err := newClient(cfg, []string{"NW1024"}, &direct{})
	require.NoError(t, err)
	for _, r := range []request{
		{method: "DELETE", path: "/webhosting/NW1024"},
		{method: "DELETE", path: "/webhosting/NW1024", body: object{"typeDelete": "NOW"}},
		{method: "DELETE", path: "/webhosting/NW1024/"},
		{method: "DELETE", path: "/webhosting//database-user/", body: object{"username": "NW1024_ada"}},
		{method: "DELETE", path: "/webhosting/NW1024/database/", body: object{"dbName": "NW1024_shop"}},
		{method: "DELETE", path: "/webhosting/NW1024/database-user/"},
		{method: "DELETE", path: "/webhosting/NW2048/database-user/", body: object{"username": "NW2048_ada"}},
		{method: "DELETE", path: "/webhosting/NW1024/database-user/../database/", body: object{"username": "NW1024_ada"}},
		{method: "PATCH", path: "/webhosting/NW1024/database/", body: object{"action": "DropDatabase", "params": object{"dbName": "NW1024_shop", "username": "NW1024_ada"}}},
		{method: "PATCH", path: "/webhosting/NW1024/database/", body: object{"action": "UnlinkUser", "params": object{"username": "NW1024_ada"}}},
		{method: "PATCH", path: "/webhosting/NW1024/", body: object{"action": "SetDBHold", "params": object{"value": "true"}}},
		{method: "GET", path: "/webhosting/NW1024", body: object{"additionalData": []string{"ALL"}}},
	} {
		_, err := c.send(t.Context(), r, "Bearer x")
		require.ErrorIs(t, err, wire.ErrNotDeclared, "%+v", r)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	good := config.Vars{"X_ID": "NETIM", "X_SECRET": "s", "X_HOSTINGS": " NW1024 ,NW2048,"}
	for name, bad := range map[string]config.Vars{
		"X_HOSTINGS has":          {"X_HOSTINGS": "NW1024,../x"},
		"X_HOSTINGS names":        {"X_HOSTINGS": " , "},
		"X_HOSTINGS has NW1 tw":   {"X_HOSTINGS": "NW1,NW1"},
		"X_ID has":                {"X_ID": "a:b"},
		"X_URL must begin":        {"X_URL": "http://oterest.netim.com/1.0/"},
		"X_URL: the base":         {"X_URL": "https://user:secret@rest.netim.com/1.0/"},
		"X_LANGUAGE":              {"X_LANGUAGE": "DE"},
		"X_PERMISSION_ACTION nee": {"X_PERMISSION_ACTION": "SetRights"},
		"X_PASSWORD_ACTION is":    {"X_PASSWORD_ACTION": "DeleteUser"},
		"X_LINK_ACTION is":        {"X_LINK_ACTION": "UnlinkUser"},
		"X_PERMISSION_ACTION is":  {"X_PASSWORD_ACTION": "Same", "X_PERMISSION_ACTION": "same"},
		"X_SECRET is empty":       {"X_SECRET": ""},
	} {
		_, err := open(provider.Settings{Connection: "web", Vars: good.With(bad), Prefix: "X_"})
		require.ErrorContains(t, err, strings.SplitN(name, " tw", 2)[0])
	}
	p, err := open(provider.Settings{Connection: "web", Vars: good, Prefix: "X_"})
	require.NoError(t, err)
	require.Equal(t, []string{"NW1024", "NW2048"}, p.(*Account).hostings)
	p.Close()
}
