package simulator

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// reply is what a request is answered with.
type reply struct {
	status int
	body   any // nil: no body
}

// failure is an error body.
func failure(status int, id, message string) reply {
	return reply{status, map[string]any{"id": id, "message": message}}
}

var (
	notFound     = failure(404, "not_found", "The resource you requested could not be found.")
	noCluster    = failure(404, "not_found", "cluster not found")
	serverError  = failure(500, "server_error", "Server Error")
	unauthorized = failure(401, "unauthorized", "Unable to authenticate you.")
	forbidden    = failure(403, "forbidden", "You do not have access for the attempted action.")
	notReady     = failure(412, "precondition_failed", "cluster is not ready")
	noContent    = reply{status: 204}
)

func unprocessable(message string) reply { return failure(422, "unprocessable_entity", message) }

// serveAPI answers without faults and latency.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	headers, throttled := s.count()
	s.lastID++
	headers["x-request-id"] = fmt.Sprintf("00000000-0000-4000-8000-%012x", s.lastID)
	s.mu.Unlock()
	out := throttled
	if out.status == 0 {
		out = s.answer(r)
	}
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	if out.body == nil {
		w.WriteHeader(out.status)
		return
	}
	if e, ok := out.body.(map[string]any); ok && out.status >= 400 {
		e = map[string]any{"id": e["id"], "message": e["message"], "request_id": headers["x-request-id"]}
		out.body = e
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(out.status)
	_ = json.NewEncoder(w).Encode(out.body)
}

// answer checks who asks and finds what is asked for.
func (s *Server) answer(r *http.Request) reply {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || subtle.ConstantTimeCompare([]byte(token), []byte(s.o.Token)) == 0 {
		return unauthorized
	}
	q := request{Request: r}
	for raw := range strings.SplitSeq(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/") {
		name, err := url.PathUnescape(raw)
		if err != nil {
			return failure(400, "bad_request", "malformed path")
		}
		q.path = append(q.path, name)
	}
	return s.route(q)
}

// request is one with its path in unescaped segments: v2, databases, cluster, ...
type request struct {
	*http.Request
	path []string
}

func (q request) at(i int) string {
	if i < len(q.path) {
		return q.path[i]
	}
	return ""
}

// route is the API: method and form of the path, the scope, and what it does.
func (s *Server) route(q request) reply {
	if q.at(0) != "v2" || q.at(1) != "databases" {
		return s.unexpected(q)
	}
	type handler func(request, *cluster) reply
	routes := map[string]struct {
		scope   string
		handler handler
	}{
		"GET users":               {Read, s.listUsers},
		"POST users":              {Create, s.createUser},
		"GET users/x":             {Read, s.getUser},
		"PUT users/x":             {Update, s.putUser},
		"DELETE users/x":          {Delete, s.deleteUser},
		"POST users/x/reset_auth": {Update, s.resetAuth},
		"GET dbs":                 {Read, s.listDatabases},
		"GET pools":               {Read, s.listPools},
		"POST pools":              {Create, s.createPool},
		"GET pools/x":             {Read, s.getPool},
		"PUT pools/x":             {Update, s.putPool},
		"DELETE pools/x":          {Delete, s.deletePool},
		"GET cluster":             {Read, s.getCluster},
	}
	if len(q.path) == 2 && q.Method == http.MethodGet {
		if !s.may(Read) {
			return forbidden
		}
		return s.listClusters(q)
	}
	form := "cluster"
	if len(q.path) > 3 {
		form = q.at(3)
	}
	if len(q.path) > 4 && q.at(4) != "" {
		form += "/x"
	}
	if len(q.path) > 5 {
		form += "/" + strings.Join(q.path[5:], "/")
	}
	route, ok := routes[q.Method+" "+form]
	switch {
	case !ok:
		return s.unexpected(q)
	case !s.may(route.scope):
		return forbidden
	}
	s.mu.Lock()
	c := s.clusters[q.at(2)]
	s.mu.Unlock()
	if c == nil {
		return notFound
	}
	return s.apply(q, c, form, route.handler)
}

// apply runs a handler, changes of users one at a time where they may not overlap.
func (s *Server) apply(q request, c *cluster, form string, h func(request, *cluster) reply) reply {
	changes := q.Method != http.MethodGet
	s.mu.Lock()
	defer s.mu.Unlock()
	if changes && c.Status != "online" {
		return notReady
	}
	if changes && s.o.Switches.Overlap && c.Engine == "mongodb" && strings.HasPrefix(form, "users") {
		if s.busy[c.ID] > 0 {
			return serverError
		}
		s.busy[c.ID]++
		defer func() { s.busy[c.ID]-- }()
		s.mu.Unlock()
		s.pause(q.Context())
		s.mu.Lock()
	}
	return h(q, c)
}

func (s *Server) may(scope string) bool { return slices.Contains(s.o.Scopes, scope) }

// unexpected is a request that nobody who knows the API sends. What could destroy
// something raises an alarm.
func (s *Server) unexpected(q request) reply {
	if q.Method != http.MethodGet {
		s.alarm("unexpected " + q.Method + " " + q.RequestURI)
		return failure(405, "method_not_allowed", "method not allowed")
	}
	return notFound
}

func (s *Server) alarm(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarms = append(s.alarms, what)
}

// Alarms are the requests that should never have been sent.
func (s *Server) Alarms() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.alarms)
}

// paged cuts a list as the switch says.
func (s *Server) paged(q request, key string, all []any) reply {
	if all == nil {
		all = []any{}
	}
	if s.o.Switches.Paging == WholeLists {
		return reply{200, map[string]any{key: all}}
	}
	number := func(name string, fallback int) int {
		if n, err := strconv.Atoi(q.URL.Query().Get(name)); err == nil && n > 0 {
			return n
		}
		return fallback
	}
	page, size := number("page", 1), min(number("per_page", 20), 200)
	if s.o.Switches.Paging != PagesAsAsked {
		size = 20
	}
	from := min((page-1)*size, len(all))
	to := min(from+size, len(all))
	body := map[string]any{key: all[from:to]}
	if s.o.Switches.Paging == SilentPagesOf20 {
		return reply{200, body}
	}
	body["meta"] = map[string]any{"total": len(all)}
	if to < len(all) {
		next := fmt.Sprintf("https://api.digitalocean.com%s?page=%d&per_page=%d", q.URL.EscapedPath(), page+1, size)
		body["links"] = map[string]any{"pages": map[string]any{"next": next, "last": next}}
	}
	return reply{200, body}
}
