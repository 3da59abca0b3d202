package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	pgserver "github.com/severhq/sever/internal/dev/postgres"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/postgres"
)

// onPostgres is a PostgreSQL server.
type onPostgres struct {
	*pgserver.Server
	postgresDialect
}

func (s onPostgres) as(who person, database, address string) string {
	u, _ := url.Parse(s.URL(database))
	if who.name != "" {
		u.User = url.UserPassword(who.name, who.password)
	}
	if address != "" {
		u.Host = address
	}
	return u.String()
}

func (s onPostgres) connection(t *testing.T, name string, as person, address string) catalog.Connection {
	t.Helper()
	p, err := postgres.Spec.Open(provider.Settings{Connection: name, Prefix: catalog.Prefix(name), Vars: config.Vars{
		catalog.Prefix(name) + "URL": s.as(as, "postgres", address)}})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return catalog.Connection{Name: name, Spec: postgres.Spec, Provider: p, Owner: "dba@example.com"}
}

func (s onPostgres) admin(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	if database == "" {
		database = "postgres"
	}
	conn, err := pgx.Connect(context.Background(), s.URL(database))
	require.NoError(t, err)
	return conn
}

func (s onPostgres) run(t *testing.T, database string, statements ...string) {
	t.Helper()
	conn := s.admin(t, database)
	defer conn.Close(context.Background())
	for _, sql := range statements {
		_, err := conn.Exec(context.Background(), sql)
		require.NoError(t, err, "%s", sql)
	}
}

func (s onPostgres) connect(ctx context.Context, who person, database string) (session, bool, error) {
	c, err := pgx.ParseConfig(s.URL(database))
	if err != nil {
		return nil, false, err
	}
	c.User, c.Password = who.name, who.password
	conn, err := pgx.ConnectConfig(ctx, c)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return nil, strings.HasPrefix(e.Code, "28"), err
	}
	if err != nil {
		return nil, false, err
	}
	return pgSession{conn}, false, nil
}

func (s onPostgres) text(t *testing.T, database, query string, args ...any) (out string) {
	t.Helper()
	conn := s.admin(t, database)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(context.Background(), query, args...).Scan(&out), "%s", query)
	return out
}

func (s onPostgres) account(t *testing.T, who person) (exists bool, sessions int) {
	t.Helper()
	conn := s.admin(t, "")
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(context.Background(), `select exists (select from pg_authid where rolname::text = $1),
		(select count(*) from pg_stat_activity where usename::text = $1)`, who.name).Scan(&exists, &sessions))
	return exists, sessions
}

func (s onPostgres) birthmark(t *testing.T, who person) string {
	t.Helper()
	return s.text(t, "", `select coalesce((select oid::text from pg_authid where rolname::text = $1), '')`, who.name)
}

func (s onPostgres) state(t *testing.T, database string, people ...person) string {
	t.Helper()
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = p.name
	}
	return s.text(t, database, `select coalesce(string_agg(x, E'\n' order by x), '') from (
		with them as (select a.*, a.oid as id from pg_authid a where a.rolname::text = any($1))
		select to_jsonb(them)::text x from them
		union all select concat_ws(' ', t.rolname, m.roleid::regrole, m.member::regrole, m.admin_option) from pg_auth_members m, them t where t.id in (m.roleid, m.member)
		union all select concat_ws(' ', t.rolname, c.relname, p.privilege_type, p.is_grantable) from pg_class c, aclexplode(c.relacl) p, them t where p.grantee = t.id
		union all select concat_ws(' ', t.rolname, 'owns', c.relname) from pg_class c, them t where c.relowner = t.id
		union all select concat_ws(' ', t.rolname, d.defaclacl::text) from pg_default_acl d, aclexplode(d.defaclacl) p, them t where p.grantee = t.id) q`, names)
}

func (s onPostgres) owner(t *testing.T, database, thing string) string {
	t.Helper()
	return s.text(t, database, `select pg_get_userbyid(relowner)::text from pg_class where relname::text = $1`, thing)
}

type pgSession struct{ *pgx.Conn }

func (s pgSession) exec(ctx context.Context, statement string) error {
	_, err := s.Exec(ctx, statement)
	return err
}

