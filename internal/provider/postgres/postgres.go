// Package postgres takes access away on a PostgreSQL server, versions 12 to 18,
// as an administrator would: by SQL, over a direct connection.
//
// Four facts about PostgreSQL shape it.
//
//   - A role belongs to the server, but what it may do is written into each
//     database. The shared catalog pg_shdepend names every object of every database
//     that mentions a role, so it says which databases to ask and whether an answer
//     was complete. What it lists and we cannot explain is a gap.
//   - NOLOGIN stops logins and nothing else: sessions live on. They are ended one by
//     one and looked for again. A session is found by the role that it logged in as,
//     which SET ROLE does not change.
//   - DROP OWNED drops tables, and it leaves privileges behind that somebody other
//     than the owner granted. It is never sent. Revoke sends a REVOKE for each
//     object that names the role and then asks pg_shdepend whether one is left. No
//     statement of ours can drop what belongs to somebody, so a table that changes
//     hands between our check and our act is in no danger. The two statements that
//     do drop something drop what exists for the leaver alone: her user mapping at a
//     foreign server, and a row security policy that names nobody else.
//   - Names are reused, oids are not. Every change is made in a transaction that
//     finds the role by name and by oid first.
//
// Privileges which the role granted to others end with its own, as in PostgreSQL
// itself; Look lists them as issued, so that a plan shows who loses what. The
// exception is a membership on servers before 16: there the grantor is a note that
// nothing depends on, and the member keeps it.
//
// All accounts of a connection are on the resource "server". Objects that belong to
// no database (tablespaces, parameters) are counted to the database that the
// connection's URL names.
package postgres

import (
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

// Spec is what the catalog knows of this provider.
var Spec = provider.Spec{
	Name: "postgres",
	Engines: map[string]access.Capabilities{
		engine: {
			access.Contain:  {Support: access.Full, How: "NOLOGIN (in an incident PASSWORD NULL too), then pg_terminate_backend, until none is left"},
			access.Rotate:   {Support: access.Full, How: "ALTER ROLE ... PASSWORD with a verifier that is computed here; sessions live on. A role that is known to have no password is refused"},
			access.Unlink:   {Support: access.Full, How: "REVOKE role, by the grantor of each membership"},
			access.Revoke:   {Support: access.Full, How: "REVOKE on every object that pg_shdepend names, default privileges too, in one transaction"},
			access.Reassign: {Support: access.Full, How: "REASSIGN OWNED to the successor, then as revoke, in one transaction"},
			access.Delete:   {Support: access.Full, How: "DROP ROLE, after pg_shdepend is empty"},
			access.Confirm:  {Support: access.Full, How: "a new connection reads pg_roles, pg_shdepend, pg_stat_activity"},
			access.Restore:  {Support: access.Partial, How: "everything but a dead password, which is replaced, and the secrets of user mappings"},
		},
	},
	Needs:  needs,
	Limits: provider.Limits{Parallel: 8, Settle: time.Minute},
	Open:   open,
}

const (
	engine   = "postgres"
	resource = "server"
)

// Server is one PostgreSQL server, as one connection of Sever.
type Server struct {
	connection string
	cfg        Config
	conns      *conns
	home       string // the database that the URL names
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
	dsn, err := cfg.dsn(s.Connection)
	if err != nil {
		return nil, fmt.Errorf("%sURL: %w", s.Prefix, err)
	}
	return &Server{
		connection: s.Connection,
		cfg:        cfg,
		conns:      newConns(dsn, cfg.MaxSessions),
		home:       dsn.Database,
	}, nil
}

// Close ends the connections that are kept for the next call.
func (s *Server) Close() { s.conns.close() }
