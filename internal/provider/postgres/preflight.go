package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/provider"
)

// Preflight checks what our login may do, with the words that would grant it.
func (s *Server) Preflight(ctx context.Context) ([]provider.Check, error) {
	op := "preflight " + s.connection
	var f findings
	err := s.conns.look(ctx, 0, s.home, func(conn *kept) error { return f.ask(ctx, conn.Conn) })
	if err == nil && !f.Super {
		err = s.askInside(ctx, &f.others) // with no connection in hand, for there may be one only
	}
	if err != nil {
		return nil, s.classified(op, err)
	}
	return f.checks(), nil
}

// The oldest and the newest version that the tests run on or that the catalogs were
// read for.
const oldest, newest = 12, 18

const rightsOfOurs = `
select r.rolname::text, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls, pg_is_in_recovery(),
       pg_has_role('pg_signal_backend', 'USAGE'), pg_has_role('pg_read_all_stats', 'USAGE'), has_table_privilege('pg_authid', 'select')
from pg_roles r where r.rolname = current_user`

type rights struct {
	Login       string
	Super       bool
	CreateRole  bool
	CreateDB    bool
	Replication bool
	BypassRLS   bool
	Standby     bool
	Signal      bool
	Stats       bool
	Authid      bool
}

const shutDatabases = `
select datname::text, datallowconn, has_database_privilege(oid, 'CONNECT'), 0
from pg_database
where datname <> 'template0' and not (datallowconn and has_database_privilege(oid, 'CONNECT'))
order by 1`

// From 16 on a role is administered by those who have ADMIN OPTION on it.
const notOurs = `
select rolname::text from pg_roles
where oid >= 16384 and not rolsuper and rolname <> current_user and not pg_has_role(oid, 'MEMBER WITH ADMIN OPTION')
order by 1`

const superusers = `select rolname::text from pg_roles where rolsuper and oid >= 16384 order by 1`

// findings are what the server tells of our login and of what is in its way.
type findings struct {
	rights
	others
	version string
	major   int
	shut    []place
	foreign []string // roles that our login may not change
	bosses  []string // superusers
}

func (f *findings) ask(ctx context.Context, conn *pgx.Conn) error {
	f.version, f.major = conn.PgConn().ParameterStatus("server_version"), major(conn)
	var b pgx.Batch
	b.Queue(rightsOfOurs).Query(func(rows pgx.Rows) (err error) {
		f.rights, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[rights])
		return err
	})
	b.Queue(shutDatabases).Query(func(rows pgx.Rows) (err error) {
		f.shut, err = pgx.CollectRows(rows, pgx.RowToStructByPos[place])
		return err
	})
	into(&b, notOurs, &f.foreign)
	into(&b, superusers, &f.bosses)
	f.others.ask(&b, f.major)
	if err := conn.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	if f.Super || f.major < 16 {
		f.foreign = nil
	}
	if f.Super {
		f.bosses, f.others = nil, others{}
	}
	return nil
}

func (f findings) checks() []provider.Check {
	r, login := f.rights, quote(f.Login)
	checks := []provider.Check{
		{
			Name: "server version", Fatal: f.major < oldest, OK: f.major >= oldest && f.major <= newest, Detail: "PostgreSQL " + f.version,
			Remedy: fmt.Sprintf("versions %d to %d are known", oldest, newest),
		}, {
			Name: "server is the primary", Fatal: true, OK: !r.Standby,
			Remedy: "point the URL at the primary, or add target_session_attrs=primary to it",
		}, {
			Name: mayCreate, Fatal: true, OK: r.Super || r.CreateRole, Detail: "as " + readable(r.Login) + rank(r), Remedy: remedy(mayCreate, login, ""),
		}, {
			Name: mayChange, OK: len(f.foreign) == 0, Detail: shortList(readableAll(f.foreign)), Remedy: remedy(mayChange, login, firstOf(f.foreign)),
		}, {
			Name: "may offboard superusers", OK: len(f.bosses) == 0,
			Detail: shortList(readableAll(f.bosses)), Remedy: "only a superuser can: connect as one",
		},
		{Name: maySignal, OK: r.Super || r.Signal, Remedy: remedy(maySignal, login, "")},
		{Name: mayTell, OK: r.Super || r.Stats, Detail: "only the owner of a subscription needs it, and it shows the queries of everybody", Remedy: remedy(mayTell, login, "")},
	}
	checks = append(checks, f.others.check(), r.makesAgain(f.special, f.major), provider.Check{
		Name: maySeeSecrets, OK: r.Authid, Detail: "only a cancelled incident needs it, and it shows the hashes of all passwords", Remedy: remedy(maySeeSecrets, login, ""),
	})
	checks = append(checks, databaseChecks(f.shut, login)...)
	for i := range checks {
		if checks[i].OK {
			checks[i].Remedy = ""
		}
	}
	return checks
}

func rank(r rights) string {
	if r.Super {
		return ", a superuser"
	}
	return ", no superuser"
}

// databaseChecks has one line for each database that we cannot look into.
func databaseChecks(shut []place, login string) []provider.Check {
	if len(shut) == 0 {
		return []provider.Check{{Name: mayConnect + " every database", OK: true}}
	}
	var out []provider.Check
	for _, p := range shut {
		c := provider.Check{Name: mayConnect + " database " + readable(p.Name), Detail: "CONNECT is missing", Remedy: remedy(mayConnect, login, quote(p.Name))}
		if !p.Open {
			c.Detail = "it takes no connections"
			c.Remedy = fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS true", quote(p.Name))
		}
		out = append(out, c)
	}
	return out
}

func firstOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return quote(names[0])
}

func readableAll(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = readable(n)
	}
	return out
}

// shortList names a few and counts the rest.
func shortList(names []string) string {
	const few = 5
	text := strings.Join(names[:min(few, len(names))], ", ")
	if len(names) > few {
		text += fmt.Sprintf(" and %d more", len(names)-few)
	}
	return text
}
