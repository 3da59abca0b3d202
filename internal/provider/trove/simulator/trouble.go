package simulator

import (
	"net/http"
	"time"
)

// What requests do, for faults and the journal.
const (
	OpLogin         = "login"
	OpListInstances = "list instances"
	OpGetInstance   = "get instance"
	OpRoot          = "root"
	OpListUsers     = "list users"
	OpGetUser       = "get user"
	OpListDatabases = "list databases"
	OpGrant         = "grant"
	OpRevoke        = "revoke"
	OpDelete        = "delete"
	OpPassword      = "password"
	OpCreate        = "create"
)

// Fault is a failure of the next requests of one kind.
type Fault struct {
	Op    string
	Times int // once when zero
	// After lets the request take effect, and loses the answer.
	After bool
	// Status is what is answered instead; zero ends the connection without an answer.
	Status int
	// Message is the fault's; HTML sends a page in its place. Body is sent as it is.
	Message string
	HTML    bool
	Body    any
	// Header is added to the answer.
	Header map[string]string
	// Hold keeps the answer back for a while.
	Hold time.Duration
}

var faultNames = map[int]string{
	400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod", 413: "overLimit",
	415: "badMediaType", 422: "unprocessableEntity", 429: "overLimit", 500: "instanceFault", 501: "notImplemented", 503: "serviceUnavailable",
}

func (f *Fault) cuts() bool { return f.Status == 0 }

func (f *Fault) reply() reply {
	out := reply{status: f.Status, header: f.Header}
	switch {
	case f.HTML:
		out.html = "<html><head><title>" + http.StatusText(f.Status) + "</title></head><body><h1>" + f.Message + "</h1></body></html>"
	case f.Body != nil:
		out.body = f.Body
	default:
		name, ok := faultNames[f.Status]
		if !ok {
			name = "computeFault"
		}
		out.body = object{name: object{"code": f.Status, "message": f.Message}}
	}
	return out
}

// Fail arranges faults. They are used up in their order.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		s.faults = append(s.faults, &f)
	}
}

// Mend drops the faults that were not used up.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Down ends every connection without an answer, until Up.
func (s *Server) Down() { s.set(func() { s.down = true }) }

// Up ends Down.
func (s *Server) Up() { s.set(func() { s.down = false }) }

// ExpireTokens makes every token a dead one.
func (s *Server) ExpireTokens() { s.set(func() { s.tokens = map[string]token{} }) }

// ChangeCredentials makes the password, the application's secret and the API key
// wrong, and the tokens dead.
func (s *Server) ChangeCredentials() {
	s.set(func() {
		s.tokens = map[string]token{}
		s.o.Password, s.o.ApplicationToken, s.o.APIKey = "changed", "changed", "changed"
	})
}

func (s *Server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *Server) fault(op string) *Fault {
	for _, f := range s.faults {
		if f.Times > 0 && f.Op == op {
			f.Times--
			return f
		}
	}
	return nil
}

// Call is a request that arrived.
type Call struct {
	Op     string
	Method string
	URI    string // escaped, as it was sent
	Status int    // zero: the connection was ended
}

// Journal is what arrived, in order.
func (s *Server) Journal() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.journal...)
}

// Forget empties the journal.
func (s *Server) Forget() { s.set(func() { s.journal = nil }) }

// cast is an order that was accepted and waits.
type cast struct {
	due time.Time
	do  func()
}

// queue accepts an order: it is lost, carried out at once, later, or held.
func (s *Server) queue(do func()) {
	switch {
	case s.lose > 0:
		s.lose--
	case s.o.HoldCasts:
		s.casts = append(s.casts, cast{do: do})
	case s.o.CastDelay > 0:
		s.casts = append(s.casts, cast{s.o.Now().Add(s.o.CastDelay), do})
	default:
		do()
	}
}

// apply carries out what is due.
func (s *Server) apply(now time.Time) {
	var waiting []cast
	for _, c := range s.casts {
		if c.due.IsZero() || now.Before(c.due) {
			waiting = append(waiting, c)
			continue
		}
		c.do()
	}
	s.casts = waiting
}

// Settle carries out what is queued, in order, and says how much that was.
func (s *Server) Settle() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.casts)
	for _, c := range s.casts {
		c.do()
	}
	s.casts = nil
	return n
}

// LoseCasts lets the next n orders that are accepted come to nothing, unseen.
func (s *Server) LoseCasts(n int) { s.set(func() { s.lose = n }) }
