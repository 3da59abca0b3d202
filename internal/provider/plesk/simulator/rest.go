package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// restCall is one request to REST v2.
type restCall struct {
	*Server
	by   *Account
	body []byte
}

// restAnswer is a status and what is written as JSON.
type restAnswer struct {
	status int
	body   any
}

type restError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func restFailed(status int, message string) restAnswer {
	return restAnswer{status, restError{status, message}}
}

func (s *Server) serveREST(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/api/v2/"), "/")
	op, ids := named(r.Method, parts)
	f := s.fault(op)
	s.note(op, f != nil, ids...)
	if f.early() {
		f.before(w)
		return
	}
	defer s.idle(f)()
	a := s.route(r, body, op, parts)
	text, err := json.Marshal(a.body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	f.after(w, a.status, "application/json", text, []byte(`{"something":"else"}`))
}

// named is the operation of the XML API that a request stands for.
func named(method string, parts []string) (op string, ids []int) {
	if len(parts) == 2 {
		if id, err := strconv.Atoi(parts[1]); err == nil {
			ids = []int{id}
		}
	}
	op = map[string]string{
		"GET databases": "get-db", "GET dbusers": "get-db-users", "POST dbusers": "add-db-user",
		"PUT dbusers": "set-db-user", "DELETE dbusers": "del-db-user", "DELETE databases": "del-db",
	}[method+" "+parts[0]]
	return op, ids
}

func (s *Server) route(r *http.Request, body []byte, op string, parts []string) restAnswer {
	login, password, _ := r.BasicAuth()
	by := s.who(login, password, r.Header.Get("X-Api-Key"))
	if by == nil || !by.Admin {
		if s.switches.Forbidden || by != nil {
			return restFailed(http.StatusForbidden, "Forbidden")
		}
		return restFailed(http.StatusUnauthorized, "Invalid credentials")
	}
	c := restCall{s, by, body}
	id := 0
	if len(parts) == 2 {
		id, _ = strconv.Atoi(parts[1])
	}
	switch {
	case op == "get-db" && len(parts) == 1:
		return c.databases()
	case op == "get-db-users" && len(parts) == 1:
		return c.users(r.URL.Query().Get("dbId"))
	case op == "add-db-user" && len(parts) == 1:
		return c.add()
	case op == "set-db-user" && id > 0:
		return c.set(id)
	case op == "del-db-user" && id > 0:
		return c.remove(id)
	case op == "del-db":
		s.alarm("DELETE of a database")
		return restAnswer{http.StatusOK, map[string]string{"status": "success"}}
	case r.Method == http.MethodDelete:
		s.alarm("DELETE " + r.URL.EscapedPath())
	}
	return restFailed(http.StatusNotFound, "Not Found")
}

var success = restAnswer{http.StatusOK, map[string]string{"status": "success"}}

func (c restCall) databases() restAnswer {
	out := []map[string]any{}
	for _, id := range sortedKeys(c.state.databases) {
		db := c.state.databases[id]
		one := map[string]any{
			"id": id, "name": db.Name, "type": c.state.servers[db.Server].Type, "server_id": db.Server,
			"parent_domain": db.Subscription, "default_user_id": db.Default,
		}
		if c.switches.DomainObject {
			one["parent_domain"] = map[string]any{"id": db.Subscription, "name": c.state.subscriptions[db.Subscription]}
		}
		out = append(out, one)
	}
	return restAnswer{http.StatusOK, out}
}

func (c restCall) show(u *User) map[string]any {
	one := map[string]any{"id": u.ID, "login": u.Login}
	switch {
	case u.Database != 0:
		one["database_id"] = u.Database
	case c.switches.UniversalZero:
		one["database_id"] = 0
	case c.switches.UniversalNull:
		one["database_id"] = nil
	}
	return one
}

func (c restCall) users(dbID string) restAnswer {
	out := []map[string]any{}
	sw := c.switches
	if dbID == "" {
		for _, id := range sortedKeys(c.state.users) {
			if u := c.state.users[id]; u.Database != 0 || !sw.UniversalOnlyListed {
				out = append(out, c.show(u))
			}
		}
		return restAnswer{http.StatusOK, out}
	}
	id, err := strconv.Atoi(dbID)
	if err != nil {
		return restFailed(http.StatusBadRequest, "dbId is not a number")
	}
	db := c.state.databases[id]
	if db == nil {
		return restFailed(http.StatusNotFound, noDatabase)
	}
	for _, id := range sortedKeys(c.state.users) {
		u := c.state.users[id]
		if u.Database == db.ID || u.Database == 0 && (sw.UniversalListed || sw.UniversalOnlyListed) && c.state.reaches(u, db) {
			out = append(out, c.show(u))
		}
	}
	return restAnswer{http.StatusOK, out}
}

func (c restCall) add() restAnswer {
	var in struct {
		Login    string `json:"login"`
		Password string `json:"password"`
		Database int    `json:"database_id"`
		Server   int    `json:"server_id"`
		Domain   struct {
			ID   int    `json:"id"`
			Name string `json:"name"`
		} `json:"parent_domain"`
	}
	if json.Unmarshal(c.body, &in) != nil {
		return restFailed(http.StatusBadRequest, "Bad request")
	}
	for _, id := range sortedKeys(c.state.subscriptions) {
		if in.Domain.Name != "" && c.state.subscriptions[id] == in.Domain.Name {
			in.Domain.ID = id
		}
	}
	id, code, text := c.insert(c.by, User{
		Login: in.Login, Password: in.Password, Database: in.Database, Server: in.Server, Subscription: in.Domain.ID,
	})
	switch {
	case code == codeNoObject:
		return restFailed(http.StatusNotFound, text)
	case code != 0:
		return restFailed(http.StatusBadRequest, text)
	}
	status := http.StatusOK
	if c.switches.RESTCreated {
		status = http.StatusCreated
	}
	return restAnswer{status, c.show(c.state.users[id])}
}

func (c restCall) set(id int) restAnswer {
	var in struct {
		Login    string `json:"login"`
		Password string `json:"password"`
	}
	u := c.state.users[id]
	switch {
	case u == nil:
		return restFailed(http.StatusNotFound, noUser)
	case json.Unmarshal(c.body, &in) != nil:
		return restFailed(http.StatusBadRequest, "Bad request")
	}
	if in.Password != "" {
		if code, text := c.policy(in.Password); code != 0 {
			return restFailed(http.StatusBadRequest, text)
		}
		u.Password = in.Password
	}
	if in.Login != "" {
		u.Login = in.Login
	}
	return success
}

func (c restCall) remove(id int) restAnswer {
	if !slices.Contains(sortedKeys(c.state.users), id) {
		return restFailed(http.StatusNotFound, noUser)
	}
	if !c.state.remove(id, c.switches.Default) {
		return restFailed(http.StatusBadRequest, "The default user of a database cannot be deleted")
	}
	return success
}
