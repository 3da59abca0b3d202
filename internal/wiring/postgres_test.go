package wiring_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/postgres"
	"github.com/severhq/sever/workflows"
)

// server is a real PostgreSQL as a connection, with names of its own on it.
type server struct {
	t     *testing.T
	ctx   context.Context
	named devtest.Named
	conn  catalog.Connection
	ada   string // the leaver's role
	heir  string
	shop  string // two databases
	till  string
}

func newServer(t *testing.T, on devtest.Named) *server {
	t.Helper()
	u := severtest.Unique()
	s := &server{t: t, ctx: context.Background(), named: on, ada: "ada_" + u, heir: "heir_" + u, shop: "shop_" + u, till: "till_" + u}
	name := "pg-" + u
	vars := config.Vars{catalog.Prefix(name) + "URL": on.URL("postgres"), catalog.Prefix(name) + "LOCK_TIMEOUT": "60s"}
	p, err := postgres.Spec.Open(provider.Settings{Connection: name, Vars: vars, Prefix: catalog.Prefix(name)})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	s.conn = catalog.Connection{Name: name, Spec: postgres.Spec, Provider: p, Owner: "dba"}
	s.run("postgres", "create database "+s.shop, "create database "+s.till,
		"create role "+s.ada+" login password 'hers'", "create role "+s.heir, "create role "+s.ada+"_team", "grant "+s.ada+"_team to "+s.ada)
	s.run(s.shop, "create table t (x int)", "insert into t values (1)", "alter table t owner to "+s.ada, "create table u (x int)", "grant select on u to "+s.ada)
	s.run(s.till, "create schema s", "create table s.v (x int)", "grant usage on schema s to "+s.ada, "grant select, insert on s.v to "+s.ada,
		"alter default privileges in schema s grant select on tables to "+s.ada)
	return s
}

func (s *server) run(database string, sql ...string) {
	s.t.Helper()
	conn, err := pgx.Connect(s.ctx, s.named.URL(database))
	require.NoError(s.t, err)
	defer conn.Close(s.ctx)
	for _, q := range sql {
		_, err := conn.Exec(s.ctx, q)
		require.NoError(s.t, err, "%s", q)
	}
}

// login tries to log in as the leaver.
func (s *server) login(password string) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig(s.named.URL(s.shop))
	require.NoError(s.t, err)
	c.User, c.Password = s.ada, password
	return pgx.ConnectConfig(s.ctx, c)
}

func (s *server) number(database, query string) (n int) {
	s.t.Helper()
	conn, err := pgx.Connect(s.ctx, s.named.URL(database))
	require.NoError(s.t, err)
	defer conn.Close(s.ctx)
	require.NoError(s.t, conn.QueryRow(s.ctx, query).Scan(&n))
	return n
}

// state is what the catalogs say of the leaver, to be compared before and after.
func (s *server) state() string {
	s.t.Helper()
	out := ""
	for _, q := range []struct{ database, query string }{
		{"postgres", `select string_agg(concat_ws('|', rolname, rolcanlogin, rolsuper, rolinherit, rolcreatedb, rolpassword is not null), ',')
			from pg_authid where rolname = '` + s.ada + `'`},
		{"postgres", `select string_agg(roleid::regrole::text || '>' || member::regrole::text || admin_option, ',' order by 1)
			from (select * from pg_auth_members where member = '` + s.ada + `'::regrole) m`},
		{s.shop, `select string_agg(relname || relowner::regrole || coalesce(relacl::text, ''), ',' order by relname) from pg_class where relname in ('t', 'u')`},
		{s.till, `select string_agg(relname || relowner::regrole || coalesce(relacl::text, ''), ',' order by relname) from pg_class where relname = 'v'`},
		{s.till, `select string_agg(coalesce(defaclacl::text, ''), ',') from pg_default_acl`},
		{s.till, `select nspacl::text from pg_namespace where nspname = 's'`},
	} {
		conn, err := pgx.Connect(s.ctx, s.named.URL(q.database))
		require.NoError(s.t, err)
		var v *string
		require.NoError(s.t, conn.QueryRow(s.ctx, q.query).Scan(&v))
		if v != nil {
			out += *v
		}
		out += "\n"
		_ = conn.Close(s.ctx)
	}
	return out
}

