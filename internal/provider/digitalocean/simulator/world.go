package simulator

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Cluster is what a test plants, and what World shows.
type Cluster struct {
	ID, Name, Engine string
	Version          string
	Status           string // "online" when empty
	Region           string // "fra1" when empty
	Users            []User
	Databases        []string
	Pools            []Pool
}

// User is one of a cluster's.
type User struct {
	Name     string
	Role     string // "normal" when empty
	Password string // a random one when empty
	// Plugin is mysql's, Replication pg's.
	Plugin      string
	Replication bool
	// Rules are Kafka's on topics or OpenSearch's on indexes.
	Rules []Rule
	// Databases and MongoRole are mongodb's.
	Databases []string
	MongoRole string
	// Owns keeps a user of pg or mysql from being deleted.
	Owns bool
}

// Rule is an entry of an access control list.
type Rule struct{ ID, Pattern, Permission string }

// Pool is a connection pool of pg.
type Pool struct {
	Name, Mode string
	Size       int
	Database   string
	User       string // empty: its clients log in as themselves
}

type cluster struct {
	Cluster
	users   map[string]*user
	unready int // readings of its users that end with "cluster not found"
}

type user struct {
	User
	cert         string
	unseen, late int // readings until it is seen, or not any more
	gone         bool
}

// Plant adds clusters, each with the users and databases that come with one. It
// panics when one is there already.
func (s *Server) Plant(planted ...Cluster) *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range planted {
		if s.clusters[p.ID] != nil || p.ID == "" {
			panic(fmt.Sprintf("simulator: cannot plant cluster %q: no id, or already there", p.ID))
		}
		s.clusters[p.ID] = s.grow(p)
	}
	return s
}

func (s *Server) grow(p Cluster) *cluster {
	set := func(to *string, value string) {
		if *to == "" {
			*to = value
		}
	}
	set(&p.Status, "online")
	set(&p.Region, "fra1")
	set(&p.Version, map[string]string{"pg": "17", "mysql": "8", "mongodb": "8.0", "kafka": "3.8", "opensearch": "2.19", "redis": "7", "valkey": "8"}[p.Engine])
	c := &cluster{Cluster: p, users: map[string]*user{}}
	c.Databases, c.Pools = slices.Clone(p.Databases), slices.Clone(p.Pools)
	if caching(p.Engine) {
		c.Databases = nil
	} else {
		s.addUser(c, User{Name: "doadmin", Role: "primary", Rules: administrator(p.Engine)})
		c.Databases = append([]string{map[bool]string{true: "admin", false: "defaultdb"}[p.Engine == "mongodb"]}, c.Databases...)
	}
	if p.Engine == "mongodb" {
		role := "normal"
		if s.o.Switches.ReadonlyIsPrimary {
			role = "primary"
		}
		s.addUser(c, User{Name: "do-readonly", Role: role, Databases: []string{"admin"}, MongoRole: "readOnly"})
	}
	for _, u := range p.Users {
		s.addUser(c, u)
	}
	if s.o.Switches.Lag == LagCluster {
		c.unready = lagReads
	}
	return c
}

func administrator(engine string) []Rule {
	if engine == "kafka" || engine == "opensearch" {
		return []Rule{{Pattern: "*", Permission: "admin"}}
	}
	return nil
}

func caching(engine string) bool { return engine == "redis" || engine == "valkey" }

// addUser makes a user with what the service makes by itself.
func (s *Server) addUser(c *cluster, u User) *user {
	if u.Role == "" {
		u.Role = "normal"
	}
	if u.Password == "" {
		u.Password = rand.Text()
	}
	if c.Engine == "mysql" && u.Plugin == "" {
		u.Plugin = "caching_sha2_password"
	}
	u.Rules = s.numbered(c.Engine, u.Rules)
	u.Databases = slices.Clone(u.Databases)
	made := &user{User: u}
	if c.Engine == "kafka" {
		made.cert = "-----BEGIN CERTIFICATE-----\n" + rand.Text() + "\n-----END CERTIFICATE-----\n"
	}
	c.users[u.Name] = made
	return made
}

// numbered gives an id to every rule that has none; index rules have none at all.
func (s *Server) numbered(engine string, rules []Rule) []Rule {
	rules = slices.Clone(rules)
	for i := range rules {
		switch {
		case engine != "kafka":
			rules[i].ID = ""
		case rules[i].ID == "" || s.o.Switches.NewRuleIDs:
			s.lastID++
			rules[i].ID = fmt.Sprintf("acl%012x", s.lastID)
		}
	}
	return rules
}

// World is all there is, by id and name.
func (s *Server) World() []Cluster {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Cluster
	for _, id := range slices.Sorted(maps.Keys(s.clusters)) {
		c := s.clusters[id].Cluster
		c.Users = nil
		c.Pools, c.Databases = slices.Clone(c.Pools), slices.Clone(c.Databases)
		for _, name := range slices.Sorted(maps.Keys(s.clusters[id].users)) {
			if u := s.clusters[id].users[name]; !u.gone {
				shown := u.User
				shown.Rules, shown.Databases = slices.Clone(u.Rules), slices.Clone(u.Databases)
				c.Users = append(c.Users, shown)
			}
		}
		out = append(out, c)
	}
	return out
}

// Connect reports whether the password opens a session.
func (s *Server) Connect(cluster, name, password string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clusters[cluster]
	return c != nil && c.users[name] != nil && !c.users[name].gone && c.users[name].Password == password
}

// Drop removes a user and its pools, as somebody else would.
func (s *Server) Drop(cluster, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clusters[cluster]
	delete(c.users, name)
	c.Pools = slices.DeleteFunc(c.Pools, func(p Pool) bool { return p.User == name })
}

// Change lets f change a cluster: its status, its pools. Users are not changed by it.
func (s *Server) Change(id string, f func(*Cluster)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.clusters[id].Cluster)
}

// ChangeUser lets f change a user.
func (s *Server) ChangeUser(id, name string, f func(*User)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.clusters[id].users[name].User)
}

// Destroy removes a cluster, as somebody else would.
func (s *Server) Destroy(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clusters, id)
}

// Secrets are the token, and every password and certificate that there is now.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{s.o.Token}
	for _, c := range s.clusters {
		for _, u := range c.users {
			out = append(out, u.Password, strings.TrimSpace(u.cert))
		}
	}
	return slices.DeleteFunc(out, func(secret string) bool { return secret == "" })
}
