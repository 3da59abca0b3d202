// Package simulator is DigitalOcean's API for managed databases, as far as it is
// documented and as far as people have seen it answer, with a world inside: clusters,
// users, pools, tokens and limits.
//
// Nothing in it was tried against the real service. What no document says is a
// switch, and whoever relies on the API has to pass with every setting of every one
// (see Settings). Everything else follows DigitalOcean's published description.
//
// Requests that may never be sent, above all DELETE of a cluster, raise an alarm that
// stays (see Alarms).
package simulator

import (
	"net/http"
	"sync"
	"time"
)

// Options are what a Server is made from.
type Options struct {
	// Token is the one that is known; DefaultToken when empty.
	Token string
	// Scopes are what the token may do; all but view_credentials when nil.
	Scopes   []string
	Switches Switches
	// PerMinute and PerHour limit requests: 250 and 5,000 when zero, and not at all
	// when negative.
	PerMinute, PerHour int
	// Latency is how long every request takes.
	Latency time.Duration
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Around is put around the API, inside of faults and latency: for a validator.
	Around func(http.Handler) http.Handler
}

// DefaultToken has the form of a personal token, and is known to nobody else.
const DefaultToken = "dop_v1_5ea1ed0000000000000000000000000000000000000000000000000000000000"

// The scopes of a token.
const (
	Read            = "database:read"
	Create          = "database:create"
	Update          = "database:update"
	Delete          = "database:delete"
	ViewCredentials = "database:view_credentials"
)

// Server is the API. It is an http.Handler, to be served at the root of a host.
type Server struct {
	o   Options
	api http.Handler

	mu       sync.Mutex // guards all below
	clusters map[string]*cluster
	busy     map[string]int // changes of users that are under way, by cluster
	sent     []time.Time    // requests of the last hour
	lastID   int
	faults   []*Fault
	down     bool
	journal  []Request
	alarms   []string
}

// New is a server without clusters.
func New(o Options) *Server {
	if o.Token == "" {
		o.Token = DefaultToken
	}
	if o.Scopes == nil {
		o.Scopes = []string{Read, Create, Update, Delete}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.PerMinute == 0 {
		o.PerMinute = 250
	}
	if o.PerHour == 0 {
		o.PerHour = 5000
	}
	s := &Server{o: o, clusters: map[string]*cluster{}, busy: map[string]int{}}
	s.api = http.HandlerFunc(s.serveAPI)
	if o.Around != nil {
		s.api = o.Around(s.api)
	}
	return s
}
