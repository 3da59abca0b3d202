package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/devtest"
)

func TestMain(m *testing.M) { devtest.Main(m) }

// programs compiles sever and sever-worker once for all tests.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sever-programs-")
	if err != nil {
		return "", err
	}
	for name, pkg := range map[string]string{"sever": "starter", "sever-worker": "worker"} {
		out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), "github.com/severhq/sever/"+pkg).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
		}
	}
	return dir, nil
})

// installation is what sever up keeps in one folder, with one server as its target.
type installation struct {
	t    *testing.T
	home string
	bin  string
	env  []string
	up   *exec.Cmd
	said output // by sever up
}

// output is what a process said until now.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

func install(t *testing.T, target string) *installation {
	t.Helper()
	bin, err := programs()
	require.NoError(t, err)
	// Not t.TempDir: the user that PostgreSQL runs as could not enter it.
	home, err := os.MkdirTemp("", "sever-e2e-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(home, 0o711))
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	i := &installation{t: t, home: filepath.Join(home, "data"), bin: bin}
	i.env = append(os.Environ(), "SEVER_HOME="+i.home, "SEVER_TEMPORALD="+devtest.Temporald(t), "SEVER_ACTOR=tester", "SEVER_SECOND_LOOK=200ms",
		"SEVER_MAX_PERCENT=100", "SEVER_CONNECTIONS=pg-main=postgres", "SEVER_CONN_PG_MAIN_URL="+target)
	t.Cleanup(i.kill)
	return i
}

// start runs sever up until it says that it is ready.
func (i *installation) start() {
	i.t.Helper()
	i.up = exec.Command(filepath.Join(i.bin, "sever"), "up")
	i.up.Env = i.env
	said := &i.said
	out, err := i.up.StdoutPipe()
	require.NoError(i.t, err)
	i.up.Stderr = said
	require.NoError(i.t, i.up.Start())
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			_, _ = said.Write(append(lines.Bytes(), '\n'))
			if strings.Contains(lines.Text(), "Ctrl-C") {
				ready <- true
			}
		}
		close(ready)
	}()
	select {
	case ok := <-ready:
		if !ok {
			_ = i.up.Wait()
			i.t.Fatalf("sever up ended: %s", said.String())
		}
	case <-time.After(90 * time.Second):
		i.t.Fatalf("sever up is not ready after 90 s: %s", said.String())
	}
}

// kill ends sever up and every process below it at once, without a word.
func (i *installation) kill() {
	if i.up == nil {
		return
	}
	all := append([]int{i.up.Process.Pid}, below(i.up.Process.Pid)...)
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = i.up.Wait()
	i.up = nil
}

// below are the processes that a process started, and those that they started.
func below(pid int) (pids []int) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range files {
		b, _ := os.ReadFile(f)
		for word := range strings.FieldsSeq(string(b)) {
			child, _ := strconv.Atoi(word)
			pids = append(append(pids, child), below(child)...)
		}
	}
	return pids
}

// sever runs one command and returns its exit code and what it printed.
func (i *installation) sever(stdin string, args ...string) (int, string) {
	i.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(i.bin, "sever"), args...)
	cmd.Env, cmd.Stdin = i.env, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		require.NoError(i.t, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// records connects to the database of the records with the application's role.
func (i *installation) records(ctx context.Context) (*pgx.Conn, error) {
	b, err := os.ReadFile(filepath.Join(i.home, "sever.env"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		if url, ok := strings.CutPrefix(strings.TrimSpace(line), "SEVER_DATABASE_URL="); ok {
			conn, err := pgx.Connect(ctx, strings.Trim(url, `"'`))
			if err != nil {
				return nil, err
			}
			_, err = conn.Exec(ctx, "set search_path to sever")
			return conn, err
		}
	}
	return nil, fmt.Errorf("%s/sever.env names no database", i.home)
}

func unique() string { return strings.ToLower(rand.Text()[:10]) }
