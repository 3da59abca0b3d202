package mysql

import (
	"context"
	"fmt"
)

// dialect is what MariaDB and MySQL do in ways of their own. What both understand is
// said once, outside of it.
type dialect interface {
	// engine is the name in the table of what is possible.
	engine() string
	// listed reads the accounts of these names and all administrators, without whom
	// nobody could tell who is the last; or, without names, all accounts.
	listed(ctx context.Context, c *session, names ...string) ([]account, error)
	// everywhere reads what an account has on all databases.
	everywhere(ctx context.Context, c *session, a account) ([]right, error)
	// roles reads the memberships of an account.
	roles(ctx context.Context, c *session, a account) ([]right, error)
	// literal reports whether % and _ in a granted database's name mean themselves.
	literal() bool
	// objects are the queries for what an account defines, by kind of object.
	objects() []definitions
	// fixed reports whether there is no statement that gives it another definer.
	fixed(kind string) bool
	// seeing are the privileges without which the server hides what others define.
	seeing() []string
	// killing is the privilege to end sessions, handing the one to name another definer.
	killing() string
	handing() string
	// super are the privileges that SUPER includes.
	super() []string
	// kill is the statement that ends a connection.
	kill(id int64) string
	// plugin makes the hashes of the passwords that we set.
	plugin() string
	// mode is the sql_mode of our sessions.
	mode() string
	// refusesHashes reports whether the server, as it is set up, takes no hashes.
	refusesHashes(ctx context.Context, c *session) (bool, error)
	// checks is the part of preflight that is about this kind of server.
	checks(ctx context.Context, c *session, own sight) ([]check, error)
}

// definitions are what accounts define, of one sort. Both queries end where the
// condition goes on: "and <database> = ?", and for one object "and <name> = ?" as well.
type definitions struct {
	kinds          []string // that one read finds
	read           string   // by definer
	one            string   // the definer of one object, by database and name
	database, kind string   // columns; kind is empty where there is one kind
}

// product is which of them a server is.
func (s *Server) product(ctx context.Context, c *session) (dialect, error) {
	r, err := s.known(c.version)
	if err != nil {
		return nil, err
	}
	if r.mariadb {
		return mariaDB{r}, nil
	}
	var d mySQL
	err = c.QueryRowContext(ctx, `select @@partial_revokes`).Scan(&d.partial)
	if number(err) == unknownVariable {
		return nil, fmt.Errorf("%w: it says that it is %s, and has no partial_revokes, which came with MySQL 8.0.16", errUnknownServer, c.version)
	}
	return d, err
}

const unknownVariable = 1193
