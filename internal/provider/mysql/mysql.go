// Package mysql takes access away on a MariaDB server, version 10.4 or later, as an
// administrator would: by SQL, over a direct connection. MySQL from 8.0.16 on is written
// from its manual and was never seen (see mySQL).
//
// Five facts shape it.
//
//   - An account is a name and a host. ada@% and ada@localhost are two accounts, each
//     with its own credential and grants. Roles stand in the same table, with an empty
//     host, and so does the account without a name, which lets anybody in. Neither is
//     a person; both are listed and never touched.
//   - The server gives accounts no id, and a name is free again once it is dropped. So
//     an account's id here is a fingerprint of its credential and of the moment at which
//     that was set. It is keyed with our own password, so that nobody can try passwords
//     on it. An account that was made again has another id, and is not touched without a
//     new plan. A new password of the same account has another id as well: the two cannot
//     be told apart, and planning again is the answer that is safe for both. So it is
//     after our own password was changed.
//   - What we do to an account keeps its id. A credential that we kill is replaced by a
//     hash that no password is known for, with the id written into it.
//   - Statements about accounts cannot be rolled back, and nothing locks an account
//     between our check and our act. Each method looks first, names exactly what it takes,
//     and reads back; a second call finishes what a first one began.
//   - DROP USER neither ends sessions nor cares who defines views, routines, triggers and
//     events; those run with the rights of their definer and break without one. They are
//     handed over first, by statements that put the object's own text back with another
//     definer, or the step is refused with the list.
//
// Sessions carry the name and the address of a client and not the account that let it
// in. A session counts as an account's when its address fits the account's host better
// than that of any other account of the name; in doubt it counts, for a session that was
// ended wrongly comes back, and one that lives on does not stop by itself.
//
// MySQL keeps its accounts elsewhere and in another form: a dialect has what differs. A
// server that is neither, or is MySQL where the settings do not accept that, is refused by
// each call, and preflight says so.
//
// The lane is the server: all accounts have the resource "server".
package mysql

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

// Spec is what the catalog knows of this provider.
var Spec = provider.Spec{
	Name: "mysql",
	Engines: map[string]access.Capabilities{
		"mariadb": {
			access.Contain: {Support: access.Full, How: "ACCOUNT LOCK (in an incident a hash without a password too), then KILL CONNECTION, until none is left"},
			access.Rotate:  {Support: access.Full, How: "ALTER USER ... IDENTIFIED WITH a hash that is computed here; sessions live on. An account without a password is refused"},
			access.Unlink:  {Support: access.Full, How: "REVOKE of one role, one proxy, or what is granted on all databases"},
			access.Revoke: {Support: access.Full, How: "REVOKE of exactly what the grant tables list for the database",
				Loses: grantors},
			access.Reassign: {Support: access.Partial, How: "ALTER or CREATE OR REPLACE with the successor as DEFINER, where the text survives that; then as revoke",
				Loses: grantors},
			access.Delete:  {Support: access.Full, How: "DROP USER, after nothing names the account"},
			access.Confirm: {Support: access.Full, How: "a new connection reads the grant tables, the definers and the process list"},
			access.Restore: {Support: access.Partial, How: "everything but a dead password, which is replaced"},
		},
		// Written from the manual, and refused without the setting MYSQL8=unverified.
		mysqlEngine: {
			access.Contain: {Support: access.Partial, How: unseen + "ACCOUNT LOCK (in an incident a hash without a password too), then KILL CONNECTION"},
			access.Unlink:  {Support: access.Partial, How: unseen + "REVOKE of one role, one proxy, static or dynamic privileges on all databases"},
			access.Revoke: {Support: access.Partial, How: unseen + "REVOKE of exactly what the grant tables list for the database",
				Loses: grantors},
			access.Reassign: {Support: access.Partial, How: unseen + "ALTER VIEW and ALTER EVENT with the successor as DEFINER; routines and triggers are refused",
				Loses: grantors},
			access.Delete:  {Support: access.Partial, How: unseen + "DROP USER, after nothing names the account"},
			access.Confirm: {Support: access.Partial, How: unseen + "a new connection reads the grant tables, the definers and the process list"},
			access.Restore: {Support: access.Partial, How: unseen + "everything but a dead password, which is replaced"},
			access.Rotate:  {Support: access.Partial, How: unseen + "ALTER USER ... IDENTIFIED WITH a hash that is computed here; a second password goes"},
		},
	},
	Needs:    needs,
	Limits:   provider.Limits{Parallel: 8, Settle: time.Minute},
	Hosts:    true,
	LooseIDs: true,
	Open:     open,
}

const resource = "server"

// grantors is what the grant tables have beside what is granted: whoever gives it back
// is the one who granted it, then.
const grantors = "the names of those who granted it on tables and routines"

// unseen is said of all that is done on MySQL.
const unseen = "unverified, on MySQL 8 by its manual: "

// Server is one server, as one connection of Sever.
type Server struct {
	connection string
	cfg        Config
	password   string // our own, for hide
	login      string
	prefix     string            // of our settings
	key        [sha256.Size]byte // of the fingerprints
	db         *sql.DB
}

var _ interface {
	provider.Provider
	provider.Container
	provider.Rotator
	provider.SessionEnder
	provider.Unlinker
	provider.Revoker
	provider.Reassigner
	provider.Deleter
	provider.Restorer
	provider.Preflighter
	provider.Explainer
} = (*Server)(nil)

func open(s provider.Settings) (provider.Provider, error) {
	cfg, err := config.Parse[Config](s.Vars, s.Prefix)
	if err != nil {
		return nil, err
	}
	dsn, err := cfg.dsn()
	if err != nil {
		return nil, fmt.Errorf("%sURL: %w", s.Prefix, err)
	}
	db, err := pool(dsn, cfg.MaxSessions)
	if err != nil {
		return nil, fmt.Errorf("%sURL: %w", s.Prefix, err)
	}
	return &Server{
		connection: s.Connection, cfg: cfg, password: dsn.Passwd, login: dsn.User, prefix: s.Prefix,
		key: sha256.Sum256([]byte("fingerprints of accounts\x00" + dsn.Passwd)), db: db,
	}, nil
}

// Close ends what calls in progress still use.
func (s *Server) Close() { _ = s.db.Close() }
