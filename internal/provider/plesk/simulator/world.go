package simulator

import (
	"fmt"
	"slices"
)

// The methods of this file see and change the world past the interfaces.

// Subscription adds a subscription and gives its id.
func (s *Server) Subscription(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.state.next("subscription")
	s.state.subscriptions[id] = name
	return id
}

// DBServer adds a server of databases and gives its id.
func (s *Server) DBServer(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.state.next("server")
	s.state.servers[id] = DBServer{ID: id, Type: kind, Host: "localhost"}
	return id
}

// Database adds a database and gives its id.
func (s *Server) Database(subscription, server int, name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.state.next("database")
	s.state.databases[id] = &Database{ID: id, Subscription: subscription, Server: server, Name: name}
	return id
}

// Plant adds a database user and gives its id. It panics when the login is taken.
func (s *Server) Plant(u User) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.taken(u.Login, s.state.server(&u), 0) || s.state.server(&u) == 0 {
		panic(fmt.Sprintf("simulator: cannot plant %q: taken, or nowhere", u.Login))
	}
	return s.state.insert(u, s.switches.ReuseIDs)
}

// MakeDefault makes a user the default one of a database.
func (s *Server) MakeDefault(database, user int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.databases[database].Default = user
}

// Drop deletes a user as somebody else would. Its databases keep a default user if
// there is another one.
func (s *Server) Drop(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.remove(id, DefaultPromoted)
}

// Rename changes a login as somebody else would.
func (s *Server) Rename(id int, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.users[id].Login = login
}

// DropDatabase deletes a database, and leaves its users without one.
func (s *Server) DropDatabase(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.state.databases, id)
}

// Opens reports whether the login and the password open a session on that server.
func (s *Server) Opens(server int, login, password string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.state.users {
		if u.Login == login && s.state.server(u) == server {
			return u.Password == password
		}
	}
	return false
}

// Users are all database users, by id.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []User
	for _, id := range sortedKeys(s.state.users) {
		u := *s.state.users[id]
		u.Hosts, u.Addresses = slices.Clone(u.Hosts), slices.Clone(u.Addresses)
		out = append(out, u)
	}
	return out
}

// Databases are all databases, by id.
func (s *Server) Databases() []Database {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Database
	for _, id := range sortedKeys(s.state.databases) {
		out = append(out, *s.state.databases[id])
	}
	return out
}
