package mysql_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Ways to log in that need no password stay; so does a lock.
func TestRotateKeepsTheOtherWays(t *testing.T) {
	w := newWorld(t)
	w.sql("create user {ada}@localhost identified via unix_socket or mysql_native_password using password('x') account lock")
	ada := w.ref(w.name("ada"), "localhost")
	for range 2 { // the second is a repeated call with the old id
		now, err := w.my.Rotate(t.Context(), ada)
		require.NoError(t, err)
		seen := w.look(ada)
		require.Equal(t, now.ForeignID, seen.Account.ForeignID)
		require.True(t, seen.Account.Contained)
	}
	said := w.column("show create user {ada}@localhost")[0]
	require.Contains(t, said, "IDENTIFIED VIA unix_socket OR mysql_native_password USING '*")
	require.Contains(t, said, "ACCOUNT LOCK")
}

// A password for an account that has none would be one more way in.
func TestRotateOpensNothing(t *testing.T) {
	w := newWorld(t)
	w.sql("create user {ada}@localhost identified via mysql_native_password using 'invalid' or unix_socket")
	_, err := w.my.Rotate(t.Context(), w.ref(w.name("ada"), "localhost"))
	require.Contains(t, w.rejected(err), "no password that could be replaced")
	require.Contains(t, w.column("show create user {ada}@localhost")[0], "USING 'invalid' OR unix_socket")
}
