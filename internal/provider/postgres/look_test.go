package postgres_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

func TestAccounts(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.sql("postgres", "create role {group}", "create role {boss} superuser login valid until '2020-01-01'",
			"comment on role {ada} is 'on loan'")
		found := map[string]access.Account{}
		for a, err := range w.pg.Accounts(w.Context()) {
			require.NoError(w, err)
			found[a.Name] = a
		}
		require.Equal(w, access.Account{Ref: ada, Engine: "postgres", Attributes: map[string]string{"comment": "on loan"}}, found[ada.Name])
		require.True(w, found[w.name("group")].Contained, "a role without LOGIN")
		boss := found[w.name("boss")]
		require.False(w, boss.Contained, "an old date stops passwords only")
		require.Equal(w, map[string]string{"superuser": "yes", "valid until": "2020-01-01 00:00:00+00"}, boss.Attributes)
		require.Empty(w, boss.Protected)
		require.Equal(w, "our own login", found["postgres"].Protected)
		require.Equal(w, "built-in", found["pg_monitor"].Protected)
	})
}

// Everything that can name a role is listed, in every database, and says what ends it.
func TestEveryWayIn(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		plant(w)
		seen := w.look(ada)
		require.Empty(w, seen.Gaps)
		require.Equal(w, strings.Split(w.fill(everyWayIn(w.server.Major())), "\n"), lines(seen.Account.Grants))
		require.Equal(w, w.fill("{top} through {reporting}"), seen.Account.Attributes["reaches"])
		require.Equal(w, "work_mem, search_path, app.tenant in "+w.name("hr"), seen.Account.Attributes["settings"])
		require.Equal(w, "set", seen.Account.Attributes["password"])
		if w.server.Major() < 16 {
			require.Equal(w, w.fill("{bob} in {reporting}"), seen.Account.Attributes["noted as grantor"])
		}
		snapshot := string(seen.Account.Snapshot)
		require.NotContains(w, snapshot, "SCRAM")
		require.NotContains(w, snapshot, "geheim", "the secret of a user mapping")

		// One step for each database, and the role is gone.
		w.offboard(ada, w.name("bob"))
		require.Equal(w, []string{"10"}, w.query("{shop}", "select count(*)::text from mine"))
	})
}

func TestAbsent(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.sql("postgres", "drop role {ada}")
		seen := w.look(ada)
		require.True(w, seen.Gone())
		require.Contains(w, seen.Asked, "for oid "+ada.ForeignID)
		require.Contains(w, seen.Answered, "no such role, 0 entries of pg_shdepend, 0 sessions")

		unknown := ada
		unknown.ForeignID = ""
		require.Contains(w, w.look(unknown).Answered, "nothing was looked for by oid")
		for _, s := range plan(access.Account{Ref: ada, Grants: []access.Grant{
			{EndedBy: access.Unlink, Object: "role postgres"}, {EndedBy: access.Revoke, Database: "postgres"},
		}}, access.Kill, "") {
			require.True(w, w.do(s).Already, s.Action)
		}
	})
}

func TestRenamed(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.sql("postgres", "alter role {ada} rename to {adele}")
		seen := w.look(ada)
		require.False(w, seen.Exists)
		require.False(w, seen.Gone())
		require.Contains(w, strings.Join(seen.Residue, "; "), "role "+w.name("adele"))
		for _, s := range plan(access.Account{Ref: ada, Grants: []access.Grant{{EndedBy: access.Revoke, Database: "postgres"}}}, access.Lock, "") {
			require.Contains(w, w.refused(s), "is now called "+w.name("adele"))
		}
		_, err := w.pg.EndSessions(w.Context(), ada)
		require.Contains(w, w.rejected(err), w.name("adele"))
	})
}

// What somebody left in a database that takes no connections is unknown, not nothing.
func TestDatabaseThatTakesNoConnections(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		archive := w.database("archive")
		w.sql("{archive}", "create table old()", "grant select on old to {ada}")
		w.sql("postgres", "grant connect on database {archive} to {ada}", "alter database {archive} allow_connections false")

		seen := w.look(ada)
		require.Equal(w, []access.Gap{{Object: "database " + archive,
			Why:    "it holds 1 entries that name this role and takes no connections",
			Remedy: `ALTER DATABASE "` + archive + `" ALLOW_CONNECTIONS true`}}, seen.Gaps)
		why := w.refused(access.Step{Action: access.Revoke, Account: ada, Database: archive})
		require.Contains(w, why, "ALLOW_CONNECTIONS true")
		why = w.refused(access.Step{Action: access.Delete, Account: ada})
		require.Contains(w, why, "database "+archive)
		require.Contains(w, why, "ALLOW_CONNECTIONS true")
		require.True(w, w.look(ada).Exists)

		w.sql("postgres", "alter database {archive} allow_connections true")
		w.offboard(ada, "")
	})
}