func (s *server) ref() access.Ref { return access.Ref{Connection: s.conn.Name, Name: s.ada} }

func onServers(t *testing.T, test func(*testing.T, *server)) {
	t.Parallel()
	for _, on := range devtest.Servers(t) {
		t.Run(on.Name, func(t *testing.T) {
			t.Parallel()
			test(t, newServer(t, on))
		})
	}
}

func TestARealServerEndsClean(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		w := severtest.New(t, s.conn)
		w.Owns(ada, s.ref())
		open, err := s.login("hers")
		require.NoError(t, err)
		defer open.Close(s.ctx)
		var stop atomic.Bool
		var lastIn atomic.Int64
		done := make(chan struct{})
		go func() { // a client that comes back as soon as it is thrown out
			defer close(done)
			for !stop.Load() {
				if c, err := s.login("hers"); err == nil {
					lastIn.Store(time.Now().UnixNano())
					_, _ = c.Exec(s.ctx, "select pg_sleep(0.01)")
					_ = c.Close(s.ctx)
				}
			}
		}()
		got := w.Submit(ada, "key-1", func(x *workflows.Submit) { x.Successors = map[string]string{s.conn.Name: s.heir} })
		require.Equal(t, access.CaseClean, w.Ends(ada).Status)
		stop.Store(true)
		<-done

		require.Error(t, open.Ping(s.ctx), "the open session is dead")
		_, err = s.login("hers")
		require.ErrorContains(t, err, "password authentication failed")
		require.Equal(t, 1, s.number(s.shop, "select count(*) from t"), "nobody's rows are lost")
		require.Equal(t, 1, s.number(s.shop, fmt.Sprintf("select count(*) from pg_class where relname = 't' and relowner = '%s'::regrole", s.heir)))
		require.Equal(t, 0, s.number("postgres", fmt.Sprintf("select count(*) from pg_roles where rolname = '%s'", s.ada)))
		c, err := w.Parts.Store.Case(w.Ctx, got.Case)
		require.NoError(t, err)
		require.Less(t, lastIn.Load(), c.ContainedAt.UnixNano(), "nobody came in after the case said contained")
		w.Paired(got.Case)
	})
}

func TestACancelOnARealServerRestoresTheCatalogs(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		w := severtest.New(t, s.conn)
		w.Policy.RetryEvery = time.Hour
		w.Owns(ada, s.ref())
		before := s.state()
		got := w.Submit(ada, "key-1") // nobody receives her table: stops half-way
		w.Reaches(ada, "half-way", severtest.InPhase(workflows.PhasePeople))
		require.NotEqual(t, before, s.state())
		require.Equal(t, 1, s.number(s.shop, fmt.Sprintf("select count(*) from pg_class where relname = 't' and relowner = '%s'::regrole", s.ada)), "not dropped, not moved")
		_, err := s.login("hers")
		require.ErrorContains(t, err, "is not permitted to log in")

		require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr", Why: "she stays"}))
		require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
		require.Equal(t, before, s.state())
		back, err := s.login("hers")
		require.NoError(t, err, "her own password works again")
		_ = back.Close(s.ctx)
		w.Paired(got.Case)
	})
}

func TestAnIncidentKillsTheCredential(t *testing.T) {
	onServers(t, func(t *testing.T, s *server) {
		w := severtest.New(t, s.conn)
		w.Owns(ada, s.ref())
		incident, err := plan.For(access.Incident)
		require.NoError(t, err)
		incident.RetryEvery = time.Hour
		w.Submit(ada, "soc-1", func(x *workflows.Submit) { x.Policy = incident })
		w.Reaches(ada, "waiting for a successor", severtest.InPhase(workflows.PhasePeople))
		require.Equal(t, 1, s.number("postgres", fmt.Sprintf("select count(*) from pg_authid where rolname = '%s' and rolpassword is null and not rolcanlogin", s.ada)))
	})
}
