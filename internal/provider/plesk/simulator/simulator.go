// Package simulator is a Plesk server of databases and their users, for tests and for
// rehearsals: the XML API and REST v2, over one state.
//
// It does what the documentation says, the deadly things too: an empty filter in
// del-db-user deletes every user that the sender may see. Each such request leaves an
// alarm, and a test of a client asserts that there is none. What is not documented is
// a switch (see Switches), and a client has to get along with every setting.
package simulator

import (
	"net/http"
	"sync"
	"time"
)

// Options are how the server is set up.
type Options struct {
	// Login, Password and Key are the administrator's. "admin", "admin-password" and
	// "admin-key" when empty.
	Login, Password, Key string
	Switches             Switches
	// Latency delays every answer.
	Latency time.Duration
	// PerWindow limits the requests in each Window, a second when zero; then 429 with
	// Retry-After, as a proxy in front would. No limit when zero.
	PerWindow int
	Window    time.Duration
}

// Server is the simulated server. It is an http.Handler.
type Server struct {
	mux     *http.ServeMux
	latency time.Duration

	mu       sync.Mutex // guards all below
	switches Switches
	panel    []Account
	state    state
	faults   []*Fault
	down     bool
	limit    limit
	journal  []Request
	alarms   []string
}

// Account is somebody who may log in to the panel's interfaces.
type Account struct {
	Login, Password, Key string
	// Admin sees all, and is the only one for REST.
	Admin bool
	// NoRemote lacks the permission for remote access by the API.
	NoRemote bool
	// ReadOnly may list, and change nothing.
	ReadOnly bool
	// Subscriptions are what others see.
	Subscriptions []int
}

// New is an empty server with an administrator.
func New(o Options) *Server {
	admin := Account{Login: o.Login, Password: o.Password, Key: o.Key, Admin: true}
	for value, preset := range map[*string]string{&admin.Login: "admin", &admin.Password: "admin-password", &admin.Key: "admin-key"} {
		if *value == "" {
			*value = preset
		}
	}
	if o.Window <= 0 {
		o.Window = time.Second
	}
	s := &Server{
		mux: http.NewServeMux(), latency: o.Latency, switches: o.Switches, panel: []Account{admin},
		state: newState(), limit: limit{most: o.PerWindow, window: o.Window},
	}
	s.mux.HandleFunc("/enterprise/control/agent.php", s.serveXML)
	s.mux.HandleFunc("/api/v2/", s.serveREST)
	return s
}

// ServeHTTP answers one request, or has the trouble that was arranged.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.latency > 0 {
		wait := time.NewTimer(s.latency)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-r.Context().Done():
			return
		}
	}
	s.mu.Lock()
	down := s.down
	after := s.limit.over(time.Now())
	s.mu.Unlock()
	switch {
	case down:
		panic(http.ErrAbortHandler)
	case after > 0:
		tooMany(w, after)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Add lets more accounts log in to the panel.
func (s *Server) Add(accounts ...Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.panel = append(s.panel, accounts...)
}

// Set changes switches while the server runs.
func (s *Server) Set(sw Switches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.switches = sw
}

// who is the account with the key or the password; nil when there is none.
func (s *Server) who(login, password, key string) *Account {
	for i := range s.panel {
		a := &s.panel[i]
		if key != "" && a.Key == key || key == "" && login != "" && a.Login == login && a.Password == password {
			return a
		}
	}
	return nil
}
