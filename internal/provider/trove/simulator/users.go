package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var reservedNames = map[string][]string{
	"postgresql": {"os_admin", "postgres"},
	"":           {"os_admin", "root"},
}

func reserved(in *instance) []string {
	if names, ok := reservedNames[in.Datastore]; ok {
		return names
	}
	return reservedNames[""]
}

func isReserved(in *instance, name string) bool {
	return slices.Contains(reserved(in), name)
}

// listUsers pages through names and hosts. Of the reserved accounts, root is taken out
// after the page was cut, so a short page is no last one.
func (s *Server) listUsers(q request, in *instance) reply {
	most := s.o.PageSize
	if most == 0 {
		most = 20
	}
	limit, bad := pageLimit(q.URL.Query().Get("limit"), most)
	switch {
	case bad:
		return s.broken()
	case limit <= 0:
		return reply{status: http.StatusOK, body: object{"users": []object{}}}
	}
	marker := q.URL.Query().Get("marker")
	if s.o.MarkerTwice {
		marker = unquote(marker)
	}
	if strings.ContainsAny(marker, `'"`) {
		return s.guestFailed("(pymysql.err.ProgrammingError) (1064, \"You have an error in your SQL syntax\").")
	}
	if s.o.IgnoreMarker {
		marker = ""
	}
	var keys []string
	for _, k := range in.sorted() {
		if k > marker {
			keys = append(keys, k)
		}
	}
	more := len(keys) > limit && !s.o.IgnoreLimit
	if more {
		keys = keys[:limit]
	}
	users := []object{}
	for _, k := range keys {
		a := in.accounts[k]
		if a.Poison != "" {
			return s.guestFailed(a.Poison)
		}
		if isReserved(in, a.Name) && (a.Name != "root" || !s.o.RootListed || !in.RootEnabled) {
			continue
		}
		users = append(users, s.showUser(in, a))
	}
	body := object{"users": users}
	if more && s.o.EmptyPage && marker != "" {
		body["users"] = []object{}
	}
	if more && !s.o.NoNext {
		key := s.o.LinksKey
		if key == "" {
			key = "links"
		}
		body[key] = s.next(q, limit, keys[len(keys)-1])
	}
	return reply{status: http.StatusOK, body: body}
}

func (s *Server) showUser(in *instance, a *Account) object {
	list := []object{}
	for _, d := range in.visible(a) {
		list = append(list, object{"name": d})
	}
	out := object{"name": a.Name, "host": a.Host, "databases": list}
	if in.Datastore == "postgresql" {
		switch s.o.PostgresHost {
		case "null":
			out["host"] = nil
		case "none":
			delete(out, "host")
		}
	}
	return out
}

var hostRule = regexp.MustCompile(`^(%|[0-9%.]+(/[0-9.]+)?|[0-9a-fA-F:]*:[0-9a-fA-F:.%]*|localhost)$`)

// user takes the account out of the path, the second time that it is unescaped, and
// finds it.
func (s *Server) user(q request, verb string, f func(request, *instance, *Account) reply) reply {
	change := verb
	if q.Method == http.MethodGet {
		change = ""
	}
	return s.on(q, change, func(in *instance) reply {
		who := q.rest[3]
		if q.format != "" && q.format != "json" {
			who += "." + q.format // glued back, wherever it was cut off
		}
		name, host := unquote(who), "%"
		if at := strings.LastIndex(name, "@"); at >= 0 {
			name, host = name[:at], name[at+1:]
		}
		if out, bad := s.checkName(in, verb, name, host); bad {
			return out
		}
		a, ok := in.accounts[name+"@"+host]
		if in.Datastore == "postgresql" {
			a, ok = in.accounts[name+"@%"] // the host is ignored
		}
		if !ok || a.Role || a.Host == "localhost" {
			return s.noUser(name)
		}
		if a.Poison != "" {
			return s.guestFailed(a.Poison)
		}
		return f(q, in, a)
	})
}

