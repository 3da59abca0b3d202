// Package simulator is a Netim that answers on this machine: REST API 1.0 as far as
// web hostings, their databases and their database users go, over an http.Handler with
// state.
//
// What the documentation says is built in. What it does not say is a switch, so that a
// client can be held against each answer that the real API might give. The deadly
// neighbours of the calls that revoke access (deleting a database, deleting a hosting)
// are built in too: a client that sends one by mistake finds the data gone.
package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options are what a Server is made from.
type Options struct {
	ID, Secret string // that open a session; "NETIM" and "mysecret" when empty
	// Now is the clock of sessions and operations; time.Now when nil.
	Now func() time.Time
	// Latency is what every request takes at least.
	Latency time.Duration
	Switches
}

// Server is the API. It is safe for concurrent use.
type Server struct {
	opt Options

	mu         sync.Mutex // guards all below
	hostings   map[string]*Hosting
	sessions   []*session
	operations []*operation
	faults     []*Fault
	down       bool
	journal    []Request
	inFlight   int
	busiest    int
	minute     []time.Time // of the requests that were served lately
	serial     int
}

// New is a server without hostings.
func New(o Options) *Server {
	if o.ID == "" {
		o.ID = "NETIM"
	}
	if o.Secret == "" {
		o.Secret = "mysecret"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Switches = o.Switches.filled()
	return &Server{opt: o, hostings: map[string]*Hosting{}}
}

// maxBody is more than any request needs.
const maxBody = 1 << 20

// ServeHTTP answers below /1.0/. It takes a slash more or less, as the real one does.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	c := &call{req: req, body: body, path: segments(req.URL.Path), header: http.Header{}}
	done := s.enter(c)
	defer done()
	f := s.fault(c)
	if !wait(req.Context(), s.opt.Latency) || f != nil && !wait(req.Context(), f.Latency) {
		return
	}
	if f != nil && !f.After && !f.onlySlow() {
		f.answer(c, w)
		return
	}
	s.serve(c)
	if f != nil && f.After {
		f.answer(c, w)
		return
	}
	c.write(w)
}

// segments are those of the path, without the version.
func segments(path string) []string {
	var out []string
	for part := range strings.SplitSeq(path, "/") {
		if part != "" {
			out = append(out, part)
		}
	}
	if len(out) > 0 && out[0] == "1.0" {
		return out[1:]
	}
	return []string{"?"}
}

// enter counts the request, and cuts it off when the server is down or busy.
func (s *Server) enter(c *call) (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight++
	s.busiest = max(s.busiest, s.inFlight)
	leave = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight--
	}
	if s.down || s.opt.DropsParallel && s.inFlight > 1 {
		s.inFlight--
		panic(http.ErrAbortHandler)
	}
	s.journal = append(s.journal, Request{Method: c.req.Method, Path: strings.Join(c.path, "/"), Action: c.action(), Body: string(c.body)})
	return leave
}

// call is one request and its answer.
type call struct {
	req    *http.Request
	body   []byte
	path   []string
	args   map[string]any
	lang   string
	header http.Header
	status int
	answer []byte
}

// at matches the path; "*" is any one segment.
func (c *call) at(method string, pattern ...string) bool {
	if c.req.Method != method || len(c.path) != len(pattern) {
		return false
	}
	for i, p := range pattern {
		if p != "*" && p != c.path[i] {
			return false
		}
	}
	return true
}

// action is the action of a PATCH.
func (c *call) action() string {
	var b struct {
		Action string `json:"action"`
	}
	_ = json.Unmarshal(c.body, &b) // what is no JSON has no action
	return b.Action
}

func (c *call) say(status int, v any) {
	c.status = status
	c.answer, _ = json.Marshal(v) // maps of plain values
}

func (c *call) write(w http.ResponseWriter) {
	if len(c.answer) > 0 && c.header.Get("Content-Type") == "" {
		c.header.Set("Content-Type", "application/json")
	}
	maps.Copy(w.Header(), c.header)
	w.WriteHeader(c.status)
	_, _ = w.Write(c.answer) // nobody to tell
}

// text is an argument that is a string.
func text(args map[string]any, name string) string {
	s, _ := args[name].(string)
	return s
}

// params are the parameters of an action.
func (c *call) params() map[string]any {
	p, _ := c.args["params"].(map[string]any)
	return p
}

// parse reads the body. Official clients send [] where there is nothing to say.
func (c *call) parse() bool {
	trimmed := bytes.TrimSpace(c.body)
	if len(trimmed) == 0 || string(trimmed) == "[]" {
		c.args = map[string]any{}
		return true
	}
	return json.Unmarshal(trimmed, &c.args) == nil && c.args != nil
}

// wait is false when the client has gone in the meantime.
func wait(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
