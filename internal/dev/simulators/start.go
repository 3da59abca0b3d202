package simulators

import (
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider/catalog"
	digitalocean "github.com/severhq/sever/internal/provider/digitalocean/simulator"
	netim "github.com/severhq/sever/internal/provider/netim/simulator"
	plesk "github.com/severhq/sever/internal/provider/plesk/simulator"
	trove "github.com/severhq/sever/internal/provider/trove/simulator"
)

// The names of the connections, which are those of the kinds too.
const (
	DigitalOcean = "digitalocean"
	Netim        = "netim"
	Plesk        = "plesk"
	Trove        = "trove"
)

// Names are all four, in order.
var Names = []string{DigitalOcean, Netim, Plesk, Trove}

// Options are how they are run.
type Options struct {
	// Addr is where they listen: a host, which means free ports, or host:port for the
	// first, and the ports behind it for the others. 127.0.0.1 when empty.
	Addr string
	// Latency is what every request takes at least.
	Latency time.Duration
	// Unlimited takes away the rate limits that the real ones have.
	Unlimited bool
	// Queue is how long Trove's queued orders wait.
	Queue time.Duration
	// Seen is told of every request that was answered, if it is not nil.
	Seen func(Request)
	// Suffix makes the names of the connections unique, for tests that share a Temporal.
	Suffix string
}

// Site is the four of them, running.
type Site struct {
	DigitalOcean *digitalocean.Server
	Netim        *netim.Server
	Plesk        *plesk.Server
	Trove        *trove.Server

	suffix string
	urls   map[string]string
	web    []*http.Server
	people []Person
	ledger string // the id of the PostgreSQL instance at Trove
}

// The limits that Trove and Netim have where nobody changed them; Netim's is what one
// client was seen to be served.
const (
	trovePerMinute = 200
	netimPerMinute = 90
)

// Start plants the people and serves until Close.
func Start(o Options) (*Site, error) {
	s := &Site{suffix: o.Suffix, urls: map[string]string{}}
	s.plant(o)
	for i, name := range Names {
		listener, err := listen(o.Addr, i)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("serve the simulator of %s: %w", name, err), s.Close())
		}
		web := &http.Server{Handler: watched(s.handler(name), name, o.Seen), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
		s.web = append(s.web, web)
		s.urls[name] = "http://" + listener.Addr().String()
		go func() { _ = web.Serve(listener) }() // ends with Close
	}
	return s, nil
}

// listen takes a free port, or the one that is i behind the given one.
func listen(addr string, i int) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1"
	}
	host, first, err := net.SplitHostPort(addr)
	if err != nil {
		return net.Listen("tcp", net.JoinHostPort(strings.Trim(addr, "[]"), "0"))
	}
	port, err := strconv.Atoi(first)
	if err != nil {
		return nil, fmt.Errorf("%s is no port", first)
	}
	if port > 0 {
		port += i
	}
	return net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
}

func (s *Site) handler(name string) http.Handler {
	return map[string]http.Handler{DigitalOcean: s.DigitalOcean, Netim: s.Netim, Plesk: s.Plesk, Trove: s.Trove}[name]
}

// plant makes the four with what their own seeds have, and adds Carol.
func (s *Site) plant(o Options) {
	perMinute := func(n int) int {
		if o.Unlimited {
			return 0
		}
		return n
	}
	do := digitalocean.Options{Latency: o.Latency}
	if o.Unlimited {
		do.PerMinute, do.PerHour = -1, -1
	}
	s.DigitalOcean = digitalocean.New(do).Plant(withCarolOnClusters(digitalocean.Seed())...)
	s.Netim = netim.New(netim.Options{Latency: o.Latency, Switches: netim.Switches{PerMinute: perMinute(netimPerMinute)}}).
		Plant(withCarolOnHostings(netim.Seed())...)
	s.Plesk = plesk.New(plesk.Options{Latency: o.Latency})
	s.Plesk.Seed()
	s.carolOnPlesk()
	s.Trove = trove.New(trove.Options{Latency: o.Latency, CastDelay: o.Queue, PerMinute: perMinute(trovePerMinute)})
	ids := trove.Seed(s.Trove)
	s.ledger = ids["ledger"]
	s.Trove.Add(ids["orders"], trove.Account{Name: "carol", Host: "%", Password: "carol-everywhere", Databases: []string{"shop", "crm"}})
	s.people = s.census()
}

// Close stops serving. What is open is cut.
func (s *Site) Close() error {
	var errs []error
	for _, w := range s.web {
		errs = append(errs, w.Close())
	}
	return errors.Join(errs...)
}

// Connection is the name of the connection to one of them.
func (s *Site) Connection(name string) string { return name + s.suffix }

// Suffix is what every name of a connection ends in.
func (s *Site) Suffix() string { return s.suffix }

// URL is where one of them answers.
func (s *Site) URL(name string) string { return s.urls[name] }

// Credentials are the variables of one connection, without their prefix.
func (s *Site) Credentials(name string) config.Vars {
	return s.credentials(name).With(config.Vars{"SETTLE": settle})
}

// settle is longer than anything sent here is on its way.
const settle = "2s"

func (s *Site) credentials(name string) config.Vars {
	switch name {
	case DigitalOcean:
		return config.Vars{"URL": s.urls[name], "TOKEN": digitalocean.DefaultToken, "WITHOUT_PEOPLE": caching}
	case Netim:
		return config.Vars{
			"URL": s.urls[name] + "/1.0/", "ID": "NETIM", "SECRET": "mysecret", "HOSTINGS": "NW1024,NW2048",
			"PASSWORD_ACTION": "SetPassword", "PERMISSION_ACTION": "SetUserPermission",
		}
	case Plesk:
		return config.Vars{"URL": s.urls[name], "KEY": "admin-key"}
	}
	o := s.Trove.Options()
	return config.Vars{
		"IDENTITY_URL": s.urls[name] + s.Trove.IdentityPath(), "USERNAME": o.Username, "PASSWORD": o.Password, "PROJECT": o.ProjectName,
		// Here nobody else needs the CONNECT of PUBLIC; on a real server a person has to look.
		"APPROVE_PUBLIC": s.ledger + "/ledger",
	}
}

// Vars are the variables of all four connections, without SEVER_CONNECTIONS.
func (s *Site) Vars() config.Vars {
	out := config.Vars{}
	for _, name := range Names {
		for variable, value := range s.Credentials(name) {
			out[catalog.Prefix(s.Connection(name))+variable] = value
		}
	}
	return out
}

// Connections is the list for SEVER_CONNECTIONS.
func (s *Site) Connections() string {
	var out []string
	for _, name := range Names {
		out = append(out, s.Connection(name)+"="+name)
	}
	return strings.Join(out, ",")
}

// Lines are all variables as lines of a file, sorted.
func (s *Site) Lines() []string {
	vars := s.Vars().With(config.Vars{catalog.Variable: s.Connections()})
	var out []string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		out = append(out, name+"="+vars[name])
	}
	return out
}
