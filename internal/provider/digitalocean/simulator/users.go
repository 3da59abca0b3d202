package simulator

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// visible takes one reading of a cluster's users, and gives those that are seen.
func (s *Server) visible(c *cluster) ([]*user, reply) {
	if c.unready > 0 {
		c.unready--
		return nil, noCluster
	}
	var out []*user
	for _, name := range slices.Sorted(maps.Keys(c.users)) {
		u := c.users[name]
		switch {
		case u.gone && u.late > 0:
			u.late--
		case u.gone:
			delete(c.users, name)
			continue
		case u.unseen > 0:
			u.unseen--
			continue
		}
		out = append(out, u)
	}
	return out, reply{}
}

// uncached answers for engines without users.
func (s *Server) uncached(c *cluster) (reply, bool) {
	if !caching(c.Engine) {
		return reply{}, false
	}
	switch s.o.Switches.Caching {
	case Caching404:
		return notFound, true
	case CachingList:
		return reply{200, map[string]any{"users": []any{map[string]any{"name": "default", "role": "primary"}}}}, true
	}
	return serverError, true
}

func (s *Server) listUsers(q request, c *cluster) reply {
	if r, ok := s.uncached(c); ok {
		return r
	}
	users, refused := s.visible(c)
	if refused.status != 0 {
		return refused
	}
	var all []any
	for _, u := range users {
		all = append(all, s.showUser(c, u, !s.o.Switches.HideSettings, s.may(ViewCredentials)))
	}
	return s.paged(q, "users", all)
}

// named is the user that a path names.
func (s *Server) named(q request, c *cluster) (*user, reply) {
	if r, ok := s.uncached(c); ok {
		return nil, r
	}
	u := c.users[q.at(4)]
	if u == nil || u.gone || u.unseen > 0 && q.Method == http.MethodGet {
		return nil, notFound
	}
	return u, reply{}
}

func (s *Server) getUser(q request, c *cluster) reply {
	u, refused := s.named(q, c)
	if u == nil {
		return refused
	}
	return reply{200, map[string]any{"user": s.showUser(c, u, !s.o.Switches.HideSettings, s.may(ViewCredentials))}}
}

// showUser is the object of a user, as its engine has it.
func (s *Server) showUser(c *cluster, u *user, withSettings, withSecrets bool) map[string]any {
	out := map[string]any{"name": u.Name}
	if !s.o.Switches.HideRole {
		out["role"] = u.Role
	}
	if withSecrets {
		out["password"] = u.Password
	}
	if c.Engine == "mysql" {
		out["mysql_settings"] = map[string]any{"auth_plugin": u.Plugin}
	}
	if u.cert != "" {
		out["access_cert"] = u.cert
		if withSecrets {
			out["access_key"] = u.cert
		}
	}
	if !withSettings {
		return out
	}
	switch c.Engine {
	case "pg":
		out["settings"] = map[string]any{"pg_allow_replication": u.Replication}
	case "mongodb":
		if len(u.Databases) > 0 {
			out["settings"] = map[string]any{"mongo_user_settings": map[string]any{"databases": u.Databases, "role": u.MongoRole}}
		}
	case "kafka":
		out["settings"] = map[string]any{"acl": s.showRules(u.Rules, "topic")}
	case "opensearch":
		out["settings"] = map[string]any{"opensearch_acl": s.showRules(u.Rules, "index")}
	}
	return out
}

func (s *Server) showRules(rules []Rule, pattern string) []any {
	out := []any{}
	for _, r := range rules {
		one := map[string]any{pattern: r.Pattern, "permission": r.Permission}
		if r.ID != "" {
			one["id"] = r.ID
		}
		if s.o.Switches.OtherWords {
			one["permission"] = strings.ToUpper(strings.NewReplacer("produceconsume", "produce_consume", "readwrite", "read_write").Replace(r.Permission))
		}
		out = append(out, one)
	}
	return out
}

// body is what a client sends about a user.
type body struct {
	Name  string `json:"name"`
	MySQL *struct {
		Plugin string `json:"auth_plugin"`
	} `json:"mysql_settings"`
	Settings *struct {
		Replication bool    `json:"pg_allow_replication"`
		Topics      *[]sent `json:"acl"`
		Indexes     *[]sent `json:"opensearch_acl"`
		Mongo       *struct {
			Databases []string `json:"databases"`
			Role      string   `json:"role"`
		} `json:"mongo_user_settings"`
	} `json:"settings"`
}

type sent struct {
	ID         string `json:"id"`
	Topic      string `json:"topic"`
	Index      string `json:"index"`
	Permission string `json:"permission"`
}

// read decodes a JSON object.
func read(q request, into any) (reply, bool) {
	raw, err := io.ReadAll(q.Body)
	if err != nil || !strings.HasPrefix(strings.TrimSpace(string(raw)), "{") || json.Unmarshal(raw, into) != nil {
		return failure(400, "bad_request", "invalid JSON"), false
	}
	return reply{}, true
}

