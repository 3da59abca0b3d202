package wiring_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/mysql"
)

// maria is a real MariaDB server, with names of a test's own on it.
type maria struct {
	t    *testing.T
	root *sql.DB
	cfg  *driver.Config
	u    string
}

// mariadbStage is a real server. Ada defines a view with one account, and reads with
// another.
func mariadbStage(t *testing.T) *stage {
	t.Helper()
	m := &maria{t: t, cfg: devtest.MariaDB(t).Config(), u: severtest.Unique()}
	connector, err := driver.NewConnector(m.cfg)
	require.NoError(t, err)
	m.root = sql.OpenDB(connector)
	t.Cleanup(func() { _ = m.root.Close() })
	m.run("create user sever_{}@`%` identified by 'steel-stapler'", "grant all privileges on *.* to sever_{}@`%` with grant option",
		"create database shop_{}", "create database till_{}", "create table shop_{}.orders (id int, total int)", "create table till_{}.sales (id int)",
		"create procedure till_{}.tally() select 1", "create role team_{}", "grant team_{} to sever_{}@`%` with admin option",
		"create user ada_{}@`%` identified by 'hers'", "create user reader_{}@`%` identified by 'hers too' with max_queries_per_hour 500",
		"create user bob_{}@`%` identified by 'his'", "create user heir_{}@`%` identified by 'x'",
		"grant select, insert on `shop\\_{}`.* to heir_{}@`%`", "grant select on till_{}.sales to bob_{}@`%`",
		"grant team_{} to ada_{}@`%`", "set default role team_{} for ada_{}@`%`", "grant select on `shop\\_{}`.* to ada_{}@`%`",
		"grant select (id), insert on till_{}.sales to ada_{}@`%` with grant option",
		"grant team_{} to reader_{}@`%` with admin option", "grant process on *.* to reader_{}@`%`", "grant select, show view on shop_{}.orders to reader_{}@`%`",
		"grant execute on procedure till_{}.tally to reader_{}@`%`",
		"create definer=ada_{}@`%` view shop_{}.big as select id from shop_{}.orders where total > 900")
	s := &stage{conn: m.connection(), hers: []login{{name: "ada_" + m.u, host: "%", password: "hers"}, {name: "reader_" + m.u, host: "%", password: "hers too"}},
		his: login{name: "bob_" + m.u, host: "%", password: "his"}, opens: m.opens, look: m.catalog}
	s.blocked = obstacle{login: s.hers[0], outcome: access.Contained, why: "owns view big there, and nobody is named to receive them",
		successor: "heir_" + m.u, clear: nothing, newWord: true}
	s.loses = []loss{
		{announced: "its credential; a cancel makes a new one", line: `^[-+] account (ada|reader)_` + m.u + `@%: authentication_string `},
		{announced: "the names of those who granted it on tables and routines", line: `^[-+] (table|routine) .*: granted by `},
	}
	s.keeps = func(l login) bool { return l.name == s.hers[0].name }
	s.hold = func() (func() bool, func()) { return m.holdView("shop_{}.big") }
	return s
}

func (m *maria) connection() catalog.Connection {
	m.t.Helper()
	at := url.URL{Scheme: "mysql", User: url.UserPassword("sever_"+m.u, "steel-stapler"), Host: m.cfg.Addr}
	name := "my-" + m.u
	p, err := mysql.Spec.Open(provider.Settings{Connection: name, Prefix: catalog.Prefix(name),
		Vars: config.Vars{catalog.Prefix(name) + "URL": at.String(), catalog.Prefix(name) + "TLS": "off", catalog.Prefix(name) + "LOCK_TIMEOUT": "60s"}})
	require.NoError(m.t, err)
	m.t.Cleanup(p.Close)
	return catalog.Connection{Name: name, Spec: mysql.Spec, Provider: p, Owner: "dba"}
}

func (m *maria) fill(text string) string { return strings.ReplaceAll(text, "{}", m.u) }

func (m *maria) run(statements ...string) {
	m.t.Helper()
	for _, s := range statements {
		_, err := m.root.Exec(m.fill(s))
		require.NoError(m.t, err, "%s", s)
	}
}

