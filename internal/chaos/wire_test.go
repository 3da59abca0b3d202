package chaos

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/severhq/sever/internal/dev/simulators"
)

// seen is one request that arrived at a simulator, or one statement at the target.
type seen struct {
	At      time.Time
	On      string
	Names   []string // the accounts that it names, by the part that seeds make up
	Changes bool
	What    string // what it asks for, without secrets
	Status  int
	// Where is the host of the account that it names, where accounts have hosts and it
	// says one.
	Where string
}

func (s seen) String() string {
	return fmt.Sprintf("%s %s %s (%d)", s.At.Format("15:04:05.000"), s.On, s.What, s.Status)
}

// wire sees everything that arrives at the simulators and, from its tap, at MariaDB.
type wire struct {
	site *simulators.Site

	mu      sync.Mutex
	all     []*seen
	changes int
	// reached is told of the number of each change, before and after it takes effect.
	reached func(n int, before bool)
}

var (
	// invented are the names that seeds make up; an x behind one is the namesake, who stays.
	invented = regexp.MustCompile(`chaos\d+p\dx?`)
	// operation finds what Plesk's XML or Netim's JSON asks for.
	operation = regexp.MustCompile(`<((?:get|set|add|del)-(?:db|default)(?:-users?)?)\b|"action"\s*:\s*"([A-Za-z]{1,40})"`)
	numbered  = regexp.MustCompile(`<id>(\d+)</id>`)
)

// names are the invented names in texts, each once.
func names(texts ...string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, invented.FindAllString(t, -1)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// watch passes everything on and keeps what was asked.
func (w *wire) watch(on string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		s, n, tell := w.note(on, r, body)
		if n > 0 {
			tell(n, true)
		}
		out := &status{ResponseWriter: rw}
		defer func() { // also when the connection is cut
			w.answered(s, out.code)
			if n > 0 {
				tell(n, false)
			}
		}()
		h.ServeHTTP(out, r)
		if out.code == 0 {
			out.code = http.StatusOK
		}
	})
}

type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// note keeps a request; n is its number among the changes, or zero.
func (w *wire) note(on string, r *http.Request, body []byte) (s *seen, n int, tell func(int, bool)) {
	req := simulators.Request{On: on, Method: r.Method, Path: r.URL.EscapedPath()}
	if m := operation.FindSubmatch(body); m != nil {
		req.Does = string(m[1]) + string(m[2])
	}
	path, err := url.PathUnescape(req.Path)
	if err != nil {
		path = req.Path
	}
	s = &seen{At: time.Now(), On: on, Changes: req.Changes(), Names: names(path, string(body), w.byNumber(on, body))}
	s.What = fmt.Sprintf("%s %s %s %v", r.Method, path, req.Does, s.Names)
	n, tell = w.keep(s)
	return s, n, tell
}

// keep adds what was seen; n is its number among the changes, or zero.
func (w *wire) keep(s *seen) (n int, tell func(int, bool)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, s)
	if s.Changes {
		w.changes++
		n = w.changes
	}
	return n, w.reached
}

// answered notes what was said to what was seen.
func (w *wire) answered(s *seen, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Status = status
}

// byNumber are the logins of the users that Plesk's requests name by number.
func (w *wire) byNumber(on string, body []byte) (out string) {
	if on != simulators.Plesk {
		return ""
	}
	for _, m := range numbered.FindAllSubmatch(body, -1) {
		id, _ := strconv.Atoi(string(m[1]))
		for _, u := range w.site.Plesk.Users() {
			if u.ID == id {
				out += " " + u.Login
			}
		}
	}
	return out
}

// begin forgets what was seen and has the counts start anew.
func (w *wire) begin(reached func(n int, before bool)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all, w.changes, w.reached = nil, 0, reached
}

// log is what was seen so far.
func (w *wire) log() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []seen
	for _, s := range w.all {
		out = append(out, *s)
	}
	return out
}
