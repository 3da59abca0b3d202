package digitalocean

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/digitalocean/simulator"
	"github.com/severhq/sever/internal/provider/wire"
)

// hostile are names that lead elsewhere when they are not treated as names.
var hostile = []string{
	"..", ".", "", " ", "/", "a/b", "../", "../..", "../dbs/defaultdb", "../../" + ids[mysql], "..\\..", "%2e%2e", "%2E%2E", "%252e%252e", "..%2f..",
	"a%2Fb", "%", "%zz", "a?x=1", "a?x", "?", "a#f", "#", "a;b", "..;", "a\x00b", "a\nb", "a\r\nX-Evil: 1", "a\tb", "\x7f", `a"b`, "a'b", "a&b", "<b>", "{}",
	"ada reset_auth", "ada/reset_auth", "jürgen", "日本語", "a\u202eb", "\xff\xfe", "ada@%", "users", "reset_auth", strings.Repeat("a", 64<<10), strings.Repeat("../", 300),
	"doadmin", "DOADMIN", "do-readonly", "default",
}

// mutating is everything that may ever change something, and it is always about the
// one cluster, with one segment for the name.
var mutating = regexp.MustCompile(`^(POST /v2/databases/` + uuid + `/(users|pools)|POST /v2/databases/` + uuid + `/users/[^/?#]+/reset_auth|` +
	`(PUT|DELETE) /v2/databases/` + uuid + `/(users|pools)/[^/?#]+)$`)

var reading = regexp.MustCompile(`^GET /v2/databases(/` + uuid + `(/(users|pools))?)?(\?page=[0-9]+&per_page=200)?$`)

// fine reports whether a request is one of those that are declared, and its name the
// one that was meant, however often somebody unescapes it.
func fine(r wire.Seen, name string) bool {
	line := r.Method + " " + r.URI
	if reading.MatchString(line) {
		return true
	}
	if !mutating.MatchString(line) || !strings.Contains(line, ids[pg]) {
		return false
	}
	segments := strings.Split(strings.TrimSuffix(r.URI, "/reset_auth"), "/")
	if len(segments) < 6 {
		return true
	}
	path, err := wire.Path(name)
	return err == nil && path == "/"+segments[5]
}

// throw sends every step there is at an account and a pool with that name.
func throw(t testing.TB, team *Team, cluster, name string) {
	t.Helper()
	ref := access.Ref{Connection: conn, Resource: cluster, Name: name}
	record := access.Account{Ref: ref, Snapshot: snapshotOf(
		mustCluster(cluster), user{Name: name, Settings: &settings{Replication: new(true)}}, []pool{{Name: name, Mode: "session", Size: 1, Database: "shop", User: name}}).bytes()}
	ctx := t.Context()
	_, _ = team.Look(ctx, ref)
	_, _ = team.Contain(ctx, ref, access.Kill)
	for _, step := range []access.Step{
		{Action: access.Unlink, Object: "pool " + name}, {Action: access.Unlink, Object: "pool " + name, Database: "shop"},
		{Action: access.Unlink, Object: "rule consume", Database: name}, {Action: access.Revoke}, {Action: access.Revoke, Database: name}, {Action: access.Delete},
	} {
		step.Account = ref
		_ = team.Explain(step)
		switch step.Action {
		case access.Unlink:
			_, _ = team.Unlink(ctx, step)
		case access.Revoke:
			_, _ = team.Revoke(ctx, step)
		default:
			_, _ = team.Delete(ctx, step)
		}
		_, _ = team.Restore(ctx, record, step)
	}
	_, _ = team.Restore(ctx, record, access.Step{Action: access.Contain, Account: ref})
}

func mustCluster(id string) cluster { return cluster{ID: id, Engine: pg, Status: online} }

// gullible has every user and every pool that it is asked about, and says yes to
// everything. Only our own care is between a name and its world.
func gullible(name string) http.Handler {
	users := `{"users":[{"name":"doadmin","role":"primary"},{"name":` + quotedJSON(name) + `,"settings":{"pg_allow_replication":true}}]}`
	pools := `{"pools":[{"name":` + quotedJSON(name) + `,"mode":"session","size":1,"db":"shop","user":` + quotedJSON(name) + `}]}`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		said := `{"user":{"name":` + quotedJSON(name) + `,"password":"new"}}`
		if r.Method == http.MethodGet {
			said = map[string]string{"users": users, "pools": pools}[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
			if said == "" {
				said = `{"database":{"id":"` + ids[pg] + `","name":"x","engine":"pg","status":"online"}}`
			}
			if r.URL.Path == "/v2/databases" {
				said = `{"databases":[{"id":"` + ids[pg] + `","name":"x","engine":"pg","status":"online"}]}`
			}
		}
		_, _ = w.Write([]byte(said))
	})
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range hostile {
		server := wire.Record(gullible(name))
		web := httptest.NewServer(server)
		team := opened(t, web.URL, nil)
		throw(t, team, ids[pg], name)
		changes := 0
		for _, r := range server.Seen() {
			require.True(t, fine(r, name), "%q left as %s %s", name, r.Method, r.URI)
			if r.Method != http.MethodGet {
				changes++
			}
		}
		if wire.Segment(name) != nil || builtIn[name] != "" {
			require.Zero(t, changes, "%q", name)
		} else {
			require.NotZero(t, changes, "%q is a name like any other", name)
		}
		web.Close()
	}
}