func (s *Server) createUser(q request, c *cluster) reply {
	if caching(c.Engine) {
		return serverError
	}
	var in body
	if r, ok := read(q, &in); !ok {
		return r
	}
	switch u := c.users[in.Name]; {
	case in.Name == "":
		return unprocessable("user name is required")
	case u != nil && !u.gone:
		return unprocessable("user name is not available")
	}
	made := User{Name: in.Name}
	if in.MySQL != nil {
		made.Plugin = in.MySQL.Plugin
	}
	if in.Settings != nil {
		made.Replication = in.Settings.Replication
		rules, refused := s.rules(c, in)
		if refused.status != 0 {
			return refused
		}
		made.Rules = rules
		if m := in.Settings.Mongo; m != nil {
			made.Databases, made.MongoRole = m.Databases, m.Role
		}
	}
	u := s.addUser(c, made)
	if s.o.Switches.Lag == LagCreated {
		u.unseen = lagReads
	}
	return reply{201, map[string]any{"user": s.showUser(c, u, true, s.newPassword())}}
}

func (s *Server) newPassword() bool { return !s.o.Switches.HideNewPassword || s.may(ViewCredentials) }

// rules are those of a body. A list that is empty raises an alarm: nobody knows what
// it would mean.
func (s *Server) rules(c *cluster, in body) ([]Rule, reply) {
	list, known := in.Settings.Topics, []string{"admin", "consume", "produce", "produceconsume"}
	if c.Engine == "opensearch" {
		list, known = in.Settings.Indexes, []string{"deny", "admin", "read", "readwrite", "write"}
	}
	if list == nil {
		return nil, reply{}
	}
	var out []Rule
	for _, r := range *list {
		if !slices.Contains(known, r.Permission) || r.Topic+r.Index == "" {
			return nil, unprocessable("invalid acl")
		}
		out = append(out, Rule{r.ID, r.Topic + r.Index, r.Permission})
	}
	if len(out) == 0 {
		s.alarms = append(s.alarms, "an empty access control list for "+in.Name)
	}
	return out, reply{}
}

func (s *Server) putUser(q request, c *cluster) reply {
	u, refused := s.named(q, c)
	if u == nil {
		return refused
	}
	var in body
	if r, ok := read(q, &in); !ok {
		return r
	}
	if in.Settings == nil {
		return unprocessable("settings are required")
	}
	switch c.Engine {
	case "mongodb":
		if s.o.Switches.MongoPut500 {
			return failure(500, "Not Implemented", "Server Error")
		}
		return failure(501, "Not Implemented", "Server Error")
	case "pg":
		u.Replication = in.Settings.Replication // what is left out is false
	case "kafka", "opensearch":
		rules, refused := s.rules(c, in)
		if refused.status != 0 {
			return refused
		}
		if s.o.Switches.MergeRules {
			rules = slices.Concat(u.Rules, slices.DeleteFunc(rules, func(r Rule) bool {
				return slices.ContainsFunc(u.Rules, func(o Rule) bool { return o.Pattern == r.Pattern && o.Permission == r.Permission })
			}))
		}
		u.Rules = s.numbered(c.Engine, rules)
	default:
		return unprocessable("settings are not supported for this engine")
	}
	status := 201
	if s.o.Switches.PutAnswers200 {
		status = 200
	}
	return reply{status, map[string]any{"user": s.showUser(c, u, true, s.may(ViewCredentials))}}
}

func (s *Server) resetAuth(q request, c *cluster) reply {
	u, refused := s.named(q, c)
	if u == nil {
		return refused
	}
	var in body
	if r, ok := read(q, &in); !ok {
		return r
	}
	if in.MySQL != nil {
		u.Plugin = in.MySQL.Plugin
	}
	u.Password = rand.Text()
	return reply{200, map[string]any{"user": s.showUser(c, u, true, s.newPassword())}}
}

func (s *Server) deleteUser(q request, c *cluster) reply {
	u, refused := s.named(q, c)
	if u == nil {
		return refused
	}
	pooled := slices.ContainsFunc(c.Pools, func(p Pool) bool { return p.User == u.Name })
	switch {
	case u.Role == "primary" || u.Name == "do-readonly":
		s.alarms = append(s.alarms, "DELETE of the built-in user "+u.Name)
		if s.o.Switches.DeleteProtected422 {
			return unprocessable("cannot delete the default user")
		}
		return forbidden
	case u.Owns:
		status := s.o.Switches.DeleteOwner.status()
		return failure(status, map[int]string{409: "conflict", 412: "precondition_failed", 422: "unprocessable_entity", 500: "server_error"}[status],
			map[bool]string{true: "Server Error", false: "user owns objects"}[status == 500])
	case pooled && s.o.Switches.DeletePooled == PooledRefused:
		return failure(412, "precondition_failed", "user is in use by a connection pool")
	}
	u.gone = true
	if s.o.Switches.Lag == LagDeleted {
		u.late = lagReads
	}
	return noContent
}
