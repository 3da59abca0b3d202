package simulator

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Fault is what goes wrong with the next requests that it is for.
type Fault struct {
	// Method and Path say which: regular expressions over "PUT" and the escaped path.
	// Empty ones are for all.
	Method, Path string
	Times        int // once when zero
	// After lets the request take effect first.
	After bool
	// Status answers that, with Body as it is, or with an error body when empty. Zero
	// cuts the connection.
	Status  int
	Body    string
	Headers map[string]string
	// Latency comes before everything else.
	Latency time.Duration

	method, path *regexp.Regexp
}

// Fail arranges faults. They are used up in the order in which they were given.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		f.method, f.path = regexp.MustCompile(`^(`+f.Method+`)$`), regexp.MustCompile(f.Path)
		if f.Method == "" {
			f.method = regexp.MustCompile(``)
		}
		s.faults = append(s.faults, &f)
	}
}

// Calm drops the faults that were not used up.
func (s *Server) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// HTML is a body of a gateway that is not the API.
const HTML = "<html><head><title>502 Bad Gateway</title></head><body>dop_v1_leak https://doadmin:hunter2@db</body></html>"

// Down cuts every connection until Up.
func (s *Server) Down() { s.setDown(true) }

// Up ends Down.
func (s *Server) Up() { s.setDown(false) }

func (s *Server) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// fault takes the next one for the request, or nil.
func (s *Server) fault(r *http.Request) (*Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, true
	}
	for _, f := range s.faults {
		if f.Times > 0 && f.method.MatchString(r.Method) && f.path.MatchString(r.URL.EscapedPath()) {
			f.Times--
			return f, false
		}
	}
	return nil, false
}

// Request is a line of the journal.
type Request struct {
	Method string
	URI    string
	Body   string
	Status int // 0: the connection was cut
}

// Journal is every request that arrived, in order.
func (s *Server) Journal() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

// Writes are those that were meant to change something.
func (s *Server) Writes() []Request {
	return slices.DeleteFunc(s.Journal(), func(r Request) bool { return r.Method == http.MethodGet })
}

// ServeHTTP is the API behind its faults.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	s.mu.Lock()
	line := len(s.journal)
	s.journal = append(s.journal, Request{r.Method, r.RequestURI, string(body), 0})
	s.mu.Unlock()
	ended := func(status int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.journal[line].Status = status
	}
	f, down := s.fault(r)
	if down {
		panic(http.ErrAbortHandler)
	}
	s.pause(r.Context())
	if f == nil {
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		s.api.ServeHTTP(seen, r)
		ended(seen.status)
		return
	}
	rest(r.Context(), f.Latency)
	if f.After {
		s.api.ServeHTTP(lost{http.Header{}}, r)
	}
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	ended(f.Status)
	w.Header().Set("Content-Type", "text/html")
	if f.Body == "" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		f.Body = `{"id":"server_error","message":"Server Error"}`
	}
	for name, value := range f.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body)
}

// lost is where an answer goes that nobody gets.
type lost struct{ header http.Header }

func (l lost) Header() http.Header         { return l.header }
func (l lost) Write(p []byte) (int, error) { return len(p), nil }
func (l lost) WriteHeader(int)             {}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// pause is the latency of every request.
func (s *Server) pause(ctx context.Context) { rest(ctx, s.o.Latency) }

func rest(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
