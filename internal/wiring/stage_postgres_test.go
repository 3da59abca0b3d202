package wiring_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/devtest"
)

// postgresStage is a real server. Ada owns things with one role, and reads with another.
func postgresStage(t *testing.T) *stage {
	t.Helper()
	p := newServer(t, devtest.Servers(t)[0])
	u := strings.TrimPrefix(p.ada, "ada_")
	ro, other := "reader_"+u, "bob_"+u
	p.run("postgres", "create role "+ro+" login password 'hers too' connection limit 3 valid until '2040-01-01'", "create role "+other+" login password 'his'",
		"alter role "+p.ada+" set work_mem = '64MB'", "alter role "+ro+" in database "+p.shop+" set search_path = s", "comment on role "+ro+" is 'E1042'",
		"grant "+p.ada+"_team to "+ro+" with admin option", "grant connect on database "+p.shop+" to "+ro)
	p.run(p.shop, "create view v as select * from u", "grant select (x), insert on u to "+ro+" with grant option", "grant select on u to "+other,
		"create function f() returns int language sql as 'select 1'", "grant execute on function f() to "+ro,
		"create policy p on u to "+ro+", "+p.heir+" using (x > 0)")
	s := &stage{conn: p.conn, hers: []login{{name: p.ada, password: "hers"}, {name: ro, password: "hers too"}}, his: login{name: other, password: "his"}}
	s.opens = func(l login, secret string) bool {
		c, err := pgx.ParseConfig(p.named.URL(p.shop))
		require.NoError(t, err)
		c.User, c.Password = l.name, secret
		conn, err := pgx.ConnectConfig(p.ctx, c)
		if err == nil {
			_ = conn.Close(p.ctx)
		}
		return err == nil
	}
	s.look = func() []string { return p.catalog(u) }
	s.blocked = obstacle{login: s.hers[0], outcome: access.Contained, why: "owns table public.t there, and nobody is named to receive them",
		successor: p.heir, clear: nothing, newWord: true}
	s.loses = []loss{{announced: "its credential; a cancel makes a new one", line: `^[-+] password of (ada|reader)_` + u + ` `}}
	s.golden = strings.NewReplacer("_"+u, "", "-"+u, "")
	s.keeps = func(l login) bool { return l.name == p.ada }
	s.hold = func() (func() bool, func()) { return p.holdTable(p.till, "s.v") }
	return s
}

// holdTable changes the privileges of a table and leaves that open, so that whoever
// changes them next waits.
func (s *server) holdTable(database, table string) (waits func() bool, release func()) {
	conn, err := pgx.Connect(s.ctx, s.named.URL(database))
	require.NoError(s.t, err)
	tx, err := conn.Begin(s.ctx)
	require.NoError(s.t, err)
	_, err = tx.Exec(s.ctx, "grant select on "+table+" to public")
	require.NoError(s.t, err)
	waits = func() bool {
		return s.number("postgres", fmt.Sprintf("select count(*) from pg_stat_activity where %d = any(pg_blocking_pids(pid))", conn.PgConn().PID())) > 0
	}
	return waits, func() {
		_ = tx.Rollback(s.ctx)
		_ = conn.Close(s.ctx)
	}
}

// catalog is what the server's own catalogs say of everything that this test made.
func (s *server) catalog(u string) []string {
	s.t.Helper()
	out := s.lines("postgres", strings.ReplaceAll(serverFacts, "{}", u))
	for _, db := range []string{s.shop, s.till} {
		for _, line := range s.lines(db, databaseFacts) {
			out = append(out, db+": "+line)
		}
	}
	return out
}

func (s *server) lines(database, query string) []string {
	s.t.Helper()
	conn, err := pgx.Connect(s.ctx, s.named.URL(database))
	require.NoError(s.t, err)
	defer conn.Close(s.ctx)
	rows, err := conn.Query(s.ctx, query)
	require.NoError(s.t, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(s.t, err)
	return out
}

const serverFacts = `
select concat_ws(' ', 'role', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
                 rolconnlimit, rolvaliduntil, shobj_description(oid, 'pg_authid')) from pg_roles where rolname like '%{}%'
union all select concat_ws(' ', 'password of', rolname, rolpassword) from pg_authid where rolname like '%{}%'
union all select concat_ws(' ', 'setting of', setrole::regrole, (select datname from pg_database where oid = setdatabase), setconfig)
            from pg_db_role_setting where setrole::regrole::text like '%{}%'
union all select concat_ws(' ', 'membership of', member::regrole, 'in', roleid::regrole, to_jsonb(m) - 'oid' - 'roleid' - 'member' - 'grantor', 'by', grantor::regrole)
            from pg_auth_members m where roleid::regrole || member::regrole::text like '%{}%'
union all select concat_ws(' ', 'database', datname, datdba::regrole, unnest(coalesce(datacl, acldefault('d', datdba))))
            from pg_database where datname like '%{}%'
order by 1`

const databaseFacts = `
with o (kind, id, owner, acl) as (
    select 'relation', oid::regclass::text, relowner, coalesce(relacl, acldefault('r', relowner)) from pg_class where oid >= 16384
    union all select 'column', attrelid::regclass || '.' || attname, 0, attacl from pg_attribute where attacl is not null and attrelid >= 16384
    union all select 'schema', nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner)) from pg_namespace where nspname !~ '^pg_(toast_)?temp'
    union all select 'routine', oid::regprocedure::text, proowner, coalesce(proacl, acldefault('f', proowner)) from pg_proc where oid >= 16384
    union all select 'type', oid::regtype::text, typowner, coalesce(typacl, acldefault('T', typowner)) from pg_type where oid >= 16384
    union all select 'defaults', defaclnamespace::regnamespace || ' ' || defaclobjtype::text, defaclrole, defaclacl from pg_default_acl
)
select concat_ws(' ', kind, id, 'belongs to', pg_get_userbyid(owner)) from o
union all select concat_ws(' ', kind, id, 'grants', unnest(acl)) from o
union all select concat_ws(' ', 'policy', polname, polrelid::regclass, polcmd, (select array_agg(pg_get_userbyid(r) order by 1) from unnest(polroles) r),
                           pg_get_expr(polqual, polrelid)) from pg_policy
order by 1`
