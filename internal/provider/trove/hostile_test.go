package trove_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/trove"
	"github.com/severhq/sever/internal/provider/trove/simulator"
	"github.com/severhq/sever/internal/provider/wire"
)

var hostile = []string{
	"..", ".", "", "a/b", "/", `a\b`, "a?x", "a#f", "%2e%2e", "%252e%252e", "../dbs/defaultdb", "..%2fdatabases%2fshop", "a%2fb", "a;b", "..;x",
	"a\x00b", "a\r\nHost: x", "a\tb", "a\x7f", "a'b", `a"b`, "a`b", "a&b", "a=b&c=d", "<x>", "é", "\u202eabc", "日本", "a b", " a", "%", "%%", "%zz", "@", "a@b", "@%",
	"ada@%/databases/shop", ".json", "a.json", "users", strings.Repeat("x", 64<<10), "\xff\xfe", "-", "_",
}

// parrot is a server that agrees with everything it is told, so that every request a
// client is ready to send is sent.
type parrot struct {
	simulator *simulator.Server

	mu       sync.Mutex
	name     string
	host     string
	database string
}

func (p *parrot) now(name, host, database string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name, p.host, p.database = name, host, database
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/identity/") {
		p.simulator.ServeHTTP(w, r)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	parts := strings.Split(r.URL.EscapedPath(), "/")[4:] // "", region, version, project
	say := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	one := map[string]any{"name": p.name, "host": p.host, "databases": []map[string]string{{"name": p.database}}}
	switch {
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusAccepted)
	case len(parts) == 1:
		say(map[string]any{"instances": []any{instanceJSON()}})
	case len(parts) == 2:
		say(map[string]any{"instance": instanceJSON()})
	case len(parts) == 3:
		say(map[string]any{"users": []any{one}})
	case len(parts) == 4:
		say(map[string]any{"user": one})
	default:
		say(map[string]any{"databases": one["databases"]})
	}
}

func instanceJSON() map[string]any {
	return map[string]any{"id": simulator.ID(1), "name": "x", "datastore": map[string]string{"type": "mysql", "version": "8"}}
}

// rig is a provider whose every request is recorded.
type rig struct {
	provider.Provider
	*parrot
	recorder *wire.Recorder
	base     string // of the database service
}

func newRig(t testing.TB) *rig {
	t.Helper()
	s := simulator.New(simulator.Options{})
	p := &parrot{simulator: s}
	recorder := wire.Record(p)
	web := httptest.NewServer(recorder)
	o := s.Options()
	opened, err := trove.Spec.Open(provider.Settings{Connection: "trove", Prefix: prefix, Vars: config.Vars{
		prefix + "IDENTITY_URL": web.URL + s.IdentityPath(), prefix + "USERNAME": o.Username, prefix + "PASSWORD": o.Password, prefix + "PROJECT": o.ProjectName,
	}})
	require.NoError(t, err)
	t.Cleanup(func() {
		opened.Close()
		web.Close()
	})
	return &rig{opened, p, recorder, "/RegionOne/v1.0/" + o.Project}
}

var shapes = regexp.MustCompile(`^(GET|POST|PUT|DELETE) /instances(\?[a-z_=&0-9A-Za-z%.+-]*)?$|` +
	`^GET /instances/[a-z0-9-]+$|` +
	`^(GET|POST|PUT) /instances/[a-z0-9-]+/users(\?[a-z_=&0-9A-Za-z%.+~-]*)?$|` +
	`^(GET|DELETE) /instances/[a-z0-9-]+/users/([A-Za-z0-9_-]|%25[0-9A-F]{2})+$|` +
	`^(GET|PUT) /instances/[a-z0-9-]+/users/([A-Za-z0-9_-]|%25[0-9A-F]{2})+/databases$|` +
	`^DELETE /instances/[a-z0-9-]+/users/([A-Za-z0-9_-]|%25[0-9A-F]{2})+/databases/[^/?#.]+$`)

