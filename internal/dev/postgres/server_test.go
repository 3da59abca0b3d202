//go:build unix

package postgres

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/stack/host"
)

func TestKeepsDataPortAndPasswordAcrossRestarts(t *testing.T) {
	each(t, func(t *testing.T, b Binary) {
		o := Options{Dir: filepath.Join(folder(t), "pg"), BinDir: b.Dir, Fast: true}
		first, err := Start(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, b.Major, first.Major())
		url := first.URL("sever")
		require.NoError(t, first.CreateDatabase(t.Context(), "sever"))
		require.NoError(t, first.CreateDatabase(t.Context(), "sever"), "a database that is there is no error")
		run(t, url, "create table note (text text)", "insert into note values ('kept')")
		require.NoError(t, first.Stop())
		<-first.Done()

		second := start(t, o)
		require.Equal(t, url, second.URL("sever"))
		require.Equal(t, "kept", value(t, url, "select text from note"))
	})
}

func TestDefaultsAreDurable(t *testing.T) {
	each(t, func(t *testing.T, b Binary) {
		s, err := Start(t.Context(), Options{
			Dir: filepath.Join(folder(t), "pg"), BinDir: b.Dir,
			Settings: map[string]string{"max_connections": "17", "listen_addresses": "0.0.0.0"},
		})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Stop()) }()
		for setting, want := range map[string]string{
			"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on",
			"max_connections": "17", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
			"password_encryption": "scram-sha-256",
		} {
			require.Equal(t, want, value(t, s.URL("postgres"), "show "+setting), setting)
		}
		wrong, err := pgx.ParseConfig(s.URL("postgres"))
		require.NoError(t, err)
		wrong.Password = "wrong"
		_, err = pgx.ConnectConfig(t.Context(), wrong)
		require.ErrorContains(t, err, "password authentication failed")
	})
}

func TestPort(t *testing.T) {
	t.Parallel()
	b := anyBinary(t)

	t.Run("moves when somebody else has taken it", func(t *testing.T) {
		t.Parallel()
		o := Options{Dir: filepath.Join(folder(t), "pg"), BinDir: b.Dir, Fast: true}
		first, err := Start(t.Context(), o)
		require.NoError(t, err)
		require.NoError(t, first.Stop())
		l, err := net.Listen("tcp", first.Addr)
		require.NoError(t, err)
		defer l.Close()

		second := start(t, o)
		require.NotEqual(t, first.Addr, second.Addr)
		require.Equal(t, "1", value(t, second.URL("postgres"), "select '1'"))
	})

	t.Run("is an error when it was asked for and is taken", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		_, err = Start(t.Context(), Options{Dir: filepath.Join(folder(t), "pg"), BinDir: b.Dir, Fast: true, Port: port})
		require.ErrorContains(t, err, fmt.Sprintf("port %d on 127.0.0.1 is taken", port))
	})
}

func TestServerThatDoesNotStart(t *testing.T) {
	each(t, func(t *testing.T, b Binary) {
		_, err := Start(t.Context(), Options{
			Dir: filepath.Join(folder(t), "pg"), BinDir: b.Dir, Fast: true,
			Settings: map[string]string{"max_connections": "many"},
		})
		require.ErrorContains(t, err, `invalid value for parameter "max_connections"`, "the server's own words")
	})
}

func TestKillAndRestart(t *testing.T) {
	each(t, func(t *testing.T, b Binary) {
		s := start(t, Options{Dir: filepath.Join(folder(t), "pg"), BinDir: b.Dir})
		url, pid := s.URL("postgres"), s.Pid()
		run(t, url, "create table note (text text)", "insert into note values ('kept')")
		busy, err := pgx.Connect(t.Context(), url) // a session that outlives the postmaster for a moment
		require.NoError(t, err)
		defer busy.Close(context.Background())

		require.NoError(t, s.Kill())
		require.Error(t, s.Kill(), "it is gone")
		require.NoError(t, s.Restart(t.Context()))
		require.NotEqual(t, pid, s.Pid())
		require.Equal(t, url, s.URL("postgres"))
		require.Equal(t, "kept", value(t, url, "select text from note"))
	})
}

func TestServerEndsWithItsParent(t *testing.T) {
	each(t, func(t *testing.T, b Binary) {
		dir := filepath.Join(folder(t), "pg")
		o := startOther(t, dir, b, nil)
		run(t, o.url, "create table note (text text)", "insert into note values ('kept')")
		require.NoError(t, o.cmd.Process.Kill())
		_ = o.cmd.Wait()

		// At once, while the old server may still be on its way out.
		s := start(t, Options{Dir: dir, BinDir: b.Dir})
		require.Equal(t, o.url, s.URL("postgres"))
		require.Equal(t, "kept", value(t, o.url, "select text from note"))
		if _, promised := host.CommandLine(os.Getpid()); promised { // Linux
			eventually(t, "the old server ends", func() bool { return !host.Alive(o.pid) })
		}
	})
}

func TestJoinsTheServerOfAnotherProcess(t *testing.T) {
	t.Parallel()
	b := anyBinary(t)
	dir := filepath.Join(folder(t), "pg")
	o := startOther(t, dir, b, nil)

	s, err := Start(t.Context(), Options{Dir: dir, BinDir: b.Dir})
	require.NoError(t, err)
	require.Equal(t, o.pid, s.Pid())
	require.Equal(t, o.url, s.URL("postgres"))
	require.ErrorContains(t, s.Restart(t.Context()), "started by another process")
	require.NoError(t, s.Stop())
	require.Equal(t, "1", value(t, o.url, "select '1'"), "it goes on for its owner")

	require.NoError(t, o.in.Close())
	require.NoError(t, o.cmd.Wait())
	eventually(t, "a server that was joined is seen to end", func() bool {
		select {
		case <-s.Done():
			return true
		default:
			return false
		}
	})
}

func TestTakesOverAServerThatWasLeftBehind(t *testing.T) {
	t.Parallel()
	b := anyBinary(t)
	dir := filepath.Join(folder(t), "pg")
	left, err := Start(t.Context(), Options{Dir: dir, BinDir: b.Dir, Fast: true})
	require.NoError(t, err)
	left.lock.Release() // as the kernel does it for a dead process

	s, err := Start(t.Context(), Options{Dir: dir, BinDir: b.Dir})
	require.NoError(t, err)
	require.Equal(t, left.Pid(), s.Pid())
	require.NoError(t, s.Stop())
	<-left.Done()
}

func TestAsAnOrdinaryUser(t *testing.T) {
	if !host.IsRoot() {
		t.Skip("all other tests run as an ordinary user already; this one is for root")
	}
	nobody, err := host.FirstUser("nobody")
	require.NoError(t, err)
	each(t, func(t *testing.T, b Binary) {
		if _, err := version(t.Context(), b.Dir, nobody); err != nil {
			t.Skipf("user nobody cannot run %v: %v", b, err)
		}
		dir := folder(t)
		require.NoError(t, os.Chown(dir, int(nobody.UID), int(nobody.GID)))
		o := startOther(t, filepath.Join(dir, "pg"), b, nobody)
		require.Equal(t, strconv.Itoa(b.Major), value(t, o.url, "select (current_setting('server_version_num')::int / 10000)::text"))
		require.NoError(t, o.cmd.Process.Kill())
		_ = o.cmd.Wait()
		eventually(t, "the server ends with its parent", func() bool { return !host.Alive(o.pid) })
	})
}

func TestStartGivesUpWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := Start(ctx, Options{Dir: filepath.Join(folder(t), "pg"), BinDir: anyBinary(t).Dir})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
