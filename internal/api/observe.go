package api

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/severhq/sever/internal/desk"
)

// request is what is known of one request, on its way through.
type request struct {
	id     string
	caller Caller
	key    string // of the update that it becomes; a repeated request has the same
}

type requestKey struct{}

// requestOf is never nil, so that whoever asks gets at least empty values.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// given are the request ids that are taken from a client.
var given = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// observe gives each request its id, its time and its line in the log. The line has the
// pattern and not the path: in paths are names of people.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		about := &request{id: r.Header.Get("X-Request-ID")}
		if !given.MatchString(about.id) {
			about.id = desk.Random(20)
		}
		h := w.Header()
		h.Set("X-Request-ID", about.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), requestKey{}, about), s.Within)
		defer cancel()
		r = r.WithContext(ctx)
		out := &counted{ResponseWriter: w}
		defer func() {
			if broken := recover(); broken != nil {
				if err, ok := broken.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(broken)
				}
				s.Log.ErrorContext(ctx, "a request broke", "request", about.id, "panic", broken, "stack", string(debug.Stack()))
				if out.status == 0 {
					refuse(out, newProblem(http.StatusInternalServerError, "internal", about.id, "Sever could not do its part"))
				}
			}
			s.Log.InfoContext(ctx, "request", "request", about.id, "method", r.Method, "pattern", r.Pattern, "status", out.status,
				"bytes", out.bytes, "took", time.Since(began), "actor", about.caller.Name, "token", about.caller.Token)
		}()
		next.ServeHTTP(out, r)
	})
}

// counted remembers what was answered.
type counted struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// Unwrap lets deadlines reach the connection.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }
