//go:build unix

package stack

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/severhq/sever/internal/dev/postgres"
)

// holdVariable makes this test binary another program: one that starts a stack on the folder with a
// worker, prints their process ids and waits to be killed.
const holdVariable = "SEVER_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdVariable); dir != "" {
		if err := hold(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func hold(dir string) error {
	s, err := Start(context.Background(), Options{Dir: dir, Temporald: os.Getenv("SEVER_TEMPORALD")})
	if err != nil {
		return err
	}
	worker, err := s.Supervise(context.Background(), Process{Name: "worker", Path: "/bin/sh", Args: []string{"-c", "exec sleep 600"}})
	if err != nil {
		return err
	}
	fmt.Println(s.Postgres.Pid(), s.Temporal.Pid(), worker.Pid())
	return <-s.Done()
}

// startHold runs hold in a process of its own and returns it with the process ids that it printed.
func startHold(t *testing.T, dir string) (cmd *exec.Cmd, pids [3]int) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd = exec.Command(exe)
	cmd.Env = append(os.Environ(), holdVariable+"="+dir, "SEVER_TEMPORALD="+temporald(t))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	_, err = fmt.Sscan(line, &pids[0], &pids[1], &pids[2])
	require.NoError(t, err)
	return cmd, pids
}

// temporald is the program that the tests run. It is compiled by "make bin/temporald".
func temporald(t *testing.T) string {
	t.Helper()
	program, err := FindTemporald(os.Getenv("SEVER_TEMPORALD"))
	if err != nil {
		program, err = FindTemporald("../../../bin/temporald")
	}
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(ErrNoTemporal)
	}
	return program
}

// folder is like t.TempDir, but PostgreSQL's user can enter it.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sever-stack-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// start starts a stack and stops it with the test.
func start(t *testing.T, o Options) *Stack {
	t.Helper()
	if o.TemporalAddress == "" && o.Temporald == "" {
		o.Temporald = temporald(t)
	}
	if o.DatabaseURL.Empty() && len(postgres.Versions()) == 0 && os.Getenv("CI") != "true" {
		t.Skip(postgres.ErrNoBinaries)
	}
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s
}

// dial connects to the Temporal of a stack.
func dial(t *testing.T, s *Stack) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort: s.TemporalAddress, Namespace: s.Namespace,
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// query returns the one text that a statement selects.
func query(ctx context.Context, s *Stack, sql string) (v string, err error) {
	c, err := pgx.Connect(ctx, s.Database.Reveal())
	if err != nil {
		return "", err
	}
	defer c.Close(context.Background())
	err = c.QueryRow(ctx, sql).Scan(&v)
	return v, err
}

// execute runs a statement that returns nothing.
func execute(ctx context.Context, s *Stack, sql string) error {
	c, err := pgx.Connect(ctx, s.Database.Reveal())
	if err != nil {
		return err
	}
	defer c.Close(context.Background())
	_, err = c.Exec(ctx, sql)
	return err
}

// script writes a shell program.
func script(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(folder(t), name)
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755))
	return path
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 30*time.Second, 10*time.Millisecond, what)
}
