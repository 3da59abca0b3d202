package postgres_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

func TestGrantInASecondDatabase(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		for _, db := range []string{"one", "two"} {
			w.database(db)
			w.sql("{"+db+"}", "create table t(x int)", "grant select on t to {ada}")
		}
		why := w.refused(access.Step{Action: access.Delete, Account: ada})
		require.Contains(w, why, "table public.t in database "+w.name("one"))
		require.Contains(w, why, "table public.t in database "+w.name("two"))

		w.do(access.Step{Action: access.Revoke, Account: ada, Database: w.name("one")})
		why = w.refused(access.Step{Action: access.Delete, Account: ada})
		require.NotContains(w, why, w.name("one"))
		require.Contains(w, why, "table public.t in database "+w.name("two"))

		w.offboard(ada, "")
	})
}

// Names that would do harm if they were not quoted everywhere.
func TestHostileNames(t *testing.T) {
	for _, base := range []string{
		`ada"; drop role "bob`, `ada'; --`, `a"d\'`, "äda ☃ 名", " ", "select", "ada\n%s {}$a$", strings.Repeat("ß", 27),
	} {
		t.Run(base, func(t *testing.T) {
			each(t, func(w *world) {
				name := base + w.suffix
				q := pgx.Identifier{name}.Sanitize()
				admin := w.connect("postgres")
				exec := func(conn *pgx.Conn, sql string) {
					_, err := conn.Exec(w.Context(), strings.ReplaceAll(sql, "@", q))
					require.NoError(w, err)
				}
				exec(admin, "create role @ login")
				exec(admin, "create database @")
				w.sql("postgres", "create role {bob}", "create role {group}")
				exec(admin, "grant "+w.name("group")+" to @ with admin option")
				exec(admin, "grant @ to "+w.name("bob"))
				inside := w.connectTo(name)
				exec(inside, "create schema @ authorization @")
				exec(inside, "create table @.@(@ int)")
				exec(inside, "create table t(@ int)")
				exec(inside, "grant select(@) on t to @")
				exec(inside, "create policy @ on t to @")
				exec(inside, "alter default privileges in schema @ grant select on tables to @")
				exec(inside, "alter default privileges for role @ revoke all on functions from public")
				require.NoError(w, inside.Close(w.Context()))
				require.NoError(w, admin.Close(w.Context()))

				w.offboard(w.ref(name), w.name("bob"))
				require.Equal(w, []string{"1"}, w.query("postgres", "select count(*)::text from pg_roles where rolname = '{bob}'"))
			})
		})
	}
}

// PostgreSQL cuts long names off without a word; then one name addresses another role.
func TestImpossibleNames(t *testing.T) {
	each(t, func(w *world) {
		long := strings.Repeat("x", 63-len(w.suffix)) + w.suffix
		w.sql("postgres", "create role "+long)
		victim := w.ref(long)
		for _, name := range []string{"", "a\x00b", long + "y"} {
			ref := victim
			ref.Name = name
			for _, s := range plan(access.Account{Ref: ref, Grants: []access.Grant{{EndedBy: access.Revoke, Database: "postgres"}}}, access.Kill, "") {
				require.Contains(w, w.refused(s), "role: the name")
			}
			_, err := w.pg.Look(w.Context(), ref)
			require.Contains(w, w.rejected(err), "role: the name")
		}
		noID := victim
		noID.ForeignID = ""
		require.Contains(w, w.refused(access.Step{Action: access.Delete, Account: noID}), "is not the oid of a role")
		for _, db := range []string{"", "a\x00b", long + "y"} {
			require.Contains(w, w.refused(access.Step{Action: access.Revoke, Account: victim, Database: db}), "database: the name")
			require.Contains(w, w.refused(access.Step{Action: access.Reassign, Account: victim, Database: "postgres", Successor: db}), "successor: the name")
		}
		for _, object := range []string{"", "role", "role ", "role a b", `role "a`, "member", "grant of role a", "grant of role a to ", "the role a"} {
			require.Contains(w, w.refused(access.Step{Action: access.Unlink, Account: victim, Object: object}), "is not a name as Look writes it")
		}
		require.True(w, w.look(victim).Exists)
	})
}

