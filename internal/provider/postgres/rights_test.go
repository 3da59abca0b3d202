package postgres_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

// admin makes the provider work as an administrator that is no superuser, as on a
// hosted server, and returns a way to run SQL as it.
func (w *world) admin() (run func(database string, sql ...string)) {
	w.Helper()
	w.sql("postgres", "create role {admin} login createrole createdb password 'x'")
	w.pg = w.open(config.Vars{"SEVER_CONN_PG_URL": w.urlAs("postgres", w.name("admin"), "x")})
	return func(database string, sql ...string) {
		conn := w.dial(w.urlAs(database, w.name("admin"), "x"))
		defer conn.Close(w.Context())
		for _, s := range sql {
			_, err := conn.Exec(w.Context(), w.fill(s))
			require.NoError(w, err, s)
		}
	}
}

// Where PostgreSQL lets an administrator without superuser rights do it, it is done.
func TestAdministratorWithoutSuperuserRights(t *testing.T) {
	each(t, func(w *world) {
		run := w.admin()
		run("postgres", "create role {ada} login password '"+password+"'", "create role {bob}", "create role {group}",
			"grant {group} to {ada}", "create database {shop}")
		run("{shop}", "create schema s", "grant usage, create on schema s to {ada}, {bob}",
			"create table s.t(x int)", "grant select on s.t to {ada}",
			"alter default privileges in schema s grant select on tables to {ada}")
		session := w.mustLogin("{shop}", w.name("ada"))
		for _, s := range []string{"create table s.hers as select generate_series(1, 5)", "alter default privileges grant select on tables to {bob}"} {
			_, err := session.Exec(w.Context(), w.fill(s))
			require.NoError(w, err)
		}
		w.sql("postgres", "grant pg_signal_backend to {admin}")

		ada := w.ref(w.name("ada"))
		seen := w.look(ada)
		require.Empty(w, seen.Gaps)
		require.Equal(w, "unknown: our login may not read pg_authid", seen.Account.Attributes["password"])
		steps := plan(seen.Account, access.Lock, w.name("bob"))
		for _, s := range steps[:len(steps)-1] {
			w.do(s)
			if s.Action == access.Contain {
				w.endSessions(ada)
			}
		}
		require.Equal(w, []string{w.name("bob")}, w.query("{shop}", "select relowner::regrole::text from pg_class where relname = 'hers'"))
		require.Equal(w, []string{"0"}, w.query("postgres", `select count(*)::text from pg_auth_members
			where member = '{admin}'::regrole and roleid in ('{ada}'::regrole, '{bob}'::regrole)
			  and coalesce((to_jsonb(pg_auth_members)->>'inherit_option')::bool, true)`), "what was lent is back")
		w.do(steps[len(steps)-1])
		require.True(w, w.look(ada).Gone())
	})
}