// Privileges on the database itself can be taken from outside of it.
func TestDatabaseThatHoldsNothingInside(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.person("bob")
		w.database("archive")
		w.sql("postgres", "alter database {archive} owner to {ada}", "alter database {archive} allow_connections false")
		require.Empty(w, w.look(ada).Gaps)
		w.offboard(ada, w.name("bob"))
		require.Equal(w, []string{w.name("bob")}, w.query("postgres", "select datdba::regrole::text from pg_database where datname = '{archive}'"))
	})
}

func TestPreparedTransaction(t *testing.T) {
	each(t, func(w *world) {
		if w.query("postgres", "show max_prepared_transactions")[0] == "0" {
			w.Skip("the server takes no prepared transactions")
		}
		ada := w.person("ada")
		w.database("shop")
		session := w.mustLogin("{shop}", ada.Name)
		_, err := session.Exec(w.Context(), w.fill("begin; create temp table x(); drop table x; prepare transaction 'it''s {ada}'"))
		if err != nil { // no temporary objects in prepared transactions
			_, err = session.Exec(w.Context(), w.fill("rollback; begin; select 1; prepare transaction 'it''s {ada}'"))
		}
		require.NoError(w, err)
		seen := w.look(ada)
		require.Equal(w, []string{w.fill("{shop} | ownership | prepared transaction 'it''s {ada}' | whatever it did | ")}, lines(seen.Account.Grants))
		why := w.refused(access.Step{Action: access.Delete, Account: ada})
		require.Contains(w, why, w.fill(`ROLLBACK PREPARED 'it''s {ada}'`))
		w.sql("{shop}", `rollback prepared 'it''s {ada}'`)
		w.offboard(ada, "")
	})
}

// A role that was deleted and made again is somebody else.
func TestRecreated(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.sql("postgres", "drop role {ada}")
		second := w.person("ada")
		require.NotEqual(w, ada.ForeignID, second.ForeignID)
		require.Equal(w, second, w.look(ada).Account.Ref)
		for _, s := range plan(access.Account{Ref: ada, Grants: []access.Grant{
			{EndedBy: access.Unlink, Object: "role pg_monitor"}, {EndedBy: access.Revoke, Database: "postgres"},
		}}, access.Kill, "") {
			require.Contains(w, w.refused(s), "it is not the one that was planned", s.Action)
		}
		_, err := w.pg.EndSessions(w.Context(), ada)
		require.Contains(w, w.rejected(err), "it is not the one that was planned")
		require.False(w, w.look(second).Account.Contained)
	})
}

func TestProtected(t *testing.T) {
	each(t, func(w *world) {
		for _, name := range []string{"postgres", "pg_monitor"} {
			ref := w.ref(name)
			require.NotEmpty(w, w.look(ref).Account.Protected)
			for _, s := range plan(access.Account{Ref: ref, Grants: []access.Grant{
				{EndedBy: access.Unlink, Object: "role pg_read_all_stats"},
				{EndedBy: access.Reassign, Database: "postgres"},
			}}, access.Kill, "pg_signal_backend") {
				require.Contains(w, w.refused(s), name+" is protected")
			}
			_, err := w.pg.EndSessions(w.Context(), ref)
			require.Contains(w, w.rejected(err), name+" is protected")
		}
	})
}

// From 17 on a role is also noted where an extension was installed with privileges
// for it. No REVOKE takes that away, and DROP OWNED is not ours to send.
func TestPrivilegesOfAnExtension(t *testing.T) {
	each(t, func(w *world) {
		if w.server.Major() < 17 {
			w.Skip("from 17 on")
		}
		ada := w.person("ada")
		w.database("shop")
		w.sql("{shop}", "create table t()", "grant select on t to {ada}", "alter extension plpgsql add table t")
		seen := w.look(ada)
		require.Empty(w, seen.Gaps)
		require.Equal(w, strings.Split(w.fill(`{shop} | privilege | table public.t | SELECT | revoke
{shop} | privilege | table public.t | noted in the privileges that an extension was installed with | revoke`), "\n"), lines(seen.Account.Grants))
		why := w.refused(access.Step{Action: access.Revoke, Account: ada, Database: w.name("shop")})
		require.Contains(w, why, "1 entries are left")
		require.Contains(w, why, w.fill(`an extension was installed with privileges for it; \connect "{shop}"; DROP OWNED BY "{ada}", when it owns nothing there`))

		w.sql("{shop}", "alter extension plpgsql drop table t")
		w.offboard(ada, "")
	})
}

// Several kinds of things can only belong to superusers. Then nobody is moved halfway.
func TestWhatTheSuccessorMayNotOwn(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.person("bob")
		w.database("shop")
		w.sql("{shop}", "alter role {ada} superuser", "create foreign data wrapper fd", "alter foreign data wrapper fd owner to {ada}",
			"alter role {ada} nosuperuser", "create table t()", "alter table t owner to {ada}")
		why := w.refused(access.Step{Action: access.Reassign, Account: ada, Database: w.name("shop"), Successor: w.name("bob")})
		require.Contains(w, why, "a right is missing")
		require.Contains(w, why, "owner of a foreign-data wrapper must be a superuser")
		require.Equal(w, []string{ada.Name}, w.query("{shop}", "select relowner::regrole::text from pg_class where relname = 't'"))
	})
}