func TestHostileClusters(t *testing.T) {
	t.Parallel()
	server := wire.Record(gullible("ada"))
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	team := opened(t, web.URL, nil)
	for _, id := range append(hostile, strings.ToUpper(ids[pg]), ids[pg]+"/", ids[pg]+"/dbs", " "+ids[pg]) {
		if id == "" {
			continue // no cluster in particular: a search
		}
		throw(t, team, id, "ada")
		require.Zero(t, server.Count(), "%q", id)
	}
}

// TestTheGuardBelow sends what a bug above could send.
func TestTheGuardBelow(t *testing.T) {
	t.Parallel()
	server := wire.Record(nil)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	team := opened(t, web.URL, nil)
	at := "/v2/databases/" + ids[pg]
	for _, one := range []struct{ method, path, body string }{
		{"DELETE", at, ""},
		{"DELETE", at + "/", ""},
		{"DELETE", at + "/users/..", ""},
		{"DELETE", at + "/users/", ""},
		{"DELETE", at + "/users", ""},
		{"DELETE", at + "/dbs/defaultdb", ""},
		{"DELETE", at + "/replicas/one", ""},
		{"DELETE", "/v2/databases/x/users/ada", ""},
		{"DELETE", "/v2/droplets/1", ""},
		{"PUT", at + "/firewall", `{"rules":[]}`},
		{"PUT", at + "/users/ada", `{"settings":{"acl":[]}}`},
		{"PUT", at + "/users/ada", `{"settings":{"opensearch_acl":[]}}`},
		{"PUT", at + "/users/ada", `{"settings":{}}`},
		{"PUT", at + "/users/ada", `{}`},
		{"PUT", at + "/pools/ada", `{"mode":"session","size":1,"db":"shop","user":"doadmin"}`},
		{"PUT", at + "/pools/ada", `{"mode":"session"}`},
		{"POST", at + "/users/ada/reset_auth", `null`},
		{"POST", at + "/users/ada/reset_auth", ``},
		{"POST", at + "/users", `{"name":"doadmin"}`},
		{"POST", at + "/users", `{"name":"ada","settings":{"acl":[]}}`},
		{"POST", "/v2/databases", `{"name":"new"}`},
		{"GET", at + "/users?page=1&tag_name=x", ""},
		{"GET", at + "/ca", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), one.method, web.URL+one.path, strings.NewReader(one.body))
		require.NoError(t, err)
		resp, err := team.api.HTTPClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		require.ErrorIs(t, err, wire.ErrNotDeclared, "%s %s %s", one.method, one.path, one.body)
		require.Equal(t, provider.Rejected, provider.KindOf(err))
	}
	require.Zero(t, server.Count())
}

func FuzzNames(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	var now *wire.Recorder
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { now.ServeHTTP(w, r) }))
	f.Cleanup(web.Close)
	team := opened(f, web.URL, nil)
	f.Fuzz(func(t *testing.T, name string) {
		now = wire.Record(gullible(name))
		throw(t, team, ids[pg], name)
		for _, r := range now.Seen() {
			if !fine(r, name) {
				t.Errorf("%q left as %s %s", name, r.Method, r.URI)
			}
		}
	})
}

// TestOneMutationForEachStep: nothing is sent twice, and nothing without a look.
func TestOneMutationForEachStep(t *testing.T) {
	t.Parallel()
	f := setup(t, options{}, town(pg))
	for _, step := range []access.Step{
		{Action: access.Contain, Mode: access.Lock}, {Action: access.Unlink, Database: "shop", Object: "pool ada-pool"},
		{Action: access.Unlink, Database: "archive", Object: "pool ada-batch"}, {Action: access.Revoke}, {Action: access.Delete},
	} {
		step.Account = f.ref(ids[pg], "ada")
		before := len(f.sim.Writes())
		_, err := f.act(t, step)
		require.NoError(t, err)
		require.Len(t, f.sim.Writes(), before+1, "%s", step.Action)
	}
	var lines []string
	for _, r := range f.sim.Writes() {
		lines = append(lines, r.Method+" "+strings.TrimPrefix(r.URI, "/v2/databases/"+ids[pg])+" "+strings.TrimSpace(r.Body))
	}
	require.Equal(t, []string{
		`POST /users/ada/reset_auth {}`,
		`PUT /pools/ada-pool {"mode":"session","size":3,"db":"shop"}`,
		`PUT /pools/ada-batch {"mode":"transaction","size":2,"db":"archive"}`,
		`PUT /users/ada {"settings":{"pg_allow_replication":false}}`,
		`DELETE /users/ada `,
	}, lines)
}

// TestIDsStay: the rules that stay are sent back with their ids.
func TestIDsStay(t *testing.T) {
	t.Parallel()
	f := setup(t, options{}, town(kafka))
	ids0 := map[string]string{}
	for _, r := range rulesNow(f.sim, "ada") {
		ids0[r.Pattern+r.Permission] = r.ID
	}
	_, err := f.Unlink(t.Context(), access.Step{Action: access.Unlink, Account: f.ref(ids[kafka], "ada"), Database: "orders.*", Object: "rule produce"})
	require.NoError(t, err)
	left := rulesNow(f.sim, "ada")
	require.Len(t, left, 3)
	for _, r := range left {
		require.Equal(t, ids0[r.Pattern+r.Permission], r.ID)
	}
}

func rulesNow(s *simulator.Server, name string) []simulator.Rule {
	for _, u := range s.World()[0].Users {
		if u.Name == name {
			return u.Rules
		}
	}
	return nil
}