func (s pgSession) number(ctx context.Context, query string) (n int, err error) {
	return n, s.QueryRow(ctx, query).Scan(&n)
}

func (s pgSession) close() { _ = s.Close(context.Background()) }

type postgresDialect struct{}

func (postgresDialect) quote(name string) string { return pgx.Identifier{name}.Sanitize() }
func (postgresDialect) literal(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
func (postgresDialect) engine() string { return "PostgreSQL" }

func (postgresDialect) everywhere(name, password string) person {
	return person{name: name, password: password}
}

func (postgresDialect) neighbours(person) []person { return nil }

func (d postgresDialect) create(who person) []string {
	return []string{"create role " + d.quote(who.name) + " login password " + d.literal(who.password)}
}

func (d postgresDialect) drop(who person) []string {
	return []string{"drop owned by " + d.quote(who.name), "drop role " + d.quote(who.name)}
}

func (d postgresDialect) createDatabase(name string) string {
	return "create database " + d.quote(name)
}

func (d postgresDialect) createTable(name string) []string {
	return []string{"create table " + d.quote(name) + " (id int)", "insert into " + d.quote(name) + " values (1)"}
}

func (d postgresDialect) letRead(who person, _, table string) []string {
	return []string{"grant select, update on " + d.quote(table) + " to " + d.quote(who.name)}
}

func (d postgresDialect) letReadAll(who person, _ string) []string {
	return []string{"grant select on all tables in schema public to " + d.quote(who.name), "grant usage on schema public to " + d.quote(who.name),
		"alter default privileges in schema public grant select on tables to " + d.quote(who.name)}
}

func (d postgresDialect) owns(who person, _, thing, table string) []string {
	return []string{"create view " + d.quote(thing) + " as select * from " + d.quote(table), "alter view " + d.quote(thing) + " owner to " + d.quote(who.name)}
}

func (d postgresDialect) createRole(role string) []string {
	return []string{"create role " + d.quote(role)}
}

func (d postgresDialect) join(who person, role string) []string {
	return []string{"grant " + d.quote(role) + " to " + d.quote(who.name)}
}

func (d postgresDialect) become(role string) string { return "set role " + d.quote(role) }

func (d postgresDialect) count(_, table string) string {
	return "select count(*) from " + d.quote(table)
}

func (d postgresDialect) transact(_, table string) []string {
	return []string{"begin", "update " + d.quote(table) + " set id = id"}
}

func (postgresDialect) slowly(d time.Duration) string {
	return fmt.Sprintf("select pg_sleep(%f)", d.Seconds())
}

func (d postgresDialect) administrator(who person) []string {
	return append(d.create(who), "alter role "+d.quote(who.name)+" superuser createrole")
}

func (d postgresDialect) looker(who person) []string { return d.create(who) }

func (d postgresDialect) promote(who person) []string { return d.strengthen(who) }

func (d postgresDialect) weaken(who person) []string {
	return []string{"alter role " + d.quote(who.name) + " nosuperuser"}
}

func (postgresDialect) blind(person) []string   { return nil }
func (postgresDialect) sighted(person) []string { return nil }

func (postgresDialect) lacking() string { return "our login lacks the rights of" }

func (d postgresDialect) strengthen(who person) []string {
	return []string{"alter role " + d.quote(who.name) + " superuser"}
}

// Some are words that mean somebody else in SQL unless they are quoted.
func (postgresDialect) names(word string) []string {
	return append(hostileNames(word), "👩‍💻"+word, "current_user", "session_user", "all", "user", " leading "+word, "trailing "+word+" ",
		word+strings.Repeat("n", 63-len(word)), strings.Repeat("é", 25)+word+"!")
}

// PostgreSQL cuts what is longer than 63 bytes off, and takes the rest for the name.
func (postgresDialect) strangers(word string) map[string]string {
	long := "long_" + word + strings.Repeat("n", 80)
	multi := "multi_" + word + strings.Repeat("n", 63-6-1-len(word)) + "é" // the cut goes through a character
	return map[string]string{long[:64]: long[:63], multi: multi[:62], "80" + long[:78]: ("80" + long)[:63]}
}