// checkName is the API's own check, which newer versions leave to the guest.
func (s *Server) checkName(in *instance, verb, name, host string) (reply, bool) {
	refuse := func(why string) (reply, bool) {
		if s.o.GuestTexts {
			return s.guestFailed(why), true
		}
		return s.fault400("User " + verb + " error: " + why), true
	}
	longest := 16
	if in.Datastore == "postgresql" {
		longest = 63
	}
	switch {
	case name == "":
		return refuse("User name empty.")
	case isReserved(in, name):
		return refuse(fmt.Sprintf("User name %q is on the reserved list: ['%s'].", name, strings.Join(reserved(in), "', '")))
	case len([]rune(name)) > longest:
		return refuse(fmt.Sprintf("User name %s is too long. Max length = %d.", name, longest))
	case strings.ContainsAny(name, "/'\";,\\`"):
		return refuse(fmt.Sprintf("%s is not a valid user name.", name))
	case !hostRule.MatchString(host):
		return refuse(fmt.Sprintf("%s is not a valid hostname.", host))
	}
	return reply{}, false
}

func (s *Server) getUser(_ request, in *instance, a *Account) reply {
	return reply{status: http.StatusOK, body: object{"user": s.showUser(in, a)}}
}

var accepted = reply{status: http.StatusAccepted}

// deleteUser is queued. On PostgreSQL the guest revokes first, and a role that owns
// something stays.
func (s *Server) deleteUser(_ request, in *instance, a *Account) reply {
	key, doomed := a.Name+"@"+a.Host, a
	s.queue(func() {
		if in.accounts[key] == nil {
			return // fails unseen
		}
		if in.Datastore == "postgresql" {
			for _, d := range doomed.Databases {
				in.shut[d] = true
			}
			doomed.Databases = nil
			if len(doomed.Owns) > 0 {
				return
			}
		}
		in.drop(key)
	})
	return accepted
}

type sentUser struct {
	Name     string `json:"name"`
	Host     string `json:"host"`
	Password string `json:"password"`
}

// sent reads the users of a body.
func (s *Server) sent(q request, in *instance, verb string) ([]sentUser, reply, bool) {
	if q.Header.Get("Content-Type") != "application/json" {
		return nil, reply{status: http.StatusUnsupportedMediaType, body: object{"message": "Unsupported Content-Type", "code": "415 Unsupported Media Type", "title": "Unsupported Media Type"}}, true
	}
	if len(q.body) == 0 {
		return nil, s.broken(), true
	}
	var body struct {
		Users []sentUser `json:"users"`
	}
	if json.Unmarshal(q.body, &body) != nil {
		return nil, malformed(), true
	}
	for i, u := range body.Users {
		if u.Host == "" {
			body.Users[i].Host = "%"
		}
		if out, bad := s.checkName(in, verb, u.Name, body.Users[i].Host); bad {
			return nil, out, true
		}
		if u.Password == "" {
			// The check of the body quotes what it does not like.
			return nil, s.fault400(fmt.Sprintf("Validation error: users[0] %s is too short", q.body)), true
		}
	}
	return body.Users, reply{}, false
}

func (s *Server) createUsers(q request, in *instance) reply {
	users, out, bad := s.sent(q, in, "create")
	if bad {
		return out
	}
	for _, u := range users {
		s.queue(func() {
			if in.accounts[u.Name+"@"+u.Host] == nil {
				in.add(Account{Name: u.Name, Host: u.Host, Password: u.Password})
			}
		})
	}
	return accepted
}

func (s *Server) passwords(q request, in *instance) reply {
	users, out, bad := s.sent(q, in, "change")
	if bad {
		return out
	}
	for _, u := range users {
		a := in.accounts[u.Name+"@"+u.Host]
		if a == nil || a.Role || a.Host == "localhost" {
			return s.noUser(u.Name)
		}
	}
	for _, u := range users {
		s.queue(func() {
			if a := in.accounts[u.Name+"@"+u.Host]; a != nil {
				a.Password = u.Password
			}
		})
	}
	return accepted
}
