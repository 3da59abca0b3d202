package scim

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Prefix is where the server stands.
const Prefix = "/scim/v2"

const (
	maxBody = 1 << 20 // a user has some kilobytes
	maxPage = 200     // users in one answer
	// maxScan is how many users are looked at for a filter that the records cannot look
	// up by themselves.
	maxScan = 20000
)

// Authenticator says who sends a request, and refuses who may not do the act. The
// error of who is not known is a *desk.Error of the kind Invalid, of who may not one of
// the kind Forbidden.
type Authenticator interface {
	Authenticate(r *http.Request, act roles.Act) (actor string, err error)
}

// Options are what a server needs.
type Options struct {
	Records *store.Store
	Who     Authenticator
	// Naming is the attribute that says which principal a new user is.
	Naming Naming
	Log    *slog.Logger
}

// server answers requests.
type server struct{ Options }

// New is the handler of everything below Prefix.
func New(o Options) http.Handler {
	s := &server{o}
	mux := http.NewServeMux()
	for pattern, h := range map[string]func(call) (answer, error){
		"GET /Users":         s.list,
		"POST /Users":        s.create,
		"GET /Users/{id}":    s.get,
		"PUT /Users/{id}":    s.replace,
		"PATCH /Users/{id}":  s.patch,
		"DELETE /Users/{id}": s.remove,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" "+Prefix+path, s.handle(h))
	}
	described := described()
	for _, path := range []string{"/ServiceProviderConfig", "/Schemas", "/Schemas/{id}", "/ResourceTypes", "/ResourceTypes/{id}"} {
		mux.Handle("GET "+Prefix+path, s.handle(func(c call) (answer, error) { return answer{plain: described}, nil }))
	}
	mux.Handle(Prefix+"/", s.handle(func(c call) (answer, error) {
		switch at := strings.TrimPrefix(c.r.URL.Path, Prefix); {
		case at == "/Users" || strings.HasPrefix(at, "/Users/"):
			return answer{}, &refusal{http.StatusMethodNotAllowed, "", c.r.Method + " is not for " + Prefix + at}
		case strings.HasPrefix(at, "/Groups"), strings.HasPrefix(at, "/Bulk"), strings.HasPrefix(at, "/Me"):
			return answer{}, &refusal{http.StatusNotImplemented, "", "only users are provisioned here"}
		}
		return answer{}, &refusal{http.StatusNotFound, "", "there is nothing at " + c.r.URL.Path}
	}))
	return mux
}

// call is one request.
type call struct {
	r    *http.Request
	by   string // who sends it
	base string // of the links in answers
	body []byte
}

func (c call) id() string { return c.r.PathValue("id") }

// answer is one success.
type answer struct {
	status int
	body   map[string]any
	plain  http.Handler // answers by itself
}

// handle lets through who may, reads the body, and writes what came of it.
func (s *server) handle(h func(call) (answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := call{r: r, base: baseOf(r)}
		a, err := s.answer(w, c, h)
		switch {
		case err != nil:
			no := refusalOf(err)
			if no.status >= http.StatusInternalServerError && no.status != http.StatusNotImplemented {
				s.Log.Error("a SCIM request failed", "method", r.Method, "path", r.URL.Path, "error", err)
			}
			no.write(w)
		case a.plain != nil:
			http.StripPrefix(Prefix, a.plain).ServeHTTP(w, r)
		case a.body == nil:
			w.WriteHeader(a.status)
		default:
			if meta, ok := a.body["meta"].(map[string]any); ok && a.status == http.StatusCreated {
				w.Header().Set("Location", fmt.Sprint(meta["location"]))
			}
			send(w, a.status, a.body)
		}
	})
}

func (s *server) answer(w http.ResponseWriter, c call, h func(call) (answer, error)) (a answer, err error) {
	act := roles.Provision
	if c.r.Method == http.MethodGet {
		act = roles.Read
	}
	if c.by, err = s.Who.Authenticate(c.r, act); err != nil {
		if f := desk.Explain(err); f.Kind == desk.Invalid {
			err = &refusal{http.StatusUnauthorized, "", f.Error()}
		}
		return a, err
	}
	if c.body, err = io.ReadAll(http.MaxBytesReader(w, c.r.Body, maxBody)); err != nil {
		if refusalOf(err).status != http.StatusRequestEntityTooLarge {
			err = bad(invalidSyntax, "the body did not arrive whole")
		}
		return a, err
	}
	a, err = h(c)
	if err != nil && act == roles.Provision {
		s.note(c, err)
	}
	return a, err
}

// baseOf is the address of the server as the client called it.
func baseOf(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	return scheme + "://" + r.Host + Prefix
}

// now is the time that a request is judged by.
func now() time.Time { return time.Now().UTC() }
