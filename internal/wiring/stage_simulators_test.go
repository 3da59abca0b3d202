package wiring_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/dev/simulators"
	"github.com/severhq/sever/internal/provider/catalog"
	digitalocean "github.com/severhq/sever/internal/provider/digitalocean/simulator"
	netim "github.com/severhq/sever/internal/provider/netim/simulator"
	plesk "github.com/severhq/sever/internal/provider/plesk/simulator"
)

// simulated is one of the four simulators behind a gate that can keep requests waiting.
type simulated struct {
	t    *testing.T
	site *simulators.Site
	name string
	gate *gate
	vars config.Vars
}

func simulate(t *testing.T, name string) *simulated {
	t.Helper()
	site, err := simulators.Start(simulators.Options{Unlimited: true, Suffix: "-" + severtest.Unique()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, site.Close()) })
	g := newGate(t, site.URL(name))
	s := &simulated{t: t, site: site, name: name, gate: g, vars: config.Vars{}}
	for variable, value := range site.Credentials(name) {
		s.vars[variable] = strings.ReplaceAll(value, site.URL(name), g.url)
	}
	return s
}

// connection opens the provider with the settings as they are now.
func (s *simulated) connection(more config.Vars) catalog.Connection {
	s.t.Helper()
	name := s.site.Connection(s.name)
	vars := config.Vars{catalog.Variable: name + "=" + s.name}
	for variable, value := range s.vars.With(more) {
		vars[catalog.Prefix(name)+variable] = value
	}
	opened, err := catalog.Open(vars)
	require.NoError(s.t, err)
	s.t.Cleanup(opened.Close)
	c := *opened.All()[0]
	c.Limits.TasksPerSecond = 0
	return c
}

// nothing is for a person who has nothing to clear.
func nothing(*severtest.World) {}

func digitaloceanStage(t *testing.T) *stage {
	t.Helper()
	sim := simulate(t, simulators.DigitalOcean)
	world := sim.site.DigitalOcean
	var clusters []string
	s := &stage{conn: sim.connection(nil)}
	for _, c := range world.World() {
		for _, u := range c.Users {
			switch u.Name {
			case "ada.lovelace":
				clusters = append(clusters, c.ID)
				s.hers = append(s.hers, login{place: c.ID, name: u.Name, password: u.Password})
				if c.Engine == "pg" {
					world.ChangeUser(c.ID, u.Name, func(u *digitalocean.User) { u.Owns = true })
					s.blocked.login = s.hers[len(s.hers)-1]
				}
			case "carol.shaw":
				if c.Engine == "pg" {
					s.his = login{place: c.ID, name: u.Name, password: u.Password}
				}
			}
		}
	}
	require.Len(t, clusters, 5)
	s.opens = func(l login, secret string) bool { return world.Connect(l.place, l.name, secret) }
	s.look = func() []string {
		var out []string
		for _, c := range world.World() {
			for _, p := range c.Pools {
				out = append(out, fmt.Sprintf("%s pool %s: %s %d %s for %s", c.Name, p.Name, p.Mode, p.Size, p.Database, p.User))
			}
			for _, u := range c.Users {
				out = append(out, facts(c.Name+" user "+u.Name, map[string]any{"password": u.Password, "role": u.Role, "plugin": u.Plugin,
					"replication": u.Replication, "databases": u.Databases, "mongo role": u.MongoRole})...)
				for _, r := range u.Rules { // their ids are the system's own
					out = append(out, fmt.Sprintf("%s user %s may %s %s", c.Name, u.Name, r.Permission, r.Pattern))
				}
			}
		}
		return out
	}
	s.blocked.outcome, s.blocked.why = access.Contained, "owns"
	s.blocked.clear = func(*severtest.World) { // somebody hands over by SQL what she owns
		world.ChangeUser(s.blocked.login.place, s.blocked.login.name, func(u *digitalocean.User) { u.Owns = false })
	}
	s.loses = []loss{{announced: "its password; a cancel makes a new one", line: `user ada\.lovelace: password `}}
	s.keeps = func(login) bool { return false }
	s.hold = func() (func() bool, func()) {
		return sim.gate.hold(func(method, path, _ string) bool {
			return method == http.MethodDelete && strings.Contains(path, "/users/")
		})
	}
	return s
}

