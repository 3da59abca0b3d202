package bench_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/mariadb"
)

// BenchmarkOffboardMariaDB is BenchmarkOffboard on MariaDB: n principals, each with
// privileges on 20 tables in one or in four databases, a view in each of which they are
// the definer, and a role. The floor is one connection that locks, looks for sessions,
// gives the views their new definer, and drops the account, whose privileges go with it.
func BenchmarkOffboardMariaDB(b *testing.B) {
	if err := mariadb.Installed(); err != nil {
		if os.Getenv("CI") == "true" {
			b.Fatal(err)
		}
		b.Skip(err)
	}
	sizes(b, newMariaDB)
}

// mariaSite is a MariaDB server.
type mariaSite struct {
	b      *testing.B
	ctx    context.Context
	target *mariadb.Server
	admin  *sql.DB
	since  int64 // statements until the last reset
}

func newMariaDB(b *testing.B, dir string) site {
	b.Helper()
	m := &mariaSite{b: b, ctx: context.Background()}
	var err error
	// What it is told to keep is kept, as on a server that is somebody's.
	m.target, err = mariadb.Start(m.ctx, mariadb.Options{Dir: filepath.Join(dir, "target"),
		Settings: map[string]string{"max-connections": "300", "innodb-flush-log-at-trx-commit": "1"}})
	require.NoError(b, err)
	b.Cleanup(func() { _ = m.target.Stop() })
	connector, err := mysql.NewConnector(m.target.Config())
	require.NoError(b, err)
	m.admin = sql.OpenDB(connector)
	m.admin.SetMaxOpenConns(1)
	b.Cleanup(func() { _ = m.admin.Close() })
	m.run("create user heir", "create role staff")
	return m
}

func (m *mariaSite) settings() []string {
	c := m.target.Config()
	u := url.URL{Scheme: "mysql", User: url.UserPassword(c.User, c.Passwd), Host: c.Addr}
	return []string{"SEVER_CONNECTIONS=" + connection + "=mysql", "SEVER_CONN_MAIN_URL=" + u.String(), "SEVER_CONN_MAIN_TLS=off"}
}

func (m *mariaSite) run(statements ...string) {
	for _, s := range statements {
		_, err := m.admin.ExecContext(m.ctx, s)
		require.NoError(m.b, err, s)
	}
}

func (m *mariaSite) plant(prefix string, n, databases int) []person {
	var names []string
	for d := range databases {
		name := fmt.Sprintf("app%d", d)
		names = append(names, name)
		// What was planted before, and has found its heir, goes: the server opens every
		// view that it has when somebody asks who defines what.
		m.run("drop database if exists "+name, "create database "+name, "grant select on "+name+".* to heir")
		for t := range tables / databases {
			m.run(fmt.Sprintf("create table %s.t%d (x int)", name, t))
		}
	}
	people := make([]person, n)
	var all []string
	for i := range people {
		p := person{id: access.PrincipalID(fmt.Sprintf("%s%06d", prefix, i)), role: fmt.Sprintf("%s_%06d", prefix, i), host: "%", databases: names}
		people[i], all = p, append(all, p.role)
	}
	m.run("create user "+strings.Join(all, " identified by 'x', ")+" identified by 'x'", "grant staff to "+strings.Join(all, ", "))
	for _, name := range names {
		for t := range tables / databases {
			m.run(fmt.Sprintf("grant select, insert on %s.t%d to %s", name, t, strings.Join(all, ", ")))
		}
		for _, who := range all {
			m.run(fmt.Sprintf("create definer = %s view %s.%[1]s as select x from %[2]s.t0", who, name))
		}
	}
	return people
}

func (m *mariaSite) plainSQL(people []person) time.Duration {
	began := time.Now()
	for _, p := range people {
		m.run("alter user " + p.role + " account lock")
		require.Zero(m.b, m.number("select count(*) from information_schema.processlist where user = '"+p.role+"'"), "nobody is logged in")
		for _, name := range p.databases {
			m.run(fmt.Sprintf("alter definer = heir view %s.%s as select x from %[1]s.t0", name, p.role))
		}
		m.run("drop user " + p.role)
	}
	return time.Since(began)
}

func (m *mariaSite) nothingLeft(people []person) {
	var names strings.Builder
	for _, p := range people {
		names.WriteString("'" + p.role + "', ")
	}
	in := "(" + strings.TrimSuffix(names.String(), ", ") + ")"
	for _, query := range []string{
		"select count(*) from mysql.global_priv where User in " + in, "select count(*) from mysql.tables_priv where User in " + in,
		"select count(*) from mysql.roles_mapping where User in " + in, "select count(*) from information_schema.VIEWS where substring_index(DEFINER, '@', 1) in " + in,
	} {
		require.Zero(m.b, m.number(query), "%.60s", query)
	}
}

// number is the answer to a question for one.
func (m *mariaSite) number(query string) (n int64) {
	require.NoError(m.b, m.admin.QueryRowContext(m.ctx, query).Scan(&n))
	return n
}

func (m *mariaSite) questions() int64 {
	return m.number("select variable_value from information_schema.global_status where variable_name = 'QUESTIONS'")
}

func (m *mariaSite) statements() int64 { return m.questions() - m.since }
func (m *mariaSite) resetStatements()  { m.since = m.questions() }
