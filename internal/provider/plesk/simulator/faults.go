package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// Kind is how a request fails.
type Kind int

// The kinds of failure.
const (
	CutBefore Kind = iota // the connection ends, and nothing was done
	CutAfter              // it was done, and the connection ends
	HTML                  // a page of a proxy, and nothing was done
	Status                // an HTTP status without words, and nothing was done
	Truncated             // it was done, and half of the answer arrives
	Foreign               // it was done, and the answer is one to another question
	Idle                  // nothing was done, and the answer is that it was
)

// Fault is a failure of the next requests of an operation.
type Fault struct {
	// Op is an operation of the XML API, also where REST is asked: "del-db-user".
	// "change" is any that changes something, "" is any at all.
	Op         string
	Kind       Kind
	Status     int
	RetryAfter string
	Times      int // once when zero
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

// Down ends every connection until Up.
func (s *Server) Down() { s.setDown(true) }

// Up ends Down.
func (s *Server) Up() { s.setDown(false) }

func (s *Server) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

var changing = map[string]bool{"set-db-user": true, "del-db-user": true, "add-db-user": true, "set-default-user": true}

// fault takes the next fault of an operation, or nil. The lock is held.
func (s *Server) fault(op string) *Fault {
	for _, f := range s.faults {
		if f.Times > 0 && (f.Op == op || f.Op == "" || f.Op == "change" && changing[op]) {
			f.Times--
			return f
		}
	}
	return nil
}

// early reports whether the trouble comes before anything is done.
func (f *Fault) early() bool {
	return f != nil && (f.Kind == CutBefore || f.Kind == HTML || f.Kind == Status)
}

// idle is what undoes everything that follows, when that is the trouble.
func (s *Server) idle(f *Fault) func() {
	if f == nil || f.Kind != Idle {
		return func() {}
	}
	was := s.state.clone()
	return func() { s.state = was }
}

// before has that trouble.
func (f *Fault) before(w http.ResponseWriter) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	switch f.Kind {
	default: // CutBefore
		panic(http.ErrAbortHandler)
	case HTML:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(max(f.Status, http.StatusOK))
		_, _ = w.Write([]byte("<!doctype html><html><body><h1>Please wait<br></h1></body></html>"))
	case Status:
		w.WriteHeader(f.Status)
	}
}

// after sends the answer, or what is left of it.
func (f *Fault) after(w http.ResponseWriter, status int, kind string, body, foreign []byte) {
	if f != nil {
		switch f.Kind {
		case CutAfter:
			panic(http.ErrAbortHandler)
		case Truncated:
			body = body[:len(body)/2]
		case Foreign:
			body = foreign
		}
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // XML and JSON, escaped by their encoders
}

// limit counts requests.
type limit struct {
	most   int
	window time.Duration
	since  time.Time
	count  int
}

// over is how long to wait; zero when there is room.
func (l *limit) over(now time.Time) time.Duration {
	if l.most <= 0 {
		return 0
	}
	if now.Sub(l.since) >= l.window {
		l.since, l.count = now, 0
	}
	if l.count++; l.count <= l.most {
		return 0
	}
	return l.since.Add(l.window).Sub(now)
}

func tooMany(w http.ResponseWriter, after time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	w.WriteHeader(http.StatusTooManyRequests)
}