func pleskStage(t *testing.T) *stage {
	t.Helper()
	sim := simulate(t, simulators.Plesk)
	world := sim.site.Plesk
	world.Set(plesk.Switches{Default: plesk.DefaultRefused})
	// One more user of hers, alone on its database: the panel does not delete the last.
	north, server := 1, 1
	for _, db := range world.Databases() {
		if db.Name == "shop" {
			north, server = db.Subscription, db.Server
		}
	}
	diary := world.Database(north, server, "diary")
	world.Plant(plesk.User{Database: diary, Login: "ada_diary", Password: "dear diary", Hosts: []string{"10.1.%"}, Role: "readOnly"})
	s := &stage{conn: sim.connection(nil)}
	databases := map[int]plesk.Database{}
	for _, db := range world.Databases() {
		databases[db.ID] = db
	}
	for _, u := range world.Users() {
		l := login{place: strconv.Itoa(cmp.Or(databases[u.Database].Server, u.Server)), name: u.Login, password: u.Password}
		switch u.Login {
		case "ada", "ada_all":
			s.hers = append(s.hers, l)
		case "ada_diary":
			s.hers, s.blocked.login = append(s.hers, l), l
		case "bob":
			s.his = l
		}
	}
	s.opens = func(l login, secret string) bool {
		server, err := strconv.Atoi(l.place)
		return err == nil && world.Opens(server, l.name, secret)
	}
	s.look = func() []string {
		var out []string
		logins := map[int]string{}
		for _, u := range world.Users() {
			logins[u.ID] = u.Login
			what := fmt.Sprintf("user %s of database %q", u.Login, databases[u.Database].Name)
			out = append(out, facts(what, map[string]any{"password": u.Password, "role": u.Role, "hosts": u.Hosts, "addresses": u.Addresses,
				"subscription": u.Subscription, "server": u.Server})...)
		}
		for _, db := range world.Databases() {
			out = append(out, fmt.Sprintf("database %s: default user %s", db.Name, logins[db.Default]))
		}
		return out
	}
	s.blocked.outcome, s.blocked.why, s.blocked.newWord = access.Contained, "default user", true
	s.blocked.price = `diary_app`
	s.blocked.clear = func(*severtest.World) { // somebody makes another user, who can take over
		world.Plant(plesk.User{Database: diary, Login: "diary_app", Password: "the heir's", Role: "readWrite"})
	}
	s.loses = []loss{
		{announced: "its password; a cancel makes a new one", line: `user ada(_all|_diary)? of database ".*": password `},
		{announced: "its role, and over REST from where it may connect", line: `user ada(_diary)? of database ".*": role `},
		{announced: "the user itself where Plesk does not show its subscription", line: `^- user ada_all of`},
	}
	s.keeps = func(login) bool { return false }
	s.lost = func(l login) bool { return l.name == "ada_all" }
	s.hold = func() (func() bool, func()) {
		return sim.gate.hold(func(_, _, body string) bool { return strings.Contains(body, "<del-db-user>") })
	}
	return s
}