func TestOwnerWithoutSuccessor(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.database("shop")
		w.sql("{shop}", "create table t(x int)", "insert into t select generate_series(1, 7)", "alter table t owner to {ada}",
			"create table other(x int)", "grant select on other to {ada}")
		why := w.refused(access.Step{Action: access.Revoke, Account: ada, Database: w.name("shop")})
		require.Contains(w, why, "it owns 1 objects there, and nobody is named to receive them")
		require.Contains(w, why, w.fill(`table public.t in database {shop}: owned by {ada}; \connect "{shop}"; REASSIGN OWNED BY "{ada}" TO ...`))
		require.Contains(w, w.refused(access.Step{Action: access.Delete, Account: ada}), "table public.t")

		require.Equal(w, []string{"7"}, w.query("{shop}", "select count(*)::text from t"))
		require.Equal(w, []string{"true"}, w.query("{shop}", "select has_table_privilege('{ada}', 'other', 'select')::text"))
		require.True(w, w.look(ada).Exists)

		many := make([]string, 60)
		for i := range many {
			many[i] = fmt.Sprintf("create table t%d(); alter table t%d owner to {ada}", i, i)
		}
		w.sql("{shop}", many...)
		why = w.refused(access.Step{Action: access.Revoke, Account: ada, Database: w.name("shop")})
		require.Contains(w, why, "it owns 61 objects there")
		require.Contains(w, why, "11 more: as the others")
	})
}

func TestReassignKeepsRowsAndRights(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.person("bob")
		w.database("shop")
		w.sql("{shop}", "create role {app}", "create table t(id serial, x int)", "insert into t(x) select generate_series(1, 7)",
			"alter table t owner to {ada}", "set role {ada}", "grant select on t to {app}", "reset role")
		r := w.do(access.Step{Action: access.Reassign, Account: ada, Database: w.name("shop"), Successor: w.name("bob")})
		require.Equal(w, "moved 2 objects to their new owner, took away 0 entries", r.Words)
		require.Equal(w, []string{"7"}, w.query("{shop}", "select count(*)::text from t"))
		require.Equal(w, []string{"true"}, w.query("{shop}", "select has_table_privilege('{app}', 't', 'select')::text"))
		require.Equal(w, []string{w.name("bob")}, w.query("{shop}", "select relowner::regrole::text from pg_class where relname = 't'"))
		w.offboard(ada, "")
	})
}

func TestSuccessor(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.database("shop")
		w.sql("{shop}", "create table t()", "alter table t owner to {ada}")
		reassign := func(successor string) access.Step {
			return access.Step{Action: access.Reassign, Account: ada, Database: w.name("shop"), Successor: successor}
		}
		require.Contains(w, w.refused(reassign(w.name("nobody"))), "does not exist")
		require.Contains(w, w.refused(reassign(ada.Name)), "the successor is the role itself")
		require.Contains(w, w.refused(reassign("pg_monitor")), "is built-in")

		// Nobody plants code that a superuser then runs.
		w.sql("{shop}", "create function f() returns int language sql security definer as 'select 1'", "alter function f owner to {ada}")
		why := w.refused(reassign("postgres"))
		require.Contains(w, why, "is a superuser, and would run what the leaver wrote")
		require.Contains(w, why, "function public.f()")
		require.NotContains(w, why, "table public.t in")
		require.Equal(w, []string{ada.Name}, w.query("{shop}", "select relowner::regrole::text from pg_class where relname = 't'"))

		w.sql("{shop}", "drop function f")
		w.do(reassign("postgres"))
		require.Equal(w, []string{"postgres"}, w.query("{shop}", "select relowner::regrole::text from pg_class where relname = 't'"))
	})
}

