package simulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The methods of this file are for tests and demonstrations: they see and change the
// world from outside, past the API.

// Plant adds hostings, or replaces those with the same id.
func (s *Server) Plant(hostings ...Hosting) *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range hostings {
		h = h.clone()
		s.hostings[h.ID] = &h
	}
	return s
}

// World is all there is, by id.
func (s *Server) World() []Hosting {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Hosting
	for _, id := range slices.Sorted(maps.Keys(s.hostings)) {
		out = append(out, s.hostings[id].clone())
	}
	return out
}

func (h Hosting) clone() Hosting {
	h.Databases, h.Users, h.Links = slices.Clone(h.Databases), slices.Clone(h.Users), slices.Clone(h.Links)
	return h
}

// Change lets f change a hosting.
func (s *Server) Change(id string, f func(*Hosting)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.hostings[id])
}

// Login reports whether the user can open a connection from anywhere.
func (s *Server) Login(hosting, name, password string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hostings[hosting]
	if h == nil {
		return false
	}
	u := h.user(name)
	return u != nil && u.Password == password && (u.Internal != "NO" || u.External != "NO")
}

// Settle ends every operation that waits, in order, and says how many those were.
func (s *Server) Settle() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, o := range s.operations {
		if o.status == pending {
			s.end(o)
			n++
		}
	}
	return n
}

// Down cuts every connection until Up.
func (s *Server) Down() { s.setDown(true) }

// Up ends Down.
func (s *Server) Up() { s.setDown(false) }

func (s *Server) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// ForgetSessions closes every session, as a restart of the API does.
func (s *Server) ForgetSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = nil
}

// Sessions is how many are open.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Busiest is how many requests were in flight at once, at most.
func (s *Server) Busiest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busiest
}

// Request is one line of the journal.
type Request struct {
	Method, Path, Action, Body string
}

// Changes reports whether the request is an order.
func (r Request) Changes() bool {
	return r.Method != http.MethodGet && r.Path != "session"
}

// Journal is every request that arrived, in order.
func (s *Server) Journal() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

// Orders are the requests that may change something, in order.
func (s *Server) Orders() []Request {
	return slices.DeleteFunc(s.Journal(), func(r Request) bool { return !r.Changes() })
}

// Fault is a failure of the next requests that it matches.
type Fault struct {
	// What it matches; an empty field matches all. Path is the end of a path:
	// "database-user". Orders matches every request that may change something.
	Method, Path, Action string
	Orders               bool
	Times                int // once when zero

	// After lets the request take effect first.
	After bool
	// Latency is waited for first. Alone it is the whole fault.
	Latency time.Duration
	// Status, with HTML or Body, is what is answered; without one the connection is cut.
	Status     int
	RetryAfter int // in seconds
	HTML       bool
	Body       string
	// Echo puts what was sent in the place of % in Body.
	Echo bool
}

// Fail arranges faults. They are used up in the order in which they were given.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		s.faults = append(s.faults, &f)
	}
}

// Calm drops the faults that were not used up.
func (s *Server) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault takes the next fault for the call, or nil.
func (s *Server) fault(c *call) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Request{Method: c.req.Method, Path: strings.Join(c.path, "/"), Action: c.action()}
	for _, f := range s.faults {
		if f.Times > 0 && f.matches(r) {
			f.Times--
			return f
		}
	}
	return nil
}

func (f *Fault) matches(r Request) bool {
	return (f.Method == "" || f.Method == r.Method) && (f.Action == "" || f.Action == r.Action) &&
		("/"+r.Path == "/"+f.Path || f.Path == "" || strings.HasSuffix(r.Path, "/"+f.Path)) && (!f.Orders || r.Changes())
}

func (f *Fault) onlySlow() bool { return f.Latency > 0 && f.Status == 0 && !f.After }

// answer is what the fault says instead of the server.
func (f *Fault) answer(c *call, w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	body := f.Body
	if f.HTML {
		w.Header().Set("Content-Type", "text/html")
		body = "<html><body><h1>Something is wrong</h1></body></html>"
	}
	if f.Echo {
		sent, _ := json.Marshal(string(c.body) + " " + c.req.Header.Get("Authorization")) // of a text
		body = strings.ReplaceAll(body, "%", strings.Trim(string(sent), `"`))
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(body)) // nobody to tell
}
