package activities_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
)

// Each account has a file of its own, whatever it is called.
func TestNoTwoAccountsShareAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sink := activities.DirSink(dir)
	accounts := []access.Ref{
		{Connection: "do", Resource: "cluster-1", Name: "ada"},
		{Connection: "do", Resource: "cluster-2", Name: "ada"},
		{Connection: "do", Resource: "cluster", Name: "1-ada"},
		{Connection: "do-cluster", Resource: "1", Name: "ada"},
		{Connection: "do", Resource: "cluster-1", Name: "ada", Host: "%"},
		{Connection: "do", Resource: "cluster-1", Name: "../../etc/passwd"},
	}
	for _, a := range accounts {
		_, err := sink.Deliver(t.Context(), "case-1", a, "secret")
		require.NoError(t, err)
		_, err = sink.Deliver(t.Context(), "case-1", a, "a newer secret")
		require.NoError(t, err)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, len(accounts))
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())
		secret, err := os.ReadFile(dir + "/" + f.Name())
		require.NoError(t, err)
		require.Equal(t, "a newer secret\n", string(secret))
	}
}
