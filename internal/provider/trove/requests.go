package trove

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/wire"
)

// requests are all that is ever sent to a database service. Among those that are
// not: deleting or changing an instance, and deleting a database.
//
// The host of an account may be a network with a mask, which has a slash in it; that
// is what {user*} is for, and why canonical looks at that segment too.
var requests = []wire.Allow{
	{Method: http.MethodGet, Pattern: "/instances", Query: []string{"limit", "marker", "include_clustered"}},
	{Method: http.MethodGet, Pattern: "/instances/{instance}"},
	{Method: http.MethodGet, Pattern: "/instances/{instance}/root"},
	{Method: http.MethodGet, Pattern: "/instances/{instance}/users", Query: []string{"limit", "marker"}},
	{Method: http.MethodGet, Pattern: "/instances/{instance}/users/{user*}"},
	{Method: http.MethodGet, Pattern: "/instances/{instance}/users/{user*}/databases"},
	{Method: http.MethodDelete, Pattern: "/instances/{instance}/users/{user*}"},
	{Method: http.MethodDelete, Pattern: "/instances/{instance}/users/{user*}/databases/{database}"},
	{Method: http.MethodPut, Pattern: "/instances/{instance}/users", Body: oneUser},
	{Method: http.MethodPost, Pattern: "/instances/{instance}/users", Body: oneUser},
	{Method: http.MethodPut, Pattern: "/instances/{instance}/users/{user*}/databases", Body: oneDatabase},
}

// logins are all that is ever sent to the identity service.
var logins = map[face][]wire.Allow{
	keystonePassword:    {{Method: http.MethodPost, Pattern: "/auth/tokens", Body: wire.AnyBody}},
	keystoneApplication: {{Method: http.MethodPost, Pattern: "/auth/tokens", Body: wire.AnyBody}},
	rackspace:           {{Method: http.MethodPost, Pattern: "/tokens", Body: wire.AnyBody}},
}

// oneUser approves of a body that sets the password of one name at one host.
func oneUser(body []byte) error {
	var sent struct {
		Users []map[string]string `json:"users"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return errors.New("is not a list of users")
	}
	if len(sent.Users) != 1 {
		return fmt.Errorf("names %d users", len(sent.Users))
	}
	u := sent.Users[0]
	if len(u) != 3 || u["name"] == "" || u["host"] == "" || u["password"] == "" {
		return errors.New("must have a name, a host and a password and nothing else")
	}
	return nil
}

// oneDatabase approves of a body that grants one database.
func oneDatabase(body []byte) error {
	var sent struct {
		Databases []map[string]string `json:"databases"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return errors.New("is not a list of databases")
	}
	if len(sent.Databases) != 1 || len(sent.Databases[0]) != 1 || sent.Databases[0]["name"] == "" {
		return errors.New("must name one database")
	}
	return nil
}

// twice is a segment in which every byte but the plainest was escaped twice.
var twice = regexp.MustCompile(`^([A-Za-z0-9_-]|%25[0-9A-F]{2})+$`)

// canonical refuses a user that is not written as segment writes it. Escaped once,
// a slash in it would end the segment on the server, and "delete the account" be
// "revoke a database", or worse.
func canonical(path string) error {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if p == "users" && i+1 < len(parts) && i >= 2 && parts[i-2] == "instances" {
			if !twice.MatchString(parts[i+1]) {
				return errors.New("the user in the path is not escaped twice")
			}
		}
	}
	return nil
}

// wires sends each request through the guard of its host; a host without one gets
// nothing.
type wires struct {
	cfg  Config
	base http.RoundTripper

	mu     sync.RWMutex
	guards map[string]*wire.Guard // by scheme and host
}

// admit makes a guard for a service, once. Two services may share a host, as two
// regions behind one gateway do: both are declared then.
func (w *wires) admit(all services) error {
	byHost := map[string][]wire.Allow{}
	for base, allow := range all {
		host, prefix, err := splitBase(base)
		if err != nil {
			return err
		}
		for _, a := range allow {
			a.Pattern = prefix + a.Pattern
			byHost[host] = append(byHost[host], a)
		}
	}
	guards := map[string]*wire.Guard{}
	for host, allow := range byHost {
		guard, err := wire.New(wire.Options{
			Base: host, Allow: allow, Secrets: present(w.cfg.secrets()), Timeout: w.cfg.ListTimeout, Transport: w.base,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", host, err)
		}
		guards[host] = guard
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.guards = guards
	return nil
}

// RoundTrip implements http.RoundTripper.
func (w *wires) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.RLock()
	guard := w.guards[req.URL.Scheme+"://"+req.URL.Host]
	w.mu.RUnlock()
	why := canonical(req.URL.EscapedPath())
	if guard == nil {
		why = errors.New("the service catalogue names no such host")
	}
	if why != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, &provider.Error{Kind: provider.Rejected, Op: req.Method + " " + brief(req.URL.EscapedPath()),
			Err: fmt.Errorf("%w: %w", wire.ErrNotDeclared, why)}
	}
	return guard.RoundTrip(req)
}

// scrub takes our credentials out of a text.
func (w *wires) scrub(text string) string {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, g := range w.guards {
		text = g.Scrub(text) // each knows what was sent to its host
	}
	return text
}

func present(all []config.Secret) []config.Secret {
	var out []config.Secret
	for _, s := range all {
		if !s.Empty() {
			out = append(out, s)
		}
	}
	return out
}

// services are the requests that may be sent, by the address of the service.
type services map[string][]wire.Allow
