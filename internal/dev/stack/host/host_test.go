//go:build unix

package host

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEnvironmentKeepsSecretsHere(t *testing.T) {
	t.Setenv("PGHOST", "elsewhere")
	t.Setenv("SEVER_CONN_NETIM_PASSWORD", "secret")
	t.Setenv("TZ", "Europe/Paris")
	out, err := Output(t.Context(), Command{Path: "/usr/bin/env"})
	require.NoError(t, err)
	require.Contains(t, string(out), "TZ=Europe/Paris\n")
	require.NotContains(t, string(out), "PGHOST")
	require.NotContains(t, string(out), "secret")
	require.Contains(t, Environment("LC_ALL=C"), "LC_ALL=C")
}

func TestStopGoesFromAskingToKilling(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	p, err := Start(Command{
		Path: "/bin/sh", Log: log,
		Args: []string{"-c", "trap 'echo int' INT; trap 'echo term' TERM; echo up; while :; do sleep 0.01; done"},
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return Tail(log, 1) == "up" }, 10*time.Second, time.Millisecond)
	require.NoError(t, p.Stop(100*time.Millisecond, syscall.SIGINT, syscall.SIGTERM))
	require.Equal(t, "up\nint\nterm", Tail(log, 9))
	require.ErrorContains(t, p.Err(), "sh ended: signal: killed")
	require.ErrorIs(t, p.Signal(syscall.SIGTERM), os.ErrProcessDone)
	require.NoError(t, p.Stop(time.Second, syscall.SIGTERM), "it is gone already")
}

func TestOutputEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := Output(ctx, Command{Path: "/bin/sh", Args: []string{"-c", "sleep 600 & wait"}})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestLock(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "lock")
	first, err := TryLock(file)
	require.NoError(t, err)
	_, err = TryLock(file)
	require.ErrorIs(t, err, ErrLocked)
	require.ErrorContains(t, err, "number "+strconv.Itoa(os.Getpid()))
	first.Release()
	second, err := TryLock(file)
	require.NoError(t, err)
	second.Release()
	(*Lock)(nil).Release()
}

func TestKeptPort(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "port")
	first, err := KeptPort(file)
	require.NoError(t, err)
	again, err := KeptPort(file)
	require.NoError(t, err)
	require.Equal(t, first, again)

	l, err := net.Listen("tcp", loopback(first))
	require.NoError(t, err, "a server can listen on it")
	defer l.Close()
	other, err := KeptPort(file)
	require.NoError(t, err)
	require.NotEqual(t, first, other)

	require.NoError(t, os.WriteFile(file, []byte("rubbish"), 0o600))
	_, err = KeptPort(file)
	require.NoError(t, err)
}

func TestTail(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "log")
	require.Empty(t, Tail(file, 3))
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("tick\ntock\n", 50_000)+"end\n"), 0o600))
	require.Equal(t, "end", Tail(file, 1))
	require.Equal(t, "tick\ntock\nend", Tail(file, 3))
}