// What was granted by somebody else than the owner stays after a plain REVOKE, and
// after DROP OWNED. Here it goes, and so does what rests on it.
func TestGrantsOfOtherGrantors(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.database("shop")
		w.sql("{shop}", "create role {bob}", "create role {carol}", "create role {dan}", "create table t(x int)",
			"grant select on t to {carol} with grant option",
			"set role {carol}", "grant select on t to {ada} with grant option",
			"set role {ada}", "grant select on t to {bob} with grant option",
			"set role {bob}", "grant select on t to {dan}", "reset role")
		require.Equal(w, strings.Split(w.fill(`{shop} | issued | table public.t | SELECT to {dan} | revoke
{shop} | issued | table public.t | SELECT with grant option to {bob} | revoke
{shop} | privilege | table public.t | SELECT with grant option | revoke`), "\n"), lines(w.look(ada).Account.Grants))
		w.offboard(ada, "")
		require.Equal(w, []string{"true", "false", "false"}, w.query("{shop}",
			"select has_table_privilege(r, 't', 'select')::text from unnest(array['{carol}', '{bob}', '{dan}']) r"))
	})
}

func TestMembershipsWithOptions(t *testing.T) {
	each(t, func(w *world) {
		if w.server.Major() < 16 {
			w.Skip("from 16 on")
		}
		ada := w.person("ada")
		w.sql("postgres", "create role {bob}", "create role {carol}", "create role {g}",
			"grant {g} to {carol} with admin option", "grant {g} to {ada} with admin true, inherit false, set false",
			"grant {g} to {ada} with inherit true, set false granted by {carol}",
			"grant {g} to {bob} granted by {ada}")
		require.Equal(w, strings.Split(w.fill(` | issued | grant of role {g} to {bob} | member, granted by {ada} | unlink
 | membership | role {g} | member without set, granted by {carol}; member with admin option without inherit without set, granted by postgres | unlink`), "\n"),
			lines(w.look(ada).Account.Grants))

		// Her own membership first would take Bob's along.
		own := access.Step{Action: access.Unlink, Account: ada, Object: w.fill("role {g}")}
		why := w.refused(own)
		require.Contains(w, why, "memberships of others rest on its ADMIN OPTION")
		require.Contains(w, why, w.fill("{ada} made members of it: {bob}"))
		require.Len(w, w.look(ada).Account.Grants, 2)
		require.Contains(w, w.refused(access.Step{Action: access.Delete, Account: ada}), w.fill("membership of {bob} in {g}"))

		w.offboard(ada, "")
	})
}

// Whoever is a member of her role keeps Delete from taking the membership along.
func TestMembersOfHerRole(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.sql("postgres", "create role {bob}", "create role {carol}", "grant {ada} to {bob} with admin option",
			"set role {bob}", "grant {ada} to {carol}", "reset role")
		require.Contains(w, w.refused(access.Step{Action: access.Delete, Account: ada}), w.fill("membership of {bob} in {ada}"))
		seen := w.look(ada)
		for _, s := range plan(seen.Account, access.Lock, "") {
			w.do(s)
		}
		require.True(w, w.look(ada).Gone())
	})
}

// Before 16 the grantor of a membership is a note: the member keeps it.
func TestGrantorNotes(t *testing.T) {
	each(t, func(w *world) {
		if w.server.Major() >= 16 {
			w.Skip("before 16")
		}
		ada := w.person("ada")
		w.sql("postgres", "create role {bob}", "create role {g}", "grant {g} to {ada} with admin option", "set role {ada}", "grant {g} to {bob}", "reset role")
		require.Equal(w, w.fill("{bob} in {g}"), w.look(ada).Account.Attributes["noted as grantor"])
		w.offboard(ada, "")
		require.Equal(w, []string{"true"}, w.query("postgres", "select pg_has_role('{bob}', '{g}', 'member')::text"))
	})
}

