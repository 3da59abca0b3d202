package netim_test

import (
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/netim"
	"github.com/severhq/sever/internal/provider/netim/simulator"
)

const (
	hosting   = "NW1024"
	secret    = "api-secret-0123456789"
	password  = "correct horse"
	theOthers = "battery staple"
)

// engines are the settings that make each engine.
var engines = map[string]config.Vars{
	"webhosting":          {},
	"webhosting+password": {"PASSWORD_ACTION": "SetPassword"},
	"webhosting+rights":   {"PASSWORD_ACTION": "SetPassword", "PERMISSION_ACTION": "SetUserPermission"},
}

// world is a simulator behind real HTTP, and a provider that speaks to it.
type world struct {
	*simulator.Server
	p      provider.Provider
	url    string
	engine string
}

func newWorld(t *testing.T, engine string, switches simulator.Switches) world {
	t.Helper()
	s := simulator.New(simulator.Options{Secret: secret, Switches: switches}).Plant(planted()...)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	w := world{s, connected(t, web.URL+"/1.0/", engines[engine]), web.URL, engine}
	t.Cleanup(func() {
		require.LessOrEqual(t, s.Busiest(), 1, "requests in flight at once")
		for _, r := range s.Journal() {
			if r.Method == "DELETE" {
				require.Contains(t, []string{"session", "webhosting/NW1024/database-user", "webhosting/NW2048/database-user"}, r.Path)
			}
		}
	})
	return w
}

// connected opens a provider as the catalog does.
func connected(t *testing.T, url string, more config.Vars) provider.Provider {
	t.Helper()
	vars := config.Vars{"X_ID": "NETIM", "X_SECRET": secret, "X_HOSTINGS": "NW1024, NW2048", "X_URL": url}
	for name, value := range more {
		vars["X_"+name] = value
	}
	p, err := netim.Spec.Open(provider.Settings{Connection: "web", Vars: vars, Prefix: "X_"})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func planted() []simulator.Hosting {
	return []simulator.Hosting{
		{
			ID: hosting, Domain: "shop.example.com", Offer: "WEB_PREMIUM", Status: "ACTIVE",
			Databases: []string{"NW1024_shop", "NW1024_blog", "NW1024_stats", "NW1024_empty"},
			Users: []simulator.User{
				{Name: "NW1024_ada", Password: password, Internal: "RW", External: "RO"},
				{Name: "NW1024_adam", Password: theOthers, Internal: "RO", External: "NO"},
				{Name: "NW1024_idle", Password: theOthers, Internal: "RW", External: "NO"},
			},
			Links: []simulator.Link{
				{Database: "NW1024_shop", User: "NW1024_ada"}, {Database: "NW1024_blog", User: "NW1024_ada"},
				{Database: "NW1024_stats", User: "NW1024_ada"}, {Database: "NW1024_stats", User: "NW1024_adam"},
				{Database: "NW1024_shop", User: "NW1024_adam"},
			},
		},
		{
			ID: "NW2048", Domain: "tools.example.net", Status: "ACTIVE", Databases: []string{"NW2048_wiki"},
			Users: []simulator.User{{Name: "NW2048_ada", Password: theOthers, Internal: "RO", External: "NO"}},
			Links: []simulator.Link{{Database: "NW2048_wiki", User: "NW2048_ada"}},
		},
	}
}

// ref is a user of the first hosting.
func ref(name string) access.Ref {
	return access.Ref{Connection: "web", Resource: hosting, Name: hosting + "_" + name}
}

func link(database string) access.Grant {
	return access.Grant{Kind: access.Link, Database: hosting + "_" + database, Extent: access.ExtentDatabase, EndedBy: access.Unlink}
}

func unlink(name, database string) access.Step {
	return access.Step{Action: access.Unlink, Account: ref(name), Database: hosting + "_" + database}
}

func remove(name string) access.Step { return access.Step{Action: access.Delete, Account: ref(name)} }

// drop deletes a user with its links, as somebody else would.
func (w world) drop(name string) {
	w.Change(hosting, func(h *simulator.Hosting) {
		h.Users = slices.DeleteFunc(h.Users, func(u simulator.User) bool { return u.Name == name })
		h.Links = slices.DeleteFunc(h.Links, func(l simulator.Link) bool { return l.User == name })
	})
}

func (w world) unlinker() provider.Unlinker   { return w.p.(provider.Unlinker) }
func (w world) deleter() provider.Deleter     { return w.p.(provider.Deleter) }
func (w world) container() provider.Container { return w.p.(provider.Container) }
func (w world) restorer() provider.Restorer   { return w.p.(provider.Restorer) }
