package simulator

import (
	"fmt"
	"slices"
	"strings"
)

// Instance is a database instance.
type Instance struct {
	ID, Name, Region string
	Datastore        string // "mysql"
	Version          string
	Status           string // "ACTIVE"; says little
	// State is the database's own: "running" or "healthy" let it be asked, all else is
	// 422.
	State string
	// ReplicaOf is the id of the source. Group is that of high availability.
	ReplicaOf, Group string
	// GuestDown makes everything that needs the database answer 400.
	GuestDown   bool
	RootEnabled bool
	// Clustered instances are listed only on request.
	Clustered bool
}

// Account is a database account as it really is, the unseen included.
type Account struct {
	Name, Host, Password string
	Databases            []string // with privileges on the whole of them
	// Role is a role of MariaDB: listed, and not found by name.
	Role bool
	// Poison is why the guest cannot show the account, and with it its page.
	Poison string
	// Hidden is what the API does not show: "*.*", "shop.orders".
	Hidden []string
	// GrantOption survives a revoke, unseen.
	GrantOption bool
	// Owns keeps a role of PostgreSQL from being dropped.
	Owns []string
	// Sessions live on, whatever happens to the account.
	Sessions int
}

type instance struct {
	Instance
	accounts map[string]*Account // by name@host
	// shut are databases of PostgreSQL that PUBLIC may not connect to any more.
	shut map[string]bool
	// sessions are those of accounts that are gone.
	sessions map[string]int
}

// Plant adds an instance with accounts. What is there under the id is replaced.
func (s *Server) Plant(i Instance, accounts ...Account) {
	def := func(v *string, d string) {
		if *v == "" {
			*v = d
		}
	}
	def(&i.Region, s.o.Regions[0])
	def(&i.Datastore, "mysql")
	def(&i.Version, map[string]string{"mysql": "5.7", "mariadb": "10.4", "postgresql": "12"}[i.Datastore])
	def(&i.Status, "ACTIVE")
	def(&i.State, "running")
	def(&i.Name, "db-"+i.ID)
	s.set(func() {
		in := &instance{Instance: i, accounts: map[string]*Account{}, shut: map[string]bool{}, sessions: map[string]int{}}
		in.add(Account{Name: "os_admin", Host: "%"})
		if i.RootEnabled {
			in.add(Account{Name: "root", Host: "%", Password: "root-of-" + i.ID})
		}
		if s.o.ServiceAccounts {
			in.add(Account{Name: "rax_backup", Host: "%"}, Account{Name: "rax_monitor", Host: "10.0.0.%"})
		}
		in.add(accounts...)
		s.instances[i.ID] = in
	})
}

func (in *instance) add(accounts ...Account) {
	for _, a := range accounts {
		if a.Host == "" {
			a.Host = "%"
		}
		a.Databases = slices.Clone(a.Databases)
		in.accounts[a.Name+"@"+a.Host] = &a
	}
}

// Add adds accounts to an instance.
func (s *Server) Add(id string, accounts ...Account) {
	s.set(func() { s.instances[id].add(accounts...) })
}

// Drop removes an account past the API; its sessions live on.
func (s *Server) Drop(id, name, host string) {
	s.set(func() { s.instances[id].drop(name + "@" + host) })
}

func (in *instance) drop(key string) {
	if a, ok := in.accounts[key]; ok {
		in.sessions[key] += a.Sessions
		delete(in.accounts, key)
	}
}

// DropInstance removes an instance.
func (s *Server) DropInstance(id string) { s.set(func() { delete(s.instances, id) }) }

// Change changes an instance past the API.
func (s *Server) Change(id string, f func(*Instance)) { s.set(func() { f(&s.instances[id].Instance) }) }

// ChangeAccount changes an account past the API.
func (s *Server) ChangeAccount(id, name, host string, f func(*Account)) {
	s.set(func() { f(s.instances[id].accounts[name+"@"+host]) })
}

// Account is an account as it really is.
func (s *Server) Account(id, name, host string) (Account, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.instances[id]
	if !ok {
		return Account{}, false
	}
	a, ok := in.accounts[name+"@"+host]
	if !ok {
		return Account{}, false
	}
	out := *a
	out.Databases = slices.Clone(a.Databases)
	return out, true
}

// Login reports whether the database would let somebody in.
func (s *Server) Login(id, name, host, password string) bool {
	a, ok := s.Account(id, name, host)
	return ok && !a.Role && a.Password != "" && a.Password == password
}

// Sessions counts the open sessions of a name and host, the account's and those that
// it left behind.
func (s *Server) Sessions(id, name, host string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.instances[id]
	n := in.sessions[name+"@"+host]
	if a, ok := in.accounts[name+"@"+host]; ok {
		n += a.Sessions
	}
	return n
}

// PublicMayConnect reports whether PUBLIC still has CONNECT on a database of
// PostgreSQL.
func (s *Server) PublicMayConnect(id, database string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.instances[id].shut[database]
}

// Resource is an instance as the client names it.
func (s *Server) Resource(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.instances[id].Region + "/" + id
}

// ID is a made-up id of an instance that looks like a real one.
func ID(n int) string { return fmt.Sprintf("5f1a%04x-7b0c-4d39-8e11-%012x", n, n) }

// sorted are the keys of the accounts in the order of the user list.
func (in *instance) sorted() []string {
	var keys []string
	for k, a := range in.accounts {
		if a.Host != "localhost" && a.Name != "os_admin" {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// shadowed reports whether another account, which differs in nothing but case, comes
// first and hides the databases of this one.
func (in *instance) shadowed(a *Account) bool {
	for _, o := range in.accounts {
		if o != a && strings.EqualFold(o.Name, a.Name) && o.Host == a.Host && o.Name < a.Name && in.Datastore != "postgresql" {
			return true
		}
	}
	return false
}

// visible are the databases that the API shows.
func (in *instance) visible(a *Account) []string {
	if in.shadowed(a) {
		return nil
	}
	out := slices.Clone(a.Databases)
	slices.Sort(out)
	return out
}
