package activities_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
)

// TestMain lets the test program be the program that receives secrets.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "receive" {
		os.Exit(receive(os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

// receive notes what it was given, and ends as told.
func receive(how, file string) int {
	got, _ := io.ReadAll(os.Stdin)
	vars := os.Environ()
	slices.Sort(vars)
	_ = os.WriteFile(file, fmt.Appendf(nil, "%s\n%s\n%s", strings.Join(os.Args[1:], " "), got, strings.Join(vars, "\n")), 0o600)
	switch how {
	case "refuse":
		fmt.Fprintf(os.Stderr, "vault is\nsealed: cannot store %s\n", strings.TrimSpace(string(got)))
		return 3
	case "talk":
		fmt.Fprint(os.Stderr, strings.Repeat("x", 490), string(got), strings.Repeat("y", 1<<20))
		return 1
	case "hang":
		select {}
	}
	fmt.Println("stored", string(got))
	return 0
}

const theSecret = "new-credential-0123456789"

var account = access.Ref{Connection: "db", Resource: "server", Name: "app; rm -rf /", Host: "10.%"}

// program is the sink that runs this test program.
func program(t *testing.T, how string) (sink activities.CommandSink, file string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "got")
	setting, err := json.Marshal([]string{self, "receive", how, file})
	require.NoError(t, err)
	sink, err = activities.NewCommandSink(string(setting), "/usr/bin:/bin", "/home/sever")
	require.NoError(t, err)
	return sink, file
}

func TestAProgramReceivesTheSecretOnce(t *testing.T) {
	t.Parallel()
	sink, file := program(t, "take")
	where, err := sink.Deliver(t.Context(), "case-1", account, theSecret)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(where, "command /"), where)
	require.NotContains(t, where, file, "arguments may be secrets of their own")
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.Split(string(got), "\n")
	require.Equal(t, []string{"receive take " + file, theSecret, "", "HOME=/home/sever", "PATH=/usr/bin:/bin", "SEVER_ACCOUNT=app; rm -rf /",
		"SEVER_CASE=case-1", "SEVER_CONNECTION=db", "SEVER_HOST=10.%", "SEVER_RESOURCE=server"}, lines)
}

func TestAProgramThatFailsHasNothing(t *testing.T) {
	t.Parallel()
	sink, _ := program(t, "refuse")
	_, err := sink.Deliver(t.Context(), "case-1", account, theSecret)
	require.ErrorContains(t, err, "exit status 3: vault is sealed: cannot store [secret]")

	sink, _ = program(t, "talk")
	_, err = sink.Deliver(t.Context(), "case-1", account, theSecret)
	require.ErrorContains(t, err, "exit status 1: xxx")
	require.Less(t, len(err.Error()), 1000)

	sink, _ = program(t, "hang")
	_, err = sink.Within(50*time.Millisecond).Deliver(t.Context(), "case-1", account, theSecret)
	require.ErrorContains(t, err, "took longer than 50ms")
}

// The end of what is kept may cut the secret in two.
func TestNoPartOfTheSecretIsQuoted(t *testing.T) {
	t.Parallel()
	sink, _ := program(t, "talk")
	_, err := sink.Deliver(t.Context(), "case-1", account, theSecret)
	require.Error(t, err)
	require.NotContains(t, err.Error(), theSecret[:8])
}

func TestWhatIsNoProgram(t *testing.T) {
	t.Parallel()
	for setting, why := range map[string]string{
		"":                             "it names no program",
		"[]":                           "it names no program",
		`[" "]`:                        "it names no program",
		`["a", 1]`:                     "it is no JSON array of texts",
		"/no/such/program":             "no such file",
		"/no/such/program --with-args": "no such file",
		os.TempDir():                   "the program that receives secrets",
	} {
		_, err := activities.NewCommandSink(setting, "", "")
		require.ErrorContains(t, err, why, "%q", setting)
	}
}

func TestAFolderThatCannotBeWrittenIsNotReady(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, activities.DirSink(filepath.Join(file, "x")).Ready(t.Context()))
	dir := filepath.Join(t.TempDir(), "new")
	require.NoError(t, activities.DirSink(dir).Ready(t.Context()))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.ErrorIs(t, activities.NoSink().Ready(t.Context()), activities.ErrNoSink)
}
