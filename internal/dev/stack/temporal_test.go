//go:build unix

package stack

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func TestTemporaldThatCrashesBeforeItIsReady(t *testing.T) {
	t.Parallel()
	program := temporald(t)

	t.Run("once: another port helps", func(t *testing.T) {
		t.Parallel()
		dir := folder(t)
		ports := filepath.Join(dir, "ports")
		flaky := script(t, "temporald", `
echo "$@" >> `+ports+`
if [ $(wc -l < `+ports+`) = 1 ]; then echo "port taken" >&2; exit 1; fi
exec `+program+` "$@"`)
		server, err := StartTemporal(t.Context(), TemporalOptions{Program: flaky, Dir: dir, Namespace: "sever"})
		require.NoError(t, err)
		require.NoError(t, server.Stop())
		b, err := os.ReadFile(ports)
		require.NoError(t, err)
		tries := strings.Split(strings.TrimSpace(string(b)), "\n")
		require.Len(t, tries, 2)
		require.NotEqual(t, tries[0], tries[1])
	})

	t.Run("always: its own words are in the error", func(t *testing.T) {
		t.Parallel()
		program := script(t, "temporald", `echo "cannot open the file" >&2; exit 7`)
		_, err := StartTemporal(t.Context(), TemporalOptions{Program: program, Dir: folder(t), Namespace: "sever"})
		require.ErrorContains(t, err, "attempt 3")
		require.ErrorContains(t, err, "exit status 7")
		require.ErrorContains(t, err, "cannot open the file")
	})

	t.Run("never, nor ready", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		program := script(t, "temporald", `sleep 600`)
		_, err := StartTemporal(ctx, TemporalOptions{Program: program, Dir: folder(t), Namespace: "sever"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// The temporal command line says nothing when it is ready, and leaves an existing namespace as it is.
func TestTemporalCommandLine(t *testing.T) {
	t.Parallel()
	program := temporald(t)
	commandLine := script(t, "temporal", `
# Like the command line, this takes no new attributes for an old file.
for a; do shift; case "$a" in --search-attribute|SeverCase=*) ;; *) set -- "$@" "$a" ;; esac; done
exec `+program+` "$@" > /dev/null`)
	o := TemporalOptions{
		Program: commandLine, Dir: folder(t), Durable: true, Namespace: "sever",
		SearchAttributes: map[string]string{"SeverCase": "Keyword"},
	}
	server, err := StartTemporal(t.Context(), o)
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Stop()) }()
	c := dial(t, &Stack{TemporalAddress: server.Address, Namespace: "sever"})
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "case-1", TaskQueue: "nobody",
		TypedSearchAttributes: temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyKeyword("SeverCase").ValueSet("1")),
	}, "Offboard")
	require.NoError(t, err)
}

func TestWorkflowSurvivesTheDeathOfTemporald(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: folder(t)})
	c := dial(t, s)
	w := worker.New(c, "cases", worker.Options{})
	var runs atomic.Int32
	running := make(chan struct{})
	revoke := func(context.Context) error {
		if runs.Add(1) == 1 {
			close(running)
		}
		return nil
	}
	w.RegisterActivity(revoke)
	offboard := func(ctx workflow.Context) (string, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 5 * time.Second})
		if err := workflow.ExecuteActivity(ctx, revoke).Get(ctx, nil); err != nil {
			return "", err
		}
		approved := false
		if err := workflow.SetUpdateHandler(ctx, "approve", func(workflow.Context) error { approved = true; return nil }); err != nil {
			return "", err
		}
		if err := workflow.Await(ctx, func() bool { return approved }); err != nil {
			return "", err
		}
		return "revoked", workflow.ExecuteActivity(ctx, revoke).Get(ctx, nil)
	}
	w.RegisterWorkflowWithOptions(offboard, workflow.RegisterOptions{Name: "Offboard"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "case-1", TaskQueue: "cases"}, "Offboard")
	require.NoError(t, err)
	<-running

	require.NoError(t, s.Temporal.Kill())
	eventually(t, "the case takes an approval", func() bool {
		h, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: "case-1", UpdateName: "approve", UpdateID: "a-1", WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		return err == nil && h.Get(t.Context(), nil) == nil
	})
	var result string
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, "revoked", result)
	require.GreaterOrEqual(t, runs.Load(), int32(2))
}

func TestFindTemporald(t *testing.T) {
	_, err := FindTemporald(filepath.Join(folder(t), "nothing"))
	require.ErrorIs(t, err, os.ErrNotExist)

	bin := folder(t)
	t.Setenv("PATH", bin)
	t.Chdir(folder(t))
	_, err = FindTemporald("")
	require.ErrorIs(t, err, ErrNoTemporal)

	touch := func(path string) string {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
		return path
	}
	wd, err := os.Getwd()
	require.NoError(t, err)
	for _, want := range []string{filepath.Join(bin, "temporal"), filepath.Join(bin, "temporald"), filepath.Join(wd, "bin", "temporald")} {
		touch(want)
		got, err := FindTemporald("")
		require.NoError(t, err)
		require.Equal(t, want, got, "each goes before the ones above")
	}
}
