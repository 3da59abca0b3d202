package simulators

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
)

// Request is one that arrived, without its secrets.
type Request struct {
	On     string // which of the four
	Method string
	Path   string
	Does   string // the operation that a body names, where a path does not
	Status int    // zero: the connection was cut
}

// Changes reports whether it was meant to change something.
func (r Request) Changes() bool {
	return r.Method != http.MethodGet && r.Does != "get-db" && r.Does != "get-db-users" && !logins.MatchString(r.Path)
}

var (
	logins = regexp.MustCompile(`/(session|tokens)/?$`)
	// named finds the operation of Plesk's XML, and the action of Netim's JSON.
	named = regexp.MustCompile(`<((?:get|set|add|del)-(?:db|default)(?:-users?)?)\b|"action"\s*:\s*"([A-Za-z]{1,40})"`)
)

// watched tells seen about every request.
func watched(h http.Handler, on string, seen func(Request)) http.Handler {
	if seen == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20)) // a cut body is the simulator's to refuse
		r.Body = io.NopCloser(bytes.NewReader(body))
		req := Request{On: on, Method: r.Method, Path: r.URL.EscapedPath()}
		if m := named.FindSubmatch(body); m != nil {
			req.Does = string(m[1]) + string(m[2])
		}
		out := &statusWriter{ResponseWriter: w}
		defer func() { // also when the connection is cut
			req.Status = out.status
			seen(req)
		}()
		h.ServeHTTP(out, r)
		if out.status == 0 {
			out.status = http.StatusOK
		}
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
