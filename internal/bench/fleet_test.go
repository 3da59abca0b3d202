package bench_test

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/digitalocean"
	dosim "github.com/severhq/sever/internal/provider/digitalocean/simulator"
	"github.com/severhq/sever/internal/provider/netim"
	netimsim "github.com/severhq/sever/internal/provider/netim/simulator"
	"github.com/severhq/sever/internal/provider/plesk"
	plesksim "github.com/severhq/sever/internal/provider/plesk/simulator"
	"github.com/severhq/sever/internal/provider/trove"
	trovesim "github.com/severhq/sever/internal/provider/trove/simulator"
)

// latency is what each request to a provider takes at least.
const latency = 50 * time.Millisecond

// together is how many accounts share a cluster, a hosting, a server, an instance.
const together = 10

// fleet is a number of simulated providers with the accounts of one person, and the
// connections to them. Two fleets of one size are the same.
type fleet struct {
	conns []catalog.Connection
	owned []access.Identity
	asked []func() int // requests that arrived, by connection
	left  []func() int // accounts that are still there, by connection
}

// newFleet spreads the accounts over the connections, of which every fourth is of one
// kind.
func newFleet(b *testing.B, prefix string, connections, accounts int) *fleet {
	b.Helper()
	f := &fleet{}
	for i := range connections {
		n := accounts / connections
		if i < accounts%connections {
			n++
		}
		plant := []func(*testing.B, *fleet, string, int){onClusters, onInstances, onHostings, onPanel}[i%4]
		plant(b, f, fmt.Sprintf("%s-%d", prefix, i), n)
	}
	return f
}

func name(i int) string { return fmt.Sprintf("person%04d", i) }

// groups cuts n accounts into those that are together.
func groups(n int, do func(group, from, to int)) {
	for g := 0; g == 0 || g*together < n; g++ {
		do(g, g*together, min((g+1)*together, n))
	}
}

// join opens a connection to a simulator, as the catalog would.
func (f *fleet) join(b *testing.B, spec provider.Spec, conn string, vars config.Vars) {
	set := config.Vars{}
	for name, value := range vars {
		set[catalog.Prefix(conn)+name] = value
	}
	p, err := spec.Open(provider.Settings{Connection: conn, Vars: set, Prefix: catalog.Prefix(conn)})
	require.NoError(b, err)
	b.Cleanup(p.Close)
	f.conns = append(f.conns, catalog.Connection{Name: conn, Spec: spec, Limits: spec.Limits, Provider: p})
}

func (f *fleet) owns(conn, account, host string) {
	f.owned = append(f.owned, access.Identity{Principal: leaver, Connection: conn, Account: account, Host: host, Evidence: access.Imported})
}

func serve(b *testing.B, s *httptest.Server) string {
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	b.Cleanup(s.Close)
	return s.URL
}

func onClusters(b *testing.B, f *fleet, conn string, n int) {
	s := dosim.New(dosim.Options{Latency: latency})
	groups(n, func(g, from, to int) {
		c := dosim.Cluster{ID: fmt.Sprintf("9cc10173-e9ea-4176-9dbc-%012d", g), Name: fmt.Sprintf("shop-%d", g), Engine: "mysql"}
		for i := from; i < to; i++ {
			c.Users = append(c.Users, dosim.User{Name: name(i)})
			f.owns(conn, name(i), "")
		}
		s.Plant(c)
	})
	f.join(b, digitalocean.Spec, conn, config.Vars{"TOKEN": dosim.DefaultToken, "URL": serve(b, httptest.NewUnstartedServer(s))})
	f.asked = append(f.asked, func() int { return len(s.Journal()) })
	f.left = append(f.left, func() (left int) {
		for _, c := range s.World() {
			left += len(c.Users) - 1 // doadmin
		}
		return left
	})
}

func onInstances(b *testing.B, f *fleet, conn string, n int) {
	s := trovesim.New(trovesim.Options{Latency: latency, PerMinute: 200})
	groups(n, func(g, from, to int) {
		var accounts []trovesim.Account
		for i := from; i < to; i++ {
			accounts = append(accounts, trovesim.Account{Name: name(i), Host: "%", Password: "x", Databases: []string{"shop"}})
			f.owns(conn, name(i), "%")
		}
		s.Plant(trovesim.Instance{ID: trovesim.ID(g + 1), Name: fmt.Sprintf("orders-%d", g)}, accounts...)
	})
	o := s.Options()
	f.join(b, trove.Spec, conn, config.Vars{"IDENTITY_URL": serve(b, httptest.NewUnstartedServer(s)) + s.IdentityPath(),
		"USERNAME": o.Username, "PASSWORD": o.Password, "PROJECT": o.ProjectName})
	f.asked = append(f.asked, func() int { return len(s.Journal()) })
	f.left = append(f.left, func() (left int) {
		for _, in := range s.World() {
			left += len(in.Accounts) - 1 // os_admin
		}
		return left
	})
}

func onHostings(b *testing.B, f *fleet, conn string, n int) {
	s := netimsim.New(netimsim.Options{Latency: latency, Switches: netimsim.Switches{PerMinute: 90}})
	hostings := ""
	groups(n, func(g, from, to int) {
		h := netimsim.Hosting{ID: fmt.Sprintf("NW%d", 1000+g), Status: "ACTIVE"}
		h.Databases = []string{h.ID + "_shop"}
		for i := from; i < to; i++ {
			user := h.ID + "_" + name(i)
			h.Users = append(h.Users, netimsim.User{Name: user, Password: "x", Internal: "RW", External: "RW"})
			h.Links = append(h.Links, netimsim.Link{Database: h.ID + "_shop", User: user})
			f.owns(conn, user, "")
		}
		s.Plant(h)
		hostings += "," + h.ID
	})
	f.join(b, netim.Spec, conn, config.Vars{"URL": serve(b, httptest.NewUnstartedServer(s)) + "/1.0/", "ID": "NETIM", "SECRET": "mysecret",
		"HOSTINGS": hostings, "PASSWORD_ACTION": "SetPassword", "PERMISSION_ACTION": "SetUserPermission"})
	f.asked = append(f.asked, func() int { return len(s.Journal()) })
	f.left = append(f.left, func() (left int) {
		for _, h := range s.World() {
			left += len(h.Users)
		}
		return left
	})
}

func onPanel(b *testing.B, f *fleet, conn string, n int) {
	s := plesksim.New(plesksim.Options{Latency: latency})
	server, sub := s.DBServer("mysql"), s.Subscription("shop.example")
	groups(n, func(g, from, to int) {
		db := s.Database(sub, server, fmt.Sprintf("shop%d", g))
		s.Plant(plesksim.User{Database: db, Login: fmt.Sprintf("app%d", g), Password: "x"})
		for i := from; i < to; i++ {
			s.Plant(plesksim.User{Database: db, Login: name(i), Password: "x"})
			f.owns(conn, name(i), "")
		}
	})
	apps := len(s.Databases())
	f.join(b, plesk.Spec, conn, config.Vars{"URL": serve(b, httptest.NewUnstartedServer(s)), "KEY": "admin-key"})
	f.asked = append(f.asked, func() int { return len(s.Journal()) })
	f.left = append(f.left, func() int { return len(s.Users()) - apps })
}

func sum(of []func() int) (n int) {
	for _, f := range of {
		n += f()
	}
	return n
}
