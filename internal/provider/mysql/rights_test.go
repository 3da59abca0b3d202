package mysql_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/mariadb"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/mysql"
)

// as opens the provider with a login that has only these rights.
func (w *world) as(grants ...string) {
	w.Helper()
	w.sql("create user {weak}@`%` identified by 'weak-stapler'")
	for _, g := range grants {
		w.sql("grant " + g + " to {weak}@`%`")
	}
	w.my = w.open(w.urlAs(w.name("weak"), "weak-stapler", w.server.Addr))
}

func TestWithoutTheGrantTablesNothingIsKnown(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	w.as("process on *.*")
	for _, err := range w.my.Accounts(t.Context()) {
		require.Equal(t, provider.Denied, provider.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "GRANT SELECT ON mysql.*")
	}
	seen := w.look(ref)
	require.False(t, seen.Gone())
	require.NotEmpty(t, seen.Gaps)
	checks, err := w.my.Preflight(t.Context())
	require.NoError(t, err)
	require.False(t, checks[len(checks)-1].OK)
	require.True(t, checks[len(checks)-1].Fatal)
}

func TestWithoutSightOfSessionsAndDefinersThereAreGaps(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	w.as("select on mysql.*", "create user on *.*")
	ref.ForeignID = ""
	seen := w.look(ref)
	ref = seen.Account.Ref // under the key of this login
	require.True(t, seen.Exists)
	require.Equal(t, -1, seen.Sessions)
	require.Len(t, seen.Gaps, 2)
	_, err := w.my.EndSessions(t.Context(), ref)
	require.Contains(t, w.rejected(err), "PROCESS")
	_, err = w.my.Delete(t.Context(), access.Step{Action: access.Delete, Account: ref})
	require.Contains(t, w.rejected(err), "cannot be seen whole")
}

func TestWithoutTheRightToEndSessionsTheyAreNamed(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	w.mustLogin(ref.Name)
	w.as("select, process, create user on *.*")
	ref.ForeignID = w.look(ref).Account.ForeignID
	_, err := w.my.Contain(t.Context(), ref, access.Lock)
	require.NoError(t, err)
	alive, err := w.my.EndSessions(t.Context(), ref)
	require.Equal(t, 1, alive)
	require.Contains(t, w.rejected(err), "rds_kill")
}

// What hosting services have for those to whom they give neither SUPER nor CONNECTION ADMIN.
func TestAHostingServiceEndsSessionsByItsProcedure(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	bystander := w.person("adam", "%")
	w.sql("create procedure mysql.rds_kill(in thread bigint) begin kill thread; end")
	t.Cleanup(func() { _, _ = w.admin.Exec("drop procedure mysql.rds_kill") })
	w.as("select, process, create user on *.*", "execute on procedure mysql.rds_kill")
	ref.ForeignID = w.look(ref).Account.ForeignID
	for range 3 {
		w.mustLogin(ref.Name)
	}
	w.mustLogin(bystander.Name)
	checks, err := w.my.Preflight(t.Context())
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(checks, func(c provider.Check) bool {
		return c.Name == "may end sessions" && c.OK && c.Detail == "by CALL mysql.rds_kill"
	}), "%+v", checks)
	for _, c := range checks {
		require.NotContains(t, c.Remedy, "%s", c.Name)
		require.NotContains(t, c.Remedy, "%!", c.Name)
	}
	_, err = w.my.Contain(t.Context(), ref, access.Lock)
	require.NoError(t, err)
	w.endSessions(ref)
	require.Zero(t, w.look(ref).Sessions)
	require.Equal(t, 1, w.look(bystander).Sessions)
}

func TestARightThatIsMissingIsARefusal(t *testing.T) {
	w := newWorld(t)
	w.person("ada", "%")
	w.sql("create role {r}", "grant {r} to {ada}@`%`", "create database {shop}", "grant select on `[shop]`.* to {ada}@`%`")
	w.as("select on mysql.*")
	ref := w.ref(w.name("ada"), "%")
	for _, s := range []access.Step{{Action: access.Contain}, {Action: access.Unlink, Object: "role " + w.name("r")}, {Action: access.Revoke, Database: w.name("shop")}} {
		s.Account = ref
		_, err := w.act(s)
		w.rejected(err)
	}
	require.Len(t, w.look(ref).Account.Grants, 2)
}

func TestOneSessionIsEnough(t *testing.T) {
	w, ref, step := owner(t)
	w.sql("grant select on `[shop]`.* to {grace}@`%`", "create definer={ada}@`%` function {shop}.f() returns int return 1")
	p, err := mysql.Spec.Open(provider.Settings{Connection: "my", Prefix: "M_", Vars: config.Vars{"M_URL": w.url, "M_TLS": "off", "M_MAX_SESSIONS": "1"}})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	w.my = p.(*mysql.Server)
	record := w.look(ref).Account
	_, err = w.my.Reassign(t.Context(), step)
	require.NoError(t, err)
	_, err = w.my.Restore(t.Context(), record, step)
	require.NoError(t, err)
	require.Equal(t, record.Grants, w.look(ref).Account.Grants)
}

func TestALoginThatIsRefusedStopsTheConnection(t *testing.T) {
	w := newWorld(t)
	for _, url := range []string{w.urlAs(w.name("sever"), "wrong-stapler", w.server.Addr), w.urlAs(w.name("nobody"), "wrong-stapler", w.server.Addr)} {
		_, err := w.open(url).Look(t.Context(), access.Ref{Connection: "my", Resource: "server", Name: "ada", Host: "%"})
		require.Equal(t, provider.Denied, provider.KindOf(err), "%v", err)
		require.NotContains(t, err.Error(), "wrong-stapler")
	}
}

// It has a server of its own: a plugin that judges passwords judges those of all tests.
func TestAServerThatTakesNoHashes(t *testing.T) {
	t.Parallel()
	devtest.MariaDB(t) // or there is none on this machine
	dir, err := os.MkdirTemp("", "sever-mariadb-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	server, err := mariadb.Start(t.Context(), mariadb.Options{Dir: filepath.Join(dir, "m")})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	w := worldOn(t, server)
	ref := w.person("ada", "%")
	if _, err := w.admin.Exec("install soname 'simple_password_check'"); err != nil {
		t.Skipf("the plugin simple_password_check is in a package of its own and not on this machine: %v", err)
	}
	_, err = w.my.Contain(t.Context(), ref, access.Kill)
	require.Contains(t, w.rejected(err), "strict_password_validation = OFF")
	require.True(t, w.look(ref).Account.Contained, "it is locked at least")
	checks, err := w.my.Preflight(t.Context())
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(checks, func(c provider.Check) bool { return c.Name == "may replace credentials" && !c.OK }))
	w.sql("set global strict_password_validation = off")
	_, err = w.my.Contain(t.Context(), ref, access.Kill)
	require.NoError(t, err)
}
