package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/dev/devtest"
)

// installation is an environment in which up and demo find their programs, and a folder
// of their own.
func installation(t *testing.T) config.Vars {
	t.Helper()
	if testing.Short() {
		t.Skip("it compiles the worker and starts servers")
	}
	devtest.Postgres(t) // skips where none is installed
	home, err := os.MkdirTemp("", "sever-starter-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	require.NoError(t, os.Chmod(home, 0o755)) // as root, PostgreSQL runs as another user in there
	program, err := workerProgram()
	require.NoError(t, err)
	return config.Vars{"SEVER_HOME": home, "SEVER_WORKER": program, "SEVER_TEMPORALD": devtest.Temporald(t), "PATH": os.Getenv("PATH")}
}

// workerProgram compiles sever-worker, once. It stays among the temporary files of the
// system for the next run of the tests: the compiler knows whether it is up to date.
var workerProgram = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.TempDir(), "sever-test-worker")
	out, err := exec.Command("go", "build", "-o", path, "../worker").CombinedOutput()
	if err != nil {
		_, _ = os.Stderr.Write(out)
	}
	return path, err
})

// TestDemo: all promises are kept, and the report is there.
func TestDemo(t *testing.T) {
	t.Parallel()
	vars := installation(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	devtest.MariaDB(t) // without one the demonstration has fewer promises to keep
	a := sever(ctx, vars, "", "demo", "--json")
	require.Equal(t, exitOK, a.code, "%s%s", a.out, a.err)
	var doc demonstrated
	require.NoError(t, json.Unmarshal([]byte(a.out), &doc))
	require.True(t, doc.OK)
	require.Len(t, doc.Promises, 32)
	text, err := os.ReadFile(doc.Report + ".txt")
	require.NoError(t, err)
	require.Contains(t, string(text), "the case is closed: clean")
	require.Contains(t, string(text), "The trail is whole")
	var rows paper.Trail
	text, err = os.ReadFile(doc.Report + ".json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &rows))
	require.NotEmpty(t, rows.Rows)
}

// TestUpGoesOnWhereItWas: a second run has the same records at the same addresses, and
// the worker starts when the settings name a connection.
func TestUpGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	vars := installation(t)
	first := up(t, vars)
	require.False(t, first.said.Worker)
	require.Empty(t, first.said.Connections)
	a := sever(t.Context(), vars, "principal,connection,account\nE1,pg-main,ada\n", "identities", "import", "-", "--unchecked")
	require.Equal(t, exitOK, a.code, a.err)
	a = sever(t.Context(), vars, "", "offboard", "E1", "--reason", "incident")
	require.Equal(t, exitUnreachable, a.code)
	require.Contains(t, a.err, "no worker is running for namespace sever: nothing would happen")
	require.Contains(t, sever(t.Context(), vars, "", "cases").out, "No cases.")
	info, err := os.Stat(envFile(vars["SEVER_HOME"]))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	a = sever(t.Context(), vars, "", "up")
	require.Equal(t, exitUnreachable, a.code)
	require.Contains(t, a.err, "runs in "+vars["SEVER_HOME"]+" already")
	require.Equal(t, exitOK, first.stop())

	again := up(t, vars.With(config.Vars{"SEVER_CONNECTIONS": "pg-main=postgres", "SEVER_CONN_PG_MAIN_URL": "postgres://x:y@127.0.0.1:1/postgres"}))
	require.Equal(t, first.said.Postgres, again.said.Postgres)
	require.Equal(t, first.said.Temporal, again.said.Temporal)
	require.True(t, again.said.Worker)
	require.Equal(t, []string{"pg-main"}, again.said.Connections)
	a = sever(t.Context(), vars, "", "identities", "list")
	require.Contains(t, a.out, "E1")
	require.Equal(t, exitOK, again.stop())
	require.Equal(t, exitUnreachable, sever(t.Context(), vars, "", "cases").code)
}

// upped is a sever up that runs.
type upped struct {
	said running
	stop func() int // Ctrl-C; returns the exit code
}

func up(t *testing.T, vars config.Vars) upped {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() {
		c := run(ctx, []string{"up", "--json"}, vars, nil, in, os.Stderr)
		_ = in.Close()
		code <- c
	}()
	u := upped{stop: sync.OnceValue(func() int {
		cancel()
		return <-code
	})}
	t.Cleanup(func() { u.stop() })
	require.NoError(t, json.NewDecoder(out).Decode(&u.said))
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return u
}