// Two GRANTs that meet on one table: one of them fails, and is told to try again.
func TestTupleConcurrentlyUpdated(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.database("shop")
		w.sql("{shop}", "create role {bob}", "create table t(x int)", "grant select on t to {ada}")
		other := w.connect("{shop}")
		_, err := other.Exec(w.Context(), w.fill("begin; grant select on t to {bob}"))
		require.NoError(w, err)
		revoke := access.Step{Action: access.Revoke, Account: ada, Database: w.name("shop")}
		done := make(chan error, 1)
		go func() { _, err := w.pg.Revoke(w.Context(), revoke); done <- err }()
		w.eventually("the revoke waits for the other", func() bool {
			return w.query("postgres", "select count(*)::text from pg_stat_activity where datname = '{shop}' and application_name = 'sever pg' and wait_event_type = 'Lock'")[0] == "1"
		})
		_, err = other.Exec(w.Context(), "commit")
		require.NoError(w, err)
		if err := <-done; err != nil {
			require.Equal(w, provider.Transient, provider.KindOf(err), "%v", err)
			require.ErrorContains(w, err, "tuple concurrently updated")
			w.do(revoke)
		}
		require.Empty(w, w.look(ada).Account.Grants)
	})
}

// Many roles with privileges on the same tables, all at once.
func TestManyRolesWithTheSameTables(t *testing.T) {
	each(t, func(w *world) {
		const roles, tables = 12, 20
		w.database("shop")
		var sql []string
		for i := range roles {
			sql = append(sql, fmt.Sprintf("create role {r%d}", i))
		}
		for i := range tables {
			sql = append(sql, fmt.Sprintf("create table t%d(x int)", i))
		}
		for i := range roles {
			sql = append(sql, fmt.Sprintf("grant select on all tables in schema public to {r%d}", i), fmt.Sprintf("grant connect on database {shop} to {r%d}", i))
		}
		w.sql("{shop}", sql...)
		var retried atomic.Int64
		var all sync.WaitGroup
		for i := range roles {
			ref := w.ref(w.name(fmt.Sprintf("r%d", i)))
			all.Go(func() {
				for _, s := range []access.Step{
					{Action: access.Revoke, Account: ref, Database: w.name("shop")}, {Action: access.Delete, Account: ref},
				} {
					for {
						_, err := do(w.Context(), w.pg, s)
						if err == nil {
							break
						}
						if provider.KindOf(err) != provider.Transient {
							w.Errorf("%v", err)
							return
						}
						retried.Add(1)
					}
				}
			})
		}
		all.Wait()
		w.Logf("%d attempts met another", retried.Load())
		require.Equal(w, []string{"0"}, w.query("postgres", "select count(*)::text from pg_roles where rolname like 'r%{}'"))
	})
}

func TestLockTimeout(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.person("bob")
		w.database("shop")
		w.sql("{shop}", "create table t()", "alter table t owner to {ada}")
		holder := w.connect("{shop}")
		_, err := holder.Exec(w.Context(), "begin; lock table t in access share mode")
		require.NoError(w, err)
		step := access.Step{Action: access.Reassign, Account: ada, Database: w.name("shop"), Successor: w.name("bob")}

		hasty := w.open(config.Vars{"SEVER_CONN_PG_LOCK_TIMEOUT": "50ms"})
		_, err = hasty.Reassign(w.Context(), step)
		require.Equal(w, provider.Transient, provider.KindOf(err))
		require.ErrorContains(w, err, "somebody holds a lock")
		require.ErrorContains(w, err, fmt.Sprintf("table public.t: session %d of postgres", holder.PgConn().PID()))

		hasty = w.open(config.Vars{"SEVER_CONN_PG_STATEMENT_TIMEOUT": "50ms"})
		_, err = hasty.Reassign(w.Context(), step)
		require.Equal(w, provider.Transient, provider.KindOf(err))
		require.ErrorContains(w, err, "took longer than STATEMENT_TIMEOUT")

		_, err = holder.Exec(w.Context(), "rollback")
		require.NoError(w, err)
		w.do(step)
	})
}

func TestDroppedDatabase(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		require.True(w, w.do(access.Step{Action: access.Revoke, Account: ada, Database: w.name("never")}).Already)
	})
}
