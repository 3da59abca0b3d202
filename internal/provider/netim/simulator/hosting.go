package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Hosting is one web hosting with what is on it.
type Hosting struct {
	ID, Domain, Offer, Status string
	Held                      bool // nothing may be changed
	Databases                 []string
	Users                     []User
	Links                     []Link
}

// User is a database user.
type User struct {
	Name, Password     string
	Internal, External string // RW, RO or NO
}

// Link lets a user connect to a database.
type Link struct{ Database, User string }

func (h *Hosting) user(name string) *User {
	i := slices.IndexFunc(h.Users, func(u User) bool { return u.Name == name })
	if i < 0 {
		return nil
	}
	return &h.Users[i]
}

// route finds the call.
func (s *Server) route(c *call, me *session) {
	switch {
	case s.sessionCalls(c, me), s.operationCalls(c):
		return
	case c.at(http.MethodGet, "webhosting", "get-id", "*"):
		for _, h := range s.hostings {
			if h.Domain == c.path[2] {
				c.say(http.StatusOK, h.ID)
				return
			}
		}
		s.fail(c, http.StatusNotFound, noHosting)
		return
	}
	if len(c.path) < 2 || c.path[0] != "webhosting" {
		s.fail(c, http.StatusNotFound, noResource)
		return
	}
	h := s.hostings[c.path[1]]
	if h == nil {
		s.fail(c, http.StatusNotFound, noHosting)
		return
	}
	s.hostingCalls(c, me, h)
}

// info is StructWebHostingInfo.
func (s *Server) info(c *call, h *Hosting) {
	asked, _ := c.args["additionalData"].([]any)
	wants := func(part string) bool { return slices.Contains(asked, any(part)) || slices.Contains(asked, any("ALL")) }
	out := map[string]any{
		"id": h.ID, "domain": h.Domain, "offer": h.Offer, "status": h.Status,
		"dateCreate": "2021-03-01", "dateExpiration": "2031-03-01", "dateMaxRenew": "2031-03-31", "autoRenew": 1,
	}
	if wants("WEB") && !s.opt.HideWeb {
		out["WEB"] = map[string]any{"nbDatabases": len(h.Databases), "maxNbDatabase": 50, "status": h.Status}
	}
	if wants("DATABASES") {
		out["DATABASES"] = s.listed(h.Databases, "dbName", func(db string) map[string]any { return s.showDatabase(h, db) })
	}
	if wants("DATABASE_USERS") {
		var names []string
		for _, u := range h.Users {
			names = append(names, u.Name)
		}
		out["DATABASE_USERS"] = s.listed(names, "username", func(name string) map[string]any { return s.showUser(h, name) })
	}
	for _, empty := range []string{"VHOSTS", "SSL_CERTIFICATES", "PROTECTED_DIRECTORIES", "FTP_USERS", "MAIL", "DOMAIN_MAIL"} {
		if wants(empty) {
			out[empty] = []any{}
		}
	}
	if wants("CRON_TASKS") {
		out["CRONT_TASKS"] = []any{} // spelt so
	}
	c.say(http.StatusOK, out)
}

func (s *Server) showDatabase(h *Hosting, db string) map[string]any {
	out := map[string]any{"dbName": db, "version": "8.0"}
	users := []any{}
	for _, l := range h.Links {
		switch {
		case l.Database != db:
		case s.opt.Links == LinksInDatabasesAsIs:
			users = append(users, map[string]any{"username": l.User})
		default:
			users = append(users, l.User)
		}
	}
	if s.opt.Links != LinksHidden && s.opt.Links != LinksInUsers {
		out["users"] = users
	}
	return out
}

func (s *Server) showUser(h *Hosting, name string) map[string]any {
	u := h.user(name)
	out := map[string]any{"username": name}
	if !s.opt.HideRights {
		out["internalAccess"], out["externalAccess"] = u.Internal, u.External
	}
	if s.opt.Links == LinksInUsers || s.opt.Links == LinksInBoth {
		databases := []any{}
		for _, l := range h.Links {
			if l.User == name {
				databases = append(databases, l.Database)
			}
		}
		out["databases"] = databases
	}
	return out
}

// listed writes a list as the switch says. An empty array of PHP is [] in any case.
func (s *Server) listed(names []string, key string, show func(string) map[string]any) any {
	if s.opt.Lists == ListsOfObjects || len(names) == 0 {
		list := []any{}
		for _, n := range names {
			list = append(list, show(n))
		}
		return list
	}
	keyed := map[string]any{}
	for i, n := range names {
		one := show(n)
		switch s.opt.Lists {
		case ListsKeyedOnly:
			delete(one, key)
		case ListsKeyedByNum:
			n = strconv.Itoa(i + 1)
		}
		keyed[n] = one
	}
	return keyed
}

// ours reports whether a name may be one on the hosting.
func (h *Hosting) ours(name string) bool {
	rest, ok := strings.CutPrefix(name, h.ID+"_")
	return ok && rest != ""
}

func isRight(v string) bool { return v == "RW" || v == "RO" || v == "NO" }
