package hostile_test

import (
	"context"
	"testing"
	"time"

	"github.com/severhq/sever/internal/provider/catalog"
)

// person is somebody with an account: what she knows, and from where she may come.
type person struct {
	name     string
	host     string // MariaDB only
	password string
	away     bool // her account lets nobody in from here
}

// server is a real server as its own administrator and its users see it, past Sever.
type server interface {
	// connection is Sever's way to the server, as the administrator given; nobody given
	// is the server's own. The address is another's that leads there; empty is the server's.
	connection(t *testing.T, name string, as person, address string) catalog.Connection

	// run is for the administrator.
	run(t *testing.T, database string, statements ...string)
	// connect logs in. When the server itself turned her away, refused is true.
	connect(ctx context.Context, who person, database string) (s session, refused bool, err error)

	// account tells whether there is such an account, and how many live connections have
	// its name.
	account(t *testing.T, who person) (exists bool, sessions int)
	// birthmark tells an account from another of the same name.
	birthmark(t *testing.T, who person) string
	// state is all that the catalogs say of some people, for comparing.
	state(t *testing.T, database string, people ...person) string
	// owner is who owns the thing that owns gave away.
	owner(t *testing.T, database, thing string) string

	dialect
}

// dialect is the SQL of one engine. All names come in as they are.
type dialect interface {
	engine() string
	// everywhere is a person whose account lets her in from anywhere.
	everywhere(name, password string) person
	// neighbours are accounts that only this engine has beside one: of the same name at
	// another host, without any name.
	neighbours(who person) []person
	create(who person) []string
	drop(who person) []string
	createDatabase(name string) string
	createTable(name string) []string
	// letRead lets an account read one table.
	letRead(who person, database, table string) []string
	// letReadAll lets an account read a whole database, by a pattern where there is one.
	letReadAll(who person, database string) []string
	// owns makes something in a database that reads the table and is the account's own.
	owns(who person, database, thing, table string) []string
	createRole(role string) []string
	join(who person, role string) []string
	become(role string) string
	// count is a query for the number of rows of a table.
	count(database, table string) string
	// transact begins a transaction and locks a row in it.
	transact(database, table string) []string
	// administrator makes somebody who may do all that Sever does; weaken takes away what
	// it needs to revoke, and strengthen gives that back.
	administrator(who person) []string
	weaken(who person) []string
	strengthen(who person) []string
	lacking() string // a word of what is said then
	// looker makes somebody who may look and do nothing else; promote lets them do all.
	looker(who person) []string
	promote(who person) []string
	// blind takes away the right to see sessions, where there is one; sighted gives it back.
	blind(who person) []string
	sighted(who person) []string
	// names are hostile ones that the server can hold, with a word in them where it may be.
	names(word string) []string
	// strangers are names that it cannot hold, each with the one that it takes it for, or
	// with nothing.
	strangers(word string) map[string]string
	// slowly keeps a session busy.
	slowly(d time.Duration) string
}

// session is one that somebody opened while they could.
type session interface {
	exec(ctx context.Context, statement string) error
	number(ctx context.Context, query string) (int, error)
	close()
}
