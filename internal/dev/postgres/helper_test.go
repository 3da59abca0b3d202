//go:build unix

package postgres

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// serveVariable makes this test binary another program: one that starts a server on the folder, prints
// the server's process id and URL, and waits to be killed or for the end of its input.
const serveVariable = "SEVER_TEST_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		if err := serve(dir, os.Getenv("SEVER_TEST_BIN")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serve(dir, bin string) error {
	s, err := Start(context.Background(), Options{Dir: dir, BinDir: bin, Fast: true})
	if err != nil {
		return err
	}
	fmt.Println(s.Pid(), s.URL("postgres"))
	_, _ = io.Copy(io.Discard, os.Stdin)
	return s.Stop()
}

// other is a second process that has a server.
type other struct {
	cmd *exec.Cmd
	in  io.Closer
	pid int // of the postmaster
	url string
}

// startOther runs serve in a process of its own, as user u if that is not nil.
func startOther(t *testing.T, dir string, b Binary, u *host.User) *other {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	if u != nil {
		exe = copyProgram(t, exe)
	}
	cmd := exec.Command(exe)
	cmd.Dir = "/"
	cmd.Env = append(host.Environment(), serveVariable+"="+dir, "SEVER_TEST_BIN="+b.Dir)
	become(cmd, u)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	o := &other{cmd: cmd, in: in}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	_, err = fmt.Sscan(line, &o.pid, &o.url)
	require.NoError(t, err)
	return o
}

// copyProgram puts the test binary where every user may run it.
func copyProgram(t *testing.T, exe string) string {
	b, err := os.ReadFile(exe)
	require.NoError(t, err)
	to := filepath.Join(folder(t), "test")
	require.NoError(t, os.WriteFile(to, b, 0o700))
	require.NoError(t, os.Chmod(to, 0o755))
	return to
}

// folder is like t.TempDir, but the server's user can enter it.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sever-postgres-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// installed are the installations of the machine; without any, the test is skipped.
func installed(t *testing.T) []Binary {
	t.Helper()
	found := Versions()
	if len(found) == 0 && os.Getenv("CI") == "true" {
		t.Fatal(ErrNoBinaries)
	}
	if len(found) == 0 {
		t.Skip(ErrNoBinaries)
	}
	return found
}

// anyBinary is one installation, for tests that are about us rather than about the server.
func anyBinary(t *testing.T) Binary { return installed(t)[0] }

// each runs a test against every installation of the machine.
func each(t *testing.T, test func(*testing.T, Binary)) {
	t.Parallel()
	for _, b := range installed(t) {
		t.Run(fmt.Sprint(b.Major), func(t *testing.T) {
			t.Parallel()
			test(t, b)
		})
	}
}

// start starts a fast server in this process and stops it with the test.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	o.Fast = true
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

// value runs a statement that returns one text.
func value(t *testing.T, url, sql string) string {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer c.Close(context.Background())
	var v string
	require.NoError(t, c.QueryRow(t.Context(), sql).Scan(&v))
	return v
}

// run runs statements that return nothing.
func run(t *testing.T, url string, sql ...string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer c.Close(context.Background())
	_, err = c.Exec(t.Context(), strings.Join(sql, ";"))
	require.NoError(t, err)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 20*time.Second, 10*time.Millisecond, what)
}
