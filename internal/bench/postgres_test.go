package bench_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/postgres"
)

// postgresSite is a PostgreSQL server that counts its statements.
type postgresSite struct {
	b      *testing.B
	ctx    context.Context
	target *postgres.Server
	admin  *pgxpool.Pool
}

func newPostgres(b *testing.B, dir string) site {
	b.Helper()
	ctx := context.Background()
	target, err := postgres.Start(ctx, postgres.Options{Dir: filepath.Join(dir, "target"), Settings: map[string]string{
		"shared_preload_libraries": "pg_stat_statements", "max_locks_per_transaction": "256"}})
	require.NoError(b, err)
	b.Cleanup(func() { _ = target.Stop() })
	admin, err := pgxpool.New(ctx, target.URL("postgres"))
	require.NoError(b, err)
	b.Cleanup(admin.Close)
	_, err = admin.Exec(ctx, "create extension pg_stat_statements")
	require.NoError(b, err)
	return &postgresSite{b, ctx, target, admin}
}

func (h *postgresSite) settings() []string {
	return []string{"SEVER_CONNECTIONS=" + connection + "=postgres", "SEVER_CONN_MAIN_URL=" + h.target.URL("postgres")}
}

// plant makes n roles with their tables.
func (h *postgresSite) plant(prefix string, n, databases int) []person {
	var names []string
	for d := range databases {
		name := fmt.Sprintf("app%d", d)
		names = append(names, name)
		var there bool
		require.NoError(h.b, h.admin.QueryRow(h.ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&there))
		if !there {
			_, err := h.admin.Exec(h.ctx, "create database "+name)
			require.NoError(h.b, err)
		}
	}
	_, err := h.admin.Exec(h.ctx, `do $$ begin
		if to_regrole('heir') is null then create role heir; create role staff; end if; end $$`)
	require.NoError(h.b, err)
	people := make([]person, n)
	for i := range people {
		people[i] = person{id: access.PrincipalID(fmt.Sprintf("%s%06d", prefix, i)), role: fmt.Sprintf("%s_%06d", prefix, i), databases: names}
		_, err := h.admin.Exec(h.ctx, "create role "+people[i].role+" login password 'x' in role staff")
		require.NoError(h.b, err)
	}
	for _, name := range names {
		conn, err := pgx.Connect(h.ctx, h.target.URL(name))
		require.NoError(h.b, err)
		for _, p := range people {
			sql := "begin; create schema if not exists own;"
			for t := range tables / databases {
				sql += fmt.Sprintf("create table own.%s_%d (x int); alter table own.%[1]s_%[2]d owner to %[1]s;", p.role, t)
			}
			_, err := conn.Exec(h.ctx, sql+"grant create on schema own to "+p.role+"; revoke create on schema own from "+p.role+"; commit")
			require.NoError(h.b, err)
		}
		require.NoError(h.b, conn.Close(h.ctx))
	}
	return people
}

// plainSQL is the floor: for each principal one NOLOGIN, one round of terminating,
// REASSIGN and DROP OWNED in each database, and DROP ROLE.
func (h *postgresSite) plainSQL(people []person) time.Duration {
	conns := map[string]*pgx.Conn{}
	for _, name := range append([]string{"postgres"}, people[0].databases...) {
		conn, err := pgx.Connect(h.ctx, h.target.URL(name))
		require.NoError(h.b, err)
		conns[name] = conn
	}
	run := func(database, sql string) {
		_, err := conns[database].Exec(h.ctx, sql)
		require.NoError(h.b, err)
	}
	began := time.Now()
	for _, p := range people {
		run("postgres", "alter role "+p.role+" nologin")
		run("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where usename = '"+p.role+"'")
		for _, name := range p.databases {
			run(name, "begin; reassign owned by "+p.role+" to heir; drop owned by "+p.role+"; commit")
		}
		run("postgres", "drop role "+p.role)
	}
	took := time.Since(began)
	for _, c := range conns {
		_ = c.Close(h.ctx)
	}
	return took
}

// nothingLeft asks the server itself: a fast wrong answer is worth nothing.
func (h *postgresSite) nothingLeft(people []person) {
	roles := make([]string, len(people))
	for i, p := range people {
		roles[i] = p.role
	}
	var left int
	require.NoError(h.b, h.admin.QueryRow(h.ctx, "select count(*) from pg_roles where rolname = any($1)", roles).Scan(&left))
	require.Zero(h.b, left, "roles left")
}

// statements counts what the target has executed since the last reset.
func (h *postgresSite) statements() (n int64) {
	require.NoError(h.b, h.admin.QueryRow(h.ctx, "select coalesce(sum(calls), 0)::bigint from pg_stat_statements").Scan(&n))
	return n
}

func (h *postgresSite) resetStatements() {
	_, err := h.admin.Exec(h.ctx, "select pg_stat_statements_reset()")
	require.NoError(h.b, err)
}
