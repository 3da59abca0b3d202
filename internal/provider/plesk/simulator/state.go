package simulator

import (
	"maps"
	"slices"
)

// User is a database user as it is.
type User struct {
	ID              int
	Login, Password string
	// Database is zero for a universal user, and then Subscription and Server are set.
	Database             int
	Subscription, Server int
	Hosts, Addresses     []string
	Role                 string
}

// Database is a database as it is.
type Database struct {
	ID, Subscription, Server int
	Name                     string
	Default                  int // user
}

// DBServer is a server of databases: mysql, postgresql or mssql.
type DBServer struct {
	ID   int
	Type string
	Host string
}

type state struct {
	subscriptions map[int]string
	servers       map[int]DBServer
	databases     map[int]*Database
	users         map[int]*User
	last          map[string]int // the last id that was given
	freed         []int          // ids of deleted users
}

func newState() state {
	return state{
		subscriptions: map[int]string{}, servers: map[int]DBServer{},
		databases: map[int]*Database{}, users: map[int]*User{}, last: map[string]int{"user": 54, "database": 77, "subscription": 2},
	}
}

// clone is a copy that shares nothing that changes.
func (t *state) clone() state {
	out := *t
	out.databases, out.users, out.last, out.freed = map[int]*Database{}, map[int]*User{}, maps.Clone(t.last), slices.Clone(t.freed)
	for id, db := range t.databases {
		again := *db
		out.databases[id] = &again
	}
	for id, u := range t.users {
		again := *u
		out.users[id] = &again
	}
	return out
}

func (t *state) next(kind string) int {
	t.last[kind]++
	return t.last[kind]
}

// nextUser is a new id, or the one that was freed last.
func (t *state) nextUser(reuse bool) int {
	if n := len(t.freed); reuse && n > 0 {
		id := t.freed[n-1]
		t.freed = t.freed[:n-1]
		return id
	}
	return t.next("user")
}

func sortedKeys[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }

// server is where the user lives.
func (t *state) server(u *User) int {
	if db := t.databases[u.Database]; db != nil {
		return db.Server
	}
	return u.Server
}

// subscription is whom the user belongs to.
func (t *state) subscription(u *User) int {
	if db := t.databases[u.Database]; db != nil {
		return db.Subscription
	}
	return u.Subscription
}

// reaches reports whether the user may log in to the database.
func (t *state) reaches(u *User, db *Database) bool {
	return u.Database == db.ID || u.Database == 0 && u.Subscription == db.Subscription && u.Server == db.Server
}

// taken reports whether the login is there already on the server.
func (t *state) taken(login string, server, but int) bool {
	for id, u := range t.users {
		if id != but && u.Login == login && t.server(u) == server {
			return true
		}
	}
	return false
}

// insert gives the user an id; the first one of a database becomes its default one.
func (t *state) insert(u User, reuse bool) int {
	u.ID = t.nextUser(reuse)
	t.users[u.ID] = &u
	if db := t.databases[u.Database]; db != nil && db.Default == 0 {
		db.Default = u.ID
	}
	return u.ID
}

// remove deletes the user, and decides about the databases whose default one it was;
// false when that is refused.
func (t *state) remove(id int, fate DefaultFate) bool {
	var of []*Database
	for _, key := range sortedKeys(t.databases) {
		if db := t.databases[key]; db.Default == id {
			of = append(of, db)
		}
	}
	if len(of) > 0 && fate == DefaultRefused {
		return false
	}
	delete(t.users, id)
	t.freed = append(t.freed, id)
	for _, db := range of {
		db.Default = 0
		for _, other := range sortedKeys(t.users) {
			if fate == DefaultPromoted && db.Default == 0 && t.users[other].Database == db.ID {
				db.Default = other
			}
		}
	}
	return true
}

// sees reports whether the account of the panel sees a subscription.
func (a *Account) sees(subscription int) bool {
	return a.Admin || slices.Contains(a.Subscriptions, subscription)
}