func troveStage(t *testing.T) *stage {
	t.Helper()
	sim := simulate(t, simulators.Trove)
	world := sim.site.Trove
	approved := sim.vars["APPROVE_PUBLIC"]
	ledger, _, _ := strings.Cut(approved, "/")
	s := &stage{conn: sim.connection(config.Vars{"APPROVE_PUBLIC": ""})}
	for _, in := range world.World() {
		for _, a := range in.Accounts {
			l := login{place: in.ID, name: a.Name, host: a.Host, password: a.Password}
			switch a.Name {
			case "ada", "ada.lovelace":
				s.hers = append(s.hers, l)
				if in.ID == ledger {
					s.blocked.login = l
				}
			case "billing":
				s.his = l
			}
		}
	}
	s.opens = func(l login, secret string) bool { return world.Login(l.place, l.name, l.host, secret) }
	s.look = func() []string {
		var out []string
		for _, in := range world.World() {
			for _, a := range in.Accounts {
				slices.Sort(a.Databases)
				out = append(out, facts(fmt.Sprintf("%s account %s@%s", in.Name, a.Name, a.Host), map[string]any{"password": a.Password,
					"databases": a.Databases, "unseen": a.Hidden, "grant option": a.GrantOption, "owns": a.Owns})...)
			}
		}
		return append(out, fmt.Sprintf("ledger: public may connect %v", world.PublicMayConnect(ledger, "ledger")))
	}
	// That a password is set is never shown, so she is not called contained.
	s.blocked.outcome, s.blocked.why = access.Blocked, "this system takes CONNECT on it from PUBLIC too"
	s.blocked.price = `ledger: public may connect`
	s.blocked.clear = func(w *severtest.World) { // somebody looks who else connects, and approves
		w.Stop()
		conn := sim.connection(config.Vars{"APPROVE_PUBLIC": approved})
		w.Parts.Connections = catalog.Of(conn)
		w.StartWorker()
	}
	s.loses = []loss{
		{announced: "its password; a cancel makes a new one", line: `account ada(\.lovelace)?@.*: password `},
		{announced: "the privileges that the API does not show", line: `account ada@%: unseen `},
	}
	s.keeps = func(login) bool { return false }
	s.hold = func() (func() bool, func()) {
		return sim.gate.hold(func(method, path, _ string) bool {
			return method == http.MethodDelete && !strings.Contains(path, "/databases/")
		})
	}
	return s
}

func netimStage(t *testing.T) *stage {
	t.Helper()
	sim := simulate(t, simulators.Netim)
	world := sim.site.Netim
	frozen := "NW2048"
	world.Change(frozen, func(h *netim.Hosting) { h.Held = true })
	s := &stage{conn: sim.connection(nil)}
	for _, h := range world.World() {
		for _, u := range h.Users {
			l := login{place: h.ID, name: u.Name, password: u.Password}
			switch u.Name {
			case "NW1024_ada", "NW2048_ada":
				s.hers = append(s.hers, l)
				if h.ID == frozen {
					s.blocked.login = l
				}
			case "NW1024_carol":
				s.his = l
			}
		}
	}
	s.opens = func(l login, secret string) bool { return world.Login(l.place, l.name, secret) }
	s.look = func() []string {
		var out []string
		for _, h := range world.World() {
			for _, u := range h.Users {
				out = append(out, facts(h.ID+" user "+u.Name, map[string]any{"password": u.Password, "internal": u.Internal, "external": u.External})...)
			}
			for _, l := range h.Links {
				out = append(out, fmt.Sprintf("%s link of %s to %s", h.ID, l.User, l.Database))
			}
		}
		return out
	}
	// The hosting is frozen, so that even containing is refused there.
	s.blocked.outcome, s.blocked.why, s.blocked.open = access.Blocked, "hold", true
	s.blocked.clear = func(*severtest.World) { world.Change(frozen, func(h *netim.Hosting) { h.Held = false }) }
	s.loses = []loss{{announced: "its credential; a cancel makes a new one", line: `user NW.*_ada: password `}}
	s.keeps = func(l login) bool { return l.place == frozen }
	s.hold = func() (func() bool, func()) {
		return sim.gate.hold(func(method, path, _ string) bool {
			return method == http.MethodDelete && strings.HasSuffix(path, "/database-user/")
		})
	}
	return s
}

// gate passes requests on, and can keep some of them waiting.
type gate struct {
	url string

	mu      sync.Mutex
	fits    func(method, path, body string) bool // nil: everything passes
	release chan struct{}
	stand   atomic.Int32
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	target, err := url.Parse(to)
	require.NoError(t, err)
	g := &gate{}
	through := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		g.pass(r.Method, r.URL.EscapedPath(), string(body))
		through.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	g.url = web.URL
	return g
}

// pass waits while a request like this one is held.
func (g *gate) pass(method, path, body string) {
	g.mu.Lock()
	fits, release := g.fits, g.release
	g.mu.Unlock()
	if fits != nil && fits(method, path, body) {
		g.stand.Add(1)
		<-release
		g.stand.Add(-1)
	}
}

// hold keeps requests that fit waiting until they are released.
func (g *gate) hold(fits func(method, path, body string) bool) (waits func() bool, release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fits, g.release = fits, make(chan struct{})
	return func() bool { return g.stand.Load() > 0 }, sync.OnceFunc(func() { close(g.release) })
}
