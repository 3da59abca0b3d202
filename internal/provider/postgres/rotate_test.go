package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
)

// A role that may not log in still may not, and one without a password gets none: it
// would be one more way in.
func TestRotateOpensNothing(t *testing.T) {
	each(t, func(w *world) {
		w.sql("postgres", "create role {locked} nologin password 'x'", "create role {peer} login")
		locked := w.ref(w.name("locked"))
		now, err := w.pg.Rotate(w.Context(), locked)
		require.NoError(w, err)
		require.True(w, w.look(locked).Account.Contained)
		_, err = w.login("postgres", locked.Name, now.Secret)
		require.Error(w, err)

		peer := w.ref(w.name("peer"))
		_, err = w.pg.Rotate(w.Context(), peer)
		require.Contains(w, w.rejected(err), "no password that could be replaced")
		require.Equal(w, []string{"true"}, w.query("postgres", "select (rolpassword is null)::text from pg_authid where oid = "+peer.ForeignID))
	})
}

// The server never sees the password, whoever reads its statements.
func TestRotateSendsAVerifier(t *testing.T) {
	each(t, func(w *world) {
		w.sql("postgres", "create role {admin} login createrole password 'x'")
		w.pg = w.open(config.Vars{"SEVER_CONN_PG_URL": w.urlAs("postgres", w.name("admin"), "x")})
		conn := w.dial(w.urlAs("postgres", w.name("admin"), "x"))
		_, err := conn.Exec(w.Context(), w.fill("create role {ada} login password '"+password+"'"))
		require.NoError(w, err)
		ada := w.ref(w.name("ada"))
		now, err := w.pg.Rotate(w.Context(), ada)
		require.NoError(w, err)
		last := w.query("postgres", "select coalesce(string_agg(query, ' '), '') from pg_stat_activity where usename = '"+w.name("admin")+"'")
		require.NotContains(w, last[0], now.Secret)
		open, err := w.login("postgres", ada.Name, now.Secret)
		require.NoError(w, err)
		require.NoError(w, open.Close(w.Context()))
	})
}
