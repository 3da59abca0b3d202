package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/mariadb"
)

// TestDemoWithoutMariaDB: it says so, promises nothing about it, and configures nothing.
func TestDemoWithoutMariaDB(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	d := &demonstration{app: &app{out: newScreen(&out, nil)}, maria: maria{missing: mariadb.ErrNoBinaries}}
	d.mariaServer()
	d.mariaPeople()
	require.NoError(t, d.mariaBefore(t.Context()))
	require.NoError(t, d.mariaAfter(t.Context()))
	d.maria.close()
	require.Contains(t, out.String(), "maria-main  left out: no MariaDB server programs")
	require.Contains(t, out.String(), "apt-get install mariadb-server")
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	require.Empty(t, d.checks)
	require.Empty(t, d.maria.connection()+d.maria.roster()+strings.Join(append(d.maria.settings(), d.maria.successors()...), ""))
}