// everything does all that the provider can do with a name, a host and a database, and
// fails when a request was sent that means something else.
func (r *rig) everything(t *testing.T, name, host, database string) {
	t.Helper()
	r.parrot.now(name, host, database)
	ref := access.Ref{Connection: "trove", Resource: "RegionOne/" + simulator.ID(1), Name: name, Host: host}
	before := len(r.recorder.Seen())
	step := access.Step{Account: ref, Database: database}
	acct := access.Account{Ref: ref, Grants: []access.Grant{{Database: database}, {Database: database + "2"}}}
	_, _ = r.Look(t.Context(), ref)
	_, _ = r.Provider.(provider.Container).Contain(t.Context(), ref, access.Kill)
	_, _ = r.Provider.(provider.Revoker).Revoke(t.Context(), step)
	_, _ = r.Provider.(provider.Deleter).Delete(t.Context(), step)
	for _, a := range []access.Action{access.Contain, access.Revoke, access.Delete} {
		step.Action = a
		_, _ = r.Provider.(provider.Restorer).Restore(t.Context(), acct, step)
		other := step
		other.Database += "2"
		_, _ = r.Provider.(provider.Restorer).Restore(t.Context(), acct, other)
		r.Provider.(provider.Explainer).Explain(step)
	}
	for _, seen := range r.recorder.Seen()[before:] {
		uri, ours := strings.CutPrefix(seen.URI, r.base)
		if !ours {
			require.Equal(t, "POST /identity/v3/auth/tokens", seen.Method+" "+seen.URI)
			continue
		}
		require.Regexp(t, shapes, seen.Method+" "+uri)
		r.means(t, uri, name, host, database)
	}
}

// means takes a path apart as the server does, and fails when it is about another
// account or another database.
func (r *rig) means(t *testing.T, uri, name, host, database string) {
	t.Helper()
	path, _, _ := strings.Cut(uri, "?")
	parts := strings.Split(path, "/")[1:]
	if len(parts) < 4 {
		return
	}
	once, err := url.PathUnescape(parts[3])
	require.NoError(t, err)
	again, err := url.PathUnescape(once)
	require.NoError(t, err)
	require.Equal(t, name+"@"+host, again)
	require.Equal(t, len(name), strings.LastIndex(again, "@"), "the server splits at the last @")
	if len(parts) == 6 {
		db, err := url.PathUnescape(parts[5])
		require.NoError(t, err)
		require.Equal(t, database, db)
	}
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, bad := range hostile {
		r.everything(t, bad, "%", "shop")
		r.everything(t, "ada", bad, "shop")
		r.everything(t, "ada", "%", bad)
		r.everything(t, bad, bad, bad)
	}
}

// What cannot be addressed is refused before anything leaves.
func TestNothingLeavesForNamesThatAreNoAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct{ name, host, resource string }{
		{"a/b", "%", "RegionOne/" + simulator.ID(1)},
		{"../dbs/defaultdb", "%", "RegionOne/" + simulator.ID(1)},
		{"", "%", "RegionOne/" + simulator.ID(1)},
		{"a\x00", "%", "RegionOne/" + simulator.ID(1)},
		{strings.Repeat("x", 64<<10), "%", "RegionOne/" + simulator.ID(1)},
		{"ada", "a@b", "RegionOne/" + simulator.ID(1)},
		{"ada", "", "RegionOne/" + simulator.ID(1)},
		{"ada", "%", "RegionOne/../x"},
		{"ada", "%", "RegionOne/" + simulator.ID(1) + "/users/x"},
		{"ada", "%", "RegionOne/"},
		{"ada", "%", ""},
	} {
		ref := access.Ref{Connection: "trove", Resource: c.resource, Name: c.name, Host: c.host}
		_, err := r.Provider.(provider.Container).Contain(t.Context(), ref, access.Lock)
		refusal(t, err)
		_, err = r.Provider.(provider.Revoker).Revoke(t.Context(), access.Step{Account: ref, Database: "shop"})
		refusal(t, err)
		_, err = r.Provider.(provider.Deleter).Delete(t.Context(), access.Step{Account: ref})
		refusal(t, err)
		_, err = r.Provider.(provider.Restorer).Restore(t.Context(), access.Account{Ref: ref}, access.Step{Account: ref, Action: access.Delete})
		refusal(t, err)
	}
	require.Zero(t, r.recorder.Count())
}

func FuzzNothingElseIsMeant(f *testing.F) {
	for _, bad := range hostile {
		if len(bad) < 1000 {
			f.Add(bad, "%", "shop")
			f.Add("ada", bad, bad)
		}
	}
	r := newRig(f)
	f.Fuzz(func(t *testing.T, name, host, database string) {
		r.everything(t, name, host, database)
	})
}
