// Package simulator is an OpenStack Trove, or a Rackspace Cloud Databases, that
// exists in memory: the identity service, the service catalogue and the databases of
// several regions behind one http.Handler.
//
// What was seen on a running Trove is done exactly. What nobody could check is a
// switch with a name (see Switches), so that a client can be held against each
// possibility. Orders that are queued there are queued here, and are carried out, held
// back or lost as a test wants.
//
// It shares no code with the client: names are taken out of paths here as the server
// does it, not as the client puts them in.
package simulator

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Face is which of the two systems is simulated.
type Face string

// The faces.
const (
	Trove     Face = "trove"
	Rackspace Face = "rackspace"
)

// Options are what a Server is made from. The zero value is a Trove with a project
// that takes the credentials of Defaults.
type Options struct {
	Face    Face
	Regions []string // "RegionOne"; for Rackspace "ORD"
	Project string   // the id in paths

	Username, Password              string // Keystone; the domain is "default"
	ProjectName                     string
	ApplicationID, ApplicationToken string // an application credential and its secret
	APIKey                          string // Rackspace, with Username
	Roles                           []string

	// TokenLife is an hour when zero.
	TokenLife time.Duration
	// PerMinute limits requests by method, as Trove does; zero means no limit.
	PerMinute int
	// CastDelay is how long queued orders wait. HoldCasts keeps them until Settle.
	CastDelay time.Duration
	HoldCasts bool
	// Latency is added to every answer.
	Latency time.Duration
	Now     func() time.Time

	Switches
}

func (o Options) filled() Options {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	region, project, role := "RegionOne", "3c1f0d5ab5e84c0a9e0f6c1f7c5a2b19", "member"
	if o.Face == Rackspace {
		region, project, role = "ORD", "734821", "dbaas:admin"
	}
	if o.Face == "" {
		o.Face = Trove
	}
	if len(o.Regions) == 0 {
		o.Regions = []string{region}
	}
	if len(o.Roles) == 0 {
		o.Roles = []string{role}
	}
	def(&o.Project, project)
	def(&o.Username, "svc-revoker")
	def(&o.Password, "correct-horse-battery")
	def(&o.ProjectName, "payments")
	def(&o.ApplicationID, "21dced0fd20347869b93710d2b98aae0")
	def(&o.ApplicationToken, "staple-of-the-application")
	def(&o.APIKey, "a0b1c2d3e4f5061728394a5b6c7d8e9f")
	if o.TokenLife == 0 {
		o.TokenLife = time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Server is a simulated cloud. It is safe for concurrent use.
type Server struct {
	o Options

	mu        sync.Mutex
	instances map[string]*instance // by id
	tokens    map[string]token
	issued    int
	casts     []cast
	lose      int
	faults    []*Fault
	down      bool
	spent     map[string]bucket
	journal   []Call
}

// New makes a Server with nothing on it; see Plant and Seed.
func New(o Options) *Server {
	return &Server{o: o.filled(), instances: map[string]*instance{}, tokens: map[string]token{}, spent: map[string]bucket{}}
}

// IdentityPath is where the identity service is, below the server's address.
func (s *Server) IdentityPath() string {
	if s.o.Face == Rackspace {
		return "/identity/v2.0"
	}
	return "/identity/v3"
}

// Options are those the server was made from, with the defaults filled in.
func (s *Server) Options() Options { return s.o }

// reply is an answer before it is written.
type reply struct {
	status int
	header map[string]string
	body   any    // JSON
	html   string // instead of it
}

// request is what a handler is given.
type request struct {
	*http.Request
	body   []byte
	region string
	// rest is the path behind the project, unescaped once, as the server takes it
	// apart.
	rest []string
	// format is what was cut off the last segment as a file type.
	format string
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	wait(r.Context(), s.o.Latency)
	op, handle := s.route(r, body)
	out, cut, hold := s.answer(op, r, handle)
	if hold > 0 {
		wait(r.Context(), hold)
	}
	if cut {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	out.write(w, s.o.Face)
}

// answer runs a handler, with the trouble that was arranged for it.
func (s *Server) answer(op string, r *http.Request, handle func() reply) (out reply, cut bool, hold time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apply(s.o.Now())
	call := Call{Op: op, Method: r.Method, URI: r.RequestURI}
	defer func() {
		call.Status = out.status
		if cut {
			call.Status = 0
		}
		s.journal = append(s.journal, call)
	}()
	if s.down {
		return reply{}, true, 0
	}
	f := s.fault(op)
	if f != nil && !f.After {
		return f.reply(), f.cuts(), f.Hold
	}
	out = handle()
	if f != nil {
		return f.reply(), f.cuts(), f.Hold
	}
	return out, false, 0
}

func (r reply) write(w http.ResponseWriter, face Face) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if face == Rackspace {
		h.Set("Via", "1.1 Repose (Repose/8.8.3.0)")
		h.Set("Server", "Jetty(9.2.z-SNAPSHOT)")
	}
	for name, value := range r.header {
		h.Set(name, value)
	}
	if r.html != "" {
		h.Set("Content-Type", "text/html")
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, r.html)
		return
	}
	if r.body == nil {
		h.Set("Content-Length", "0")
		w.WriteHeader(r.status)
		return
	}
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(r.body)
}

// wait waits for a while, or for the client to hang up.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// route finds the handler of a request, and its name for faults and the journal.
func (s *Server) route(r *http.Request, body []byte) (string, func() reply) {
	path := r.URL.EscapedPath()
	if path == s.IdentityPath()+map[Face]string{Trove: "/auth/tokens", Rackspace: "/tokens"}[s.o.Face] && r.Method == http.MethodPost {
		return OpLogin, func() reply { return s.login(r, body) }
	}
	for _, region := range s.o.Regions {
		rest, ok := strings.CutPrefix(path, "/"+region+"/v1.0/")
		if !ok {
			continue
		}
		q := request{Request: r, body: body, region: region}
		project := q.take(rest)
		op, handle := s.databases(q)
		return op, func() reply {
			if out, refused := s.admit(r, project); refused {
				return out
			}
			return handle()
		}
	}
	return "nothing", func() reply { return s.nothing() }
}

// take unescapes a path once, cuts off what looks like a file type, and takes it
// apart. An escaped slash ends a segment then, as it does on the server.
func (q *request) take(escaped string) (project string) {
	parts := strings.Split(unquote(escaped), "/")
	last := len(parts) - 1
	if dot := strings.LastIndex(parts[last], "."); dot >= 0 && last > 0 {
		parts[last], q.format = parts[last][:dot], parts[last][dot+1:]
	}
	q.rest = parts[1:]
	return parts[0]
}

// unquote resolves every valid escape and leaves the rest alone, as Python does.
func unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := hex(s[i+1]), hex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