func (m *maria) opens(l login, secret string) bool {
	c := m.cfg.Clone()
	c.User, c.Passwd, c.Logger = l.name, secret, &driver.NopLogger{}
	connector, err := driver.NewConnector(c)
	require.NoError(m.t, err)
	db := sql.OpenDB(connector)
	defer db.Close()
	return db.Ping() == nil
}

// holdView reads a view in a transaction that stays open, so that whoever changes it
// waits.
func (m *maria) holdView(view string) (waits func() bool, release func()) {
	tx, err := m.root.BeginTx(context.Background(), nil)
	require.NoError(m.t, err)
	_, err = tx.Exec("select * from " + m.fill(view))
	require.NoError(m.t, err)
	waits = func() bool {
		var n int
		require.NoError(m.t, m.root.QueryRow(m.fill("select count(*) from information_schema.processlist where user = 'sever_{}' and state like '%metadata lock'")).Scan(&n))
		return n > 0
	}
	return waits, func() { _ = tx.Rollback() }
}

// catalog is what the server's own tables say of everything that this test made.
func (m *maria) catalog() []string {
	m.t.Helper()
	var out []string
	for _, f := range mariaFacts {
		for _, line := range m.column(f.query) {
			out = append(out, f.what+" "+line)
		}
	}
	return out
}

func (m *maria) column(query string) (out []string) {
	m.t.Helper()
	rows, err := m.root.Query(m.fill(query))
	require.NoError(m.t, err, "%s", query)
	defer rows.Close()
	for rows.Next() {
		var line string
		require.NoError(m.t, rows.Scan(&line))
		out = append(out, line)
	}
	require.NoError(m.t, rows.Err())
	return out
}

// mariaFacts are queries with one column. What is about an account by itself is one
// field a line.
var mariaFacts = func() []struct{ what, query string } {
	facts := []struct{ what, query string }{
		{"role", "select concat_ws(' ', host, user, 'in', role, admin_option) from mysql.roles_mapping where user like '%{}' or role like '%{}'"},
		{"database", "select concat_ws(' ', host, db, user, select_priv, insert_priv, update_priv, grant_priv, execute_priv, show_view_priv) from mysql.db where user like '%{}'"},
		{"table", "select concat_ws(' ', host, db, user, table_name, table_priv, column_priv) from mysql.tables_priv where user like '%{}'"},
		{"column", "select concat_ws(' ', host, db, user, table_name, column_name, column_priv) from mysql.columns_priv where user like '%{}'"},
		{"routine", "select concat_ws(' ', host, db, user, routine_name, routine_type, proc_priv) from mysql.procs_priv where user like '%{}'"},
		{"table", "select concat(db, '.', table_name, ' to ', user, ': granted by ', grantor) from mysql.tables_priv where user like '%{}'"},
		{"routine", "select concat(db, '.', routine_name, ' to ', user, ': granted by ', grantor) from mysql.procs_priv where user like '%{}'"},
		{"proxy", "select concat_ws(' ', host, user, proxied_host, proxied_user, with_grant) from mysql.proxies_priv where user like '%{}' or proxied_user like '%{}'"},
		{"view", "select concat_ws(' ', table_schema, table_name, definer, security_type, view_definition) from information_schema.views where table_schema like '%{}'"},
		{"procedure", "select concat_ws(' ', routine_schema, routine_name, definer) from information_schema.routines where routine_schema like '%{}'"},
	}
	facts = append(facts, struct{ what, query string }{"account", // not locked is written in two ways
		"select concat(user, '@', host, ': locked ', coalesce(json_value(priv, '$.account_locked'), 'false') in ('1', 'true')) from mysql.global_priv where user like '%{}'"})
	for _, field := range []string{"plugin", "authentication_string", "access", "default_role", "ssl_type", "max_questions", "is_role", "password_lifetime"} {
		facts = append(facts, struct{ what, query string }{"account", fmt.Sprintf(
			"select concat(user, '@', host, ': %s ', coalesce(json_value(priv, '$.%s'), '')) from mysql.global_priv where user like '%%{}'", field, field)})
	}
	return facts
}()
