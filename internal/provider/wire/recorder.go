package wire

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"sync"
)

// Recorder is for tests: it stands in front of a simulator and keeps what reached
// it. Requests that a Guard refuses are not among that.
type Recorder struct {
	next http.Handler

	mu   sync.Mutex
	seen []Seen
}

// Seen is a request as it arrived.
type Seen struct {
	Method string
	URI    string // escaped, with the query, as it was sent
	Body   string
}

// Record puts a Recorder in front of next; nil answers 200 to everything.
func Record(next http.Handler) *Recorder {
	if next == nil {
		next = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	}
	return &Recorder{next: next}
}

func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	req.Body = io.NopCloser(bytes.NewReader(body))
	r.mu.Lock()
	r.seen = append(r.seen, Seen{req.Method, req.RequestURI, string(body)})
	r.mu.Unlock()
	r.next.ServeHTTP(w, req)
}

// Seen is what arrived, in order.
func (r *Recorder) Seen() []Seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// Count is how much of it arrived.
func (r *Recorder) Count() int { return len(r.Seen()) }
