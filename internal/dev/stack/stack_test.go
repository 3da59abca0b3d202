//go:build unix

package stack

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/stack/host"
)

func TestGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	o := Options{Dir: folder(t), SearchAttributes: map[string]string{"SeverCase": "Keyword"}}
	first := start(t, o)
	vars := first.Vars()
	note(t, first)
	_, err := dial(t, first).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "case-1", TaskQueue: "nobody"}, "Offboard")
	require.NoError(t, err)
	require.NoError(t, first.Stop(t.Context()))
	require.NoError(t, first.Stop(t.Context()), "stopping twice is no error")
	_, more := <-first.Done()
	require.False(t, more)

	o.SearchAttributes["Deadline"] = "Datetime"
	second := start(t, o)
	require.Equal(t, vars, second.Vars())
	requireNote(t, second)
	c := dial(t, second)
	d, err := c.DescribeWorkflow(t.Context(), "case-1", "")
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, d.Status)
	a, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: "sever"})
	require.NoError(t, err)
	require.Equal(t, enumspb.INDEXED_VALUE_TYPE_KEYWORD, a.CustomAttributes["SeverCase"])
	require.Equal(t, enumspb.INDEXED_VALUE_TYPE_DATETIME, a.CustomAttributes["Deadline"], "a new attribute is added")
}

func TestServersComeBackAtTheirAddresses(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: folder(t)})
	vars := s.Vars()
	note(t, s)
	c := dial(t, s)
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "case-1", TaskQueue: "nobody"}, "Offboard")
	require.NoError(t, err)
	postgres, temporal := s.Postgres.Pid(), s.Temporal.Pid()

	require.NoError(t, s.Postgres.Kill())
	require.NoError(t, s.Temporal.Kill())
	eventually(t, "both answer", func() bool {
		if _, err := c.DescribeWorkflow(t.Context(), "case-1", ""); err != nil {
			return false
		}
		_, err := query(t.Context(), s, "select 'x'")
		return err == nil
	})
	require.NotEqual(t, postgres, s.Postgres.Pid())
	require.NotEqual(t, temporal, s.Temporal.Pid())
	require.Equal(t, vars, s.Vars())
	requireNote(t, s)
}

func TestTwoStacksOnOneFolder(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: folder(t)})
	_, err := Start(t.Context(), Options{Dir: s.Dir, Temporald: temporald(t)})
	require.ErrorContains(t, err, "a stack runs in "+s.Dir+" already")
	require.ErrorIs(t, err, host.ErrLocked)
	requireAlive(t, s)
}

func TestEverythingEndsWithItsParent(t *testing.T) {
	t.Parallel()
	if _, promised := host.CommandLine(os.Getpid()); !promised {
		t.Skip("only Linux ends children with their parent")
	}
	dir := folder(t)
	cmd, pids := startHold(t, dir)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	for _, pid := range pids {
		eventually(t, "no orphan stays", func() bool { return !host.Alive(pid) })
	}
	requireAlive(t, start(t, Options{Dir: dir}))
}

func TestServersThatWereGiven(t *testing.T) {
	t.Parallel()
	given := start(t, Options{Dir: folder(t)})
	s := start(t, Options{Dir: folder(t), TemporalAddress: given.TemporalAddress, DatabaseURL: given.Database})
	require.Nil(t, s.Postgres)
	require.Nil(t, s.Temporal)
	require.Equal(t, given.Vars(), s.Vars())
	require.NoError(t, s.Stop(t.Context()))
	requireAlive(t, given)
}

func TestNothingStaysWhenOneServerFails(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	_, err := Start(t.Context(), Options{Dir: dir, Temporald: script(t, "temporald", "echo no disk >&2; exit 3")})
	require.ErrorContains(t, err, "no disk")
	requireAlive(t, start(t, Options{Dir: dir})) // nobody holds the folder
}

func TestOptionsFromTheEnvironment(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "url")
	require.NoError(t, os.WriteFile(file, []byte("postgres://there/sever\n"), 0o600))
	got, err := FromEnv(config.Vars{
		"SEVER_HOME": "/data", "SEVER_TEMPORALD": "/opt/temporald", "TEMPORAL_NAMESPACE": "people",
		"TEMPORAL_ADDRESS": "there:7233", "SEVER_DATABASE_URL_FILE": file, "SSL_CERT_FILE": "/does/not/exist",
	})
	require.NoError(t, err)
	require.Equal(t, Options{
		Dir: "/data", Temporald: "/opt/temporald", Namespace: "people",
		TemporalAddress: "there:7233", DatabaseURL: config.NewSecret("postgres://there/sever"),
	}, got)
}

func TestDefaultDir(t *testing.T) {
	t.Setenv("SEVER_HOME", "/data/sever")
	dir, err := DefaultDir()
	require.NoError(t, err)
	require.Equal(t, "/data/sever", dir)

	t.Setenv("SEVER_HOME", "")
	t.Setenv("XDG_STATE_HOME", "/home/ann/.state")
	want := "/home/ann/.state/sever"
	if host.IsRoot() {
		want = "/var/lib/sever"
	}
	dir, err = DefaultDir()
	require.NoError(t, err)
	require.Equal(t, want, dir)
}

// note leaves something in the database that requireNote finds.
func note(t *testing.T, s *Stack) {
	t.Helper()
	require.NoError(t, execute(t.Context(), s, "create table note as select 'kept' as text"))
}

func requireNote(t *testing.T, s *Stack) {
	t.Helper()
	got, err := query(t.Context(), s, "select text from note")
	require.NoError(t, err)
	require.Equal(t, "kept", got)
}

func requireAlive(t *testing.T, s *Stack) {
	t.Helper()
	_, err := query(t.Context(), s, "select 'x'")
	require.NoError(t, err)
	_, err = dial(t, s).CheckHealth(context.Background(), &client.CheckHealthRequest{})
	require.NoError(t, err)
}