// Where it does not, everything in the way is named, and nothing is half done.
func TestWhatAnAdministratorLacks(t *testing.T) {
	each(t, func(w *world) {
		run := w.admin()
		run("postgres", "create role {ada} login")
		w.database("shop")
		w.database("closed")
		w.sql("{shop}", "create role {carol}", "create table t(x int)", "create table u(x int)", "grant select on t, u to {ada}",
			"alter default privileges for role {carol} grant select on tables to {ada}")
		w.sql("{closed}", "create table t(x int)", "grant select on t to {ada}")
		w.sql("postgres", "revoke connect on database {closed} from public")
		ada := w.ref(w.name("ada"))

		seen := w.look(ada)
		require.Equal(w, []access.Gap{{Object: w.fill("database {closed}"), Why: "it holds 1 entries that name this role and our login may not connect to it",
			Remedy: w.fill(`GRANT CONNECT ON DATABASE "{closed}" TO "{admin}"`)}}, seen.Gaps, "an empty answer for lack of rights is unknown")

		why := w.refused(access.Step{Action: access.Revoke, Account: ada, Database: w.name("shop")})
		require.Contains(w, why, w.fill(`table public.t in database {shop}: granted by postgres; our login lacks the rights of postgres; `+
			`\connect "{shop}"; revoke all privileges on table public.t from "{ada}" cascade`))
		require.Contains(w, why, "table public.u")
		if w.server.Major() >= 16 { // before, our login may borrow the rights of any role that is no superuser
			require.Contains(w, why, w.fill(`alter default privileges for role "{carol}" revoke all privileges on tables from "{ada}"`))
		}
		require.Contains(w, w.refused(access.Step{Action: access.Revoke, Account: ada, Database: w.name("closed")}), "GRANT CONNECT ON DATABASE")
		require.Contains(w, w.refused(access.Step{Action: access.Delete, Account: ada}), w.fill("database {closed}"))
		require.Len(w, w.look(ada).Account.Grants, 3)

		w.sql("postgres", "create role {boss} superuser login")
		boss := w.ref(w.name("boss"))
		for _, s := range []access.Step{{Action: access.Contain, Account: boss}, {Action: access.Delete, Account: boss}} {
			require.Contains(w, w.refused(s), "a right is missing")
		}
		require.False(w, w.look(boss).Account.Contained)
	})
}

// Who is a member of the role that made the others administers them too.
func TestAMemberOfTheAdministrator(t *testing.T) {
	each(t, func(w *world) {
		w.sql("postgres", "create role {boss} createrole", "create role {admin} login createrole password 'x'", "grant {boss} to {admin}",
			"set role {boss}", "create role {ada} login password '"+password+"'")
		ada := w.ref(w.name("ada"))
		w.pg = w.open(config.Vars{"SEVER_CONN_PG_URL": w.urlAs("postgres", w.name("admin"), "x")})
		for _, s := range plan(w.look(ada).Account, access.Kill, "") {
			w.do(s)
		}
		require.True(w, w.look(ada).Gone())
	})
}

func TestPreflight(t *testing.T) {
	each(t, func(w *world) {
		checks, err := w.pg.Preflight(w.Context())
		require.NoError(w, err)
		for _, c := range checks {
			require.True(w, c.OK || strings.HasPrefix(c.Name, "may connect to database"), "%+v", c)
		}

		w.admin()
		w.database("closed")
		w.database("shut")
		w.sql("postgres", "revoke connect on database {closed} from public", "alter database {shut} allow_connections false",
			"create role {stranger} login", "create role {boss} superuser")
		checks, err = w.pg.Preflight(w.Context())
		require.NoError(w, err)
		remedies := map[string]string{}
		for _, c := range checks {
			if !c.OK {
				require.False(w, c.Fatal, "%+v", c)
				remedies[c.Name] = c.Remedy
			}
		}
		require.Equal(w, w.fill(`GRANT CONNECT ON DATABASE "{closed}" TO "{admin}"`), remedies[w.fill("may connect to database {closed}")])
		require.Equal(w, w.fill(`ALTER DATABASE "{shut}" ALLOW_CONNECTIONS true`), remedies[w.fill("may connect to database {shut}")])
		require.Equal(w, w.fill(`GRANT pg_signal_backend TO "{admin}"`), remedies["may end sessions"])
		require.Equal(w, "only a superuser can: connect as one", remedies["may offboard superusers"])
		if w.server.Major() >= 16 {
			require.Contains(w, remedies["may change every ordinary role"], w.fill(`TO "{admin}" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`))
		}

		w.sql("postgres", "alter role {admin} nocreaterole")
		checks, err = w.pg.Preflight(w.Context())
		require.NoError(w, err)
		for _, c := range checks {
			if c.Name == "may create and drop roles" {
				require.Equal(w, provider.Check{Name: c.Name, Detail: w.fill("as {admin}, no superuser"), Remedy: w.fill(`ALTER ROLE "{admin}" CREATEROLE`), Fatal: true}, c)
			}
		}
	})
}
