package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/simulators"
	"github.com/severhq/sever/internal/provider/catalog"
)

// TestSimulate: the files that it writes are all that a rehearsal needs, and trouble is
// switched on while it runs.
func TestSimulate(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	typed, typing := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"simulate", "--json", "--fast"}, config.Vars{"SEVER_HOME": home}, typed, in, os.Stderr)
		_ = in.Close()
	}()
	var said simulating
	require.NoError(t, json.NewDecoder(out).Decode(&said))
	require.Len(t, said.Simulators, len(simulators.Names))
	require.Equal(t, []rehearsed{{"E1042", "Ada Lovelace", 14}, {"E3001", "Carol Shaw", 5}}, said.People)

	info, err := os.Stat(said.Env)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	vars, err := readEnvFile(said.Env)
	require.NoError(t, err)
	require.NotEqual(t, home, vars["SEVER_HOME"], "a rehearsal has an installation of its own")
	conns, err := catalog.Open(vars)
	require.NoError(t, err)
	defer conns.Close()
	links, err := os.ReadFile(said.Roster)
	require.NoError(t, err)
	read, problems := readIdentities(links, said.Roster, knownConnection(conns))
	require.Empty(t, problems)
	require.Len(t, read.Identities, 12)

	ask := func(name string) (last error) {
		c, err := conns.For(name)
		require.NoError(t, err)
		require.Zero(t, c.Limits.TasksPerSecond)
		for _, err := range c.Provider.Accounts(t.Context()) {
			last = err
		}
		return last
	}
	for _, name := range simulators.Names {
		require.NoError(t, ask(name))
	}
	_, err = io.WriteString(typing, "plesk down\n")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return ask("plesk") != nil }, 10*time.Second, 10*time.Millisecond)

	cancel()
	require.NoError(t, typing.Close())
	require.Equal(t, exitOK, <-code)
}

func TestSimulateRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--fault", "plesk"}, {"--fault", "plesk=melts"}, {"--fault", "oracle=down"}} {
		a := sever(t.Context(), config.Vars{"SEVER_HOME": t.TempDir()}, "", append([]string{"simulate"}, args...)...)
		require.Equal(t, exitBadInput, a.code, a.err)
		require.Contains(t, a.err, "--fault: ")
	}
}
