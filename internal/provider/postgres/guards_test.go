package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
)

// Who our login is, who is built in and who administers is read in the same statement
// as the account itself: where one cannot be told, neither can the others, and nothing
// is done.
func TestGuardsFailClosed(t *testing.T) {
	each(t, func(w *world) {
		w.admin()
		ada := w.person("ada")
		for name, why := range map[string]string{"{admin}": "our own login", "postgres": "built-in", "pg_monitor": "built-in"} {
			ref := w.ref(w.fill(name))
			require.Equal(w, why, w.look(ref).Account.Protected, name)
			for _, action := range []access.Action{access.Contain, access.Delete} {
				require.Contains(w, w.refused(access.Step{Action: action, Mode: access.Lock, Account: ref}), "protected: "+why)
			}
		}

		// A database in which our login cannot read who is who.
		blind := w.database("blind")
		w.sql(blind, "revoke select on pg_roles from public")
		w.pg = w.open(config.Vars{"SEVER_CONN_PG_URL": w.urlAs(blind, w.name("admin"), "x")})
		for _, err := range w.pg.Accounts(w.Context()) {
			require.ErrorContains(w, err, "pg_roles")
		}
		seen, err := w.pg.Look(w.Context(), ada)
		require.True(w, err != nil || !seen.Exists && len(seen.Gaps) > 0, "%+v", seen)
		before := w.query("postgres", "select rolcanlogin::text from pg_roles where rolname = '{ada}'")
		for _, action := range []access.Action{access.Contain, access.Revoke, access.Delete} {
			_, err := do(w.Context(), w.pg, access.Step{Action: action, Mode: access.Lock, Database: blind, Account: ada})
			require.ErrorContains(w, err, "pg_roles", action)
		}
		require.Equal(w, before, w.query("postgres", "select rolcanlogin::text from pg_roles where rolname = '{ada}'"))
	})
}
