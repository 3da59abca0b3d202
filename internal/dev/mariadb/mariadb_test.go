//go:build unix

package mariadb

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// With this variable the test program starts a server in the folder that it names, says
// where it is, and waits.
const helper = "SEVER_TEST_MARIADB_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helper); dir != "" {
		s, err := Start(context.Background(), Options{Dir: dir})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(s.Config().FormatDSN(), s.Pid())
		_, _ = bufio.NewReader(os.Stdin).ReadByte()
		_ = s.Stop()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// folder is one that every user of the machine can enter, unlike t.TempDir for root.
func folder(t *testing.T) string {
	t.Helper()
	if err := Installed(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("", "sever-mariadb-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func value(t *testing.T, dsn, query string) string {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	defer db.Close()
	var v string
	require.NoError(t, db.QueryRow(query).Scan(&v))
	return v
}

func TestKeepsDataAcrossRestart(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), Options{Dir: filepath.Join(folder(t), "m"), Settings: map[string]string{"max-connections": "17", "bind-address": "0.0.0.0"}})
	require.NoError(t, err)
	defer s.Stop()
	dsn := s.Config().FormatDSN()
	for setting, want := range map[string]string{"max_connections": "17", "bind_address": "127.0.0.1", "character_set_server": "utf8mb4"} {
		require.Equal(t, want, value(t, dsn, "select @@"+setting), setting)
	}
	require.Equal(t, "mariadb.sys@localhost,root@%", value(t, dsn, "select group_concat(user, '@', host order by user) from mysql.global_priv"))
	db, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("create user kept")
	require.NoError(t, err)

	require.NoError(t, s.Stop())
	require.NoError(t, s.Restart(t.Context()))
	require.Equal(t, "1", value(t, dsn, "select count(*) from mysql.user where user = 'kept'"))
	require.NoError(t, s.Kill())
	require.Error(t, s.Kill(), "it is gone")
	require.NoError(t, s.Restart(t.Context()))
	require.Equal(t, "1", value(t, dsn, "select count(*) from mysql.user where user = 'kept'"))
}

func TestRestartsOnAPortThatWasTakenForAWhile(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), Options{Dir: filepath.Join(folder(t), "m")})
	require.NoError(t, err)
	defer s.Stop()
	require.NoError(t, s.Kill())
	other, err := net.Listen("tcp", s.Addr)
	require.NoError(t, err)
	go func() {
		for { // until the server was there and found it taken
			c, err := other.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
			if strings.Contains(host.Tail(s.logFile(), 20), "Can't start server: Bind") {
				_ = other.Close()
			}
		}
	}()
	require.NoError(t, s.Restart(t.Context()))
	require.Equal(t, "root@%", value(t, s.Config().FormatDSN(), "select current_user()"))
}

func TestServerThatDoesNotStart(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Options{Dir: filepath.Join(folder(t), "m"), Settings: map[string]string{"no-such-setting": "1"}})
	require.ErrorContains(t, err, "unknown variable", "the server's own words")
}

func TestAFolderInUseIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "data"), 0o755))
	_, err := Start(t.Context(), Options{Dir: dir})
	require.ErrorIs(t, err, os.ErrExist)
}

func TestEndsWithItsParent(t *testing.T) {
	t.Parallel()
	other(t, folder(t), nil)
}

func TestAsAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	if !host.IsRoot() {
		t.Skip("all other tests run as an ordinary user already; this one is for root")
	}
	nobody, err := host.FirstUser("nobody")
	require.NoError(t, err)
	dir := folder(t)
	require.NoError(t, os.Chown(dir, int(nobody.UID), int(nobody.GID)))
	other(t, dir, nobody)
}

// other starts a server from another process, uses it, kills that process, and sees the server end.
func other(t *testing.T, dir string, u *host.User) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	body, err := os.ReadFile(program)
	require.NoError(t, err)
	copied := filepath.Join(dir, "helper") // the original may be out of the user's reach
	require.NoError(t, os.WriteFile(copied, body, 0o755))
	cmd := exec.Command(copied)
	cmd.Env = append(host.Environment(), helper+"="+filepath.Join(dir, "m"))
	cmd.Dir = "/"
	if u != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: u.UID, Gid: u.GID}}
	}
	_, err = cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	words := strings.Fields(line)
	require.Len(t, words, 2, line)
	_, err = mysql.ParseDSN(words[0])
	require.NoError(t, err)
	require.Equal(t, "root@%", value(t, words[0], "select current_user()"))
	pid, err := strconv.Atoi(words[1])
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	if _, promised := host.CommandLine(os.Getpid()); !promised { // not Linux
		return
	}
	require.Eventually(t, func() bool { return !host.Alive(pid) }, 30*time.Second, 20*time.Millisecond, "the server ends with its parent")
}
