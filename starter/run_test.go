package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/dev/devtest"
)

func TestMain(m *testing.M) { devtest.Main(m) }

// answer is what a command came to.
type answer struct {
	code     int
	out, err string
}

// sever runs a command as a user would.
func sever(ctx context.Context, vars config.Vars, stdin string, args ...string) answer {
	var out, err bytes.Buffer
	code := run(ctx, args, vars, strings.NewReader(stdin), &out, &err)
	return answer{code, out.String(), err.String()}
}

// nowhere is an environment in which nothing can be reached: a command that gets so far
// as to ask anybody ends with 4.
func nowhere(t *testing.T) config.Vars {
	return config.Vars{
		"SEVER_HOME": t.TempDir(), "SEVER_ACTOR": "alice",
		"SEVER_DATABASE_URL":     "postgres://app:hunter2@127.0.0.1:1/sever?sslmode=disable",
		"TEMPORAL_ADDRESS":       "127.0.0.1:1",
		"SEVER_CONNECTIONS":      "pg-main=postgres",
		"SEVER_CONN_PG_MAIN_URL": "postgres://admin:hunter2@127.0.0.1:1/postgres",
	}
}

// TestBadInput: it is refused with its own exit code and a word about what is wrong,
// before anything is asked or done.
func TestBadInput(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no such command":          {[]string{"frobnicate"}, `unknown command "frobnicate"`},
		"no such flag":             {[]string{"cases", "--nope"}, "unknown flag: --nope"},
		"no principal":             {[]string{"offboard", "--reason", "hr"}, "accepts 1 arg"},
		"two principals":           {[]string{"offboard", "E1", "E2", "--reason", "hr"}, "accepts 1 arg"},
		"an empty principal":       {[]string{"offboard", "", "--reason", "hr"}, "the principal is empty"},
		"a principal too long":     {[]string{"offboard", long, "--reason", "hr"}, "the principal is 300 bytes long"},
		"a malicious principal":    {[]string{"offboard", "E1\x1b[31m", "--reason", "hr"}, "cannot be seen: U+001B"},
		"no reason":                {[]string{"offboard", "E1"}, "the reason is missing"},
		"an unknown reason":        {[]string{"offboard", "E1", "--reason", "spite"}, `reason "spite": choose hr or incident`},
		"a sweep":                  {[]string{"offboard", "E1", "--reason", "sweep"}, "choose hr or incident"},
		"a date that is none":      {[]string{"offboard", "E1", "--reason", "hr", "--at", "soon"}, `--at "soon" is not a time`},
		"a date that has gone":     {[]string{"offboard", "E1", "--reason", "hr", "--at", "1999-01-01 10:00"}, "is not in the future"},
		"an incident that waits":   {[]string{"offboard", "E1", "--reason", "incident", "--at", "2999-01-01 10:00"}, "a time to begin makes no sense with reason incident"},
		"an unknown connection":    {[]string{"offboard", "E1", "--reason", "hr", "--successor", "pg-mian=bob"}, `there is no connection "pg-mian"`},
		"two successors":           {[]string{"offboard", "E1", "--reason", "hr", "--successor", "a", "--successor", "b"}, "names two accounts"},
		"a ticket with controls":   {[]string{"offboard", "E1", "--reason", "hr", "--ticket", "a\nb"}, "the ticket has a character"},
		"a check of nothing":       {[]string{"offboard", "E1", "--reason", "hr", "--check"}, "--check is about a plan"},
		"a key with controls":      {[]string{"offboard", "E1", "--reason", "hr", "--key", "a\x00b"}, "the key has a character"},
		"nobody asks":              {[]string{"offboard", "E1", "--reason", "hr", "--as", " "}, "the acting person is empty"},
		"a waiver without reason":  {[]string{"waive", "C-1", "pg-main"}, "a waiver needs a reason"},
		"a waiver of nothing":      {[]string{"waive", "C-1", "--reason", "x"}, "accepts 2 arg"},
		"a reason with controls":   {[]string{"hold", "C-1", "--reason", "a\x07b"}, "the reason has a character"},
		"a retry to nowhere":       {[]string{"retry", "C-1", "--successor", "nope=x"}, `there is no connection "nope"`},
		"a file that is not there": {[]string{"identities", "import", "/nonexistent/x.csv"}, "no such file"},
		"a status that is none":    {[]string{"cases", "--status", "fine"}, `the status "fine" is none`},
		"a limit that is none":     {[]string{"cases", "--limit", "0"}, "--limit is 0"},
		"rights on nothing":        {[]string{"providers", "rights", "oracle"}, `there is no provider "oracle"`},
		"a preflight of nothing":   {[]string{"preflight", "pg-mian"}, `there is no connection "pg-mian"`},
		"all and one":              {[]string{"audit", "verify", "C-1", "--all"}, "choose one"},
		"a copy that is not there": {[]string{"audit", "verify", "--checkpoints", "/nonexistent/file"}, "--checkpoints: "},
		"a command in a command":   {[]string{"audit", "burn"}, "unknown command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := sever(t.Context(), nowhere(t), "", c.args...)
			require.Equal(t, exitBadInput, a.code, a.err)
			require.Contains(t, a.err, c.says)
			require.True(t, strings.HasPrefix(a.err, "sever: "), a.err)
			require.Empty(t, a.out)
			require.NotContains(t, a.err, "hunter2")
			require.NotContains(t, a.err, "\x1b")
		})
	}
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change config.Vars // an empty value takes the variable away
		args   []string
		says   []string
	}{
		"everything is missing, by name": {config.Vars{"SEVER_DATABASE_URL": "", "TEMPORAL_ADDRESS": ""}, []string{"offboard", "E1", "--reason", "hr"},
			[]string{"SEVER_DATABASE_URL is not set; TEMPORAL_ADDRESS is not set", "sever up"}},
		"both roles are missing": {config.Vars{"SEVER_DATABASE_URL": ""}, []string{"migrate"},
			[]string{"SEVER_DATABASE_URL is not set; SEVER_OWNER_DATABASE_URL is not set"}},
		"a policy that is none": {config.Vars{"SEVER_SECOND_LOOK": "-1h", "SEVER_APPROVAL": "never", "SEVER_BATCH_SIZE": "0"}, []string{"offboard", "E1", "--reason", "hr"},
			[]string{"SEVER_SECOND_LOOK is -1h0m0s: it has to be more than zero", `SEVER_APPROVAL is "never": choose "when guarded" or "always"`, "SEVER_BATCH_SIZE is 0"}},
		"a connection without settings": {config.Vars{"SEVER_CONN_PG_MAIN_URL": ""}, []string{"connections"}, []string{"SEVER_CONN_PG_MAIN_URL is not set"}},
		"no connections":                {config.Vars{"SEVER_CONNECTIONS": ""}, []string{"preflight"}, []string{"SEVER_CONNECTIONS is not set"}},
		"an import that nobody can check": {config.Vars{"SEVER_CONNECTIONS": ""}, []string{"identities", "import", "-"},
			[]string{"no connections are configured here", "--unchecked"}},
		"a key that is none": {config.Vars{"SEVER_AUDIT_KEY": "hunter2"}, []string{"audit", "verify"}, []string{"SEVER_AUDIT_KEY is not the base64"}},
		"a public key that is none": {config.Vars{"SEVER_AUDIT_PUBLIC_KEYS": "AAAA"}, []string{"audit", "verify"},
			[]string{"SEVER_AUDIT_PUBLIC_KEYS has an entry"}},
		"tokens that others could read": {config.Vars{"SEVER_LISTEN": "0.0.0.0:8377"}, []string{"serve"}, []string{"without TLS they could read tokens", "SEVER_PLAIN_HTTP=behind-proxy"}},
		"half of a certificate":         {config.Vars{"SEVER_TLS_CERT": "/x"}, []string{"serve"}, []string{"belong together"}},
		"a certificate that is none":    {config.Vars{"SEVER_TLS_CERT": "/x", "SEVER_TLS_KEY": "/y"}, []string{"serve"}, []string{"no such file", "in PEM"}},
		"an issuer for everybody":       {config.Vars{"SEVER_OIDC_ISSUER": "https://idp.example"}, []string{"serve"}, []string{"SEVER_OIDC_AUDIENCE is not set"}},
		"nowhere to listen":             {config.Vars{"SEVER_LISTEN": "8377"}, []string{"serve"}, []string{"write host:port"}},
		"a proxy by another word":       {config.Vars{"SEVER_PLAIN_HTTP": "yes"}, []string{"serve"}, []string{"the only word is behind-proxy"}},
		"a worker that is not there":    {config.Vars{"SEVER_WORKER": "/nonexistent/sever-worker"}, []string{"up"}, []string{"SEVER_WORKER: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vars := nowhere(t)
			for k, v := range c.change {
				if vars[k] = v; v == "" {
					delete(vars, k)
				}
			}
			a := sever(t.Context(), vars, "", c.args...)
			require.Equal(t, exitBadInput, a.code, a.err)
			for _, s := range c.says {
				require.Contains(t, a.err, s)
			}
			require.NotContains(t, a.err, "hunter2")
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"cases"}, {"status"}, {"status", "E1"}, {"identities", "list"}, {"audit", "verify"}, {"offboard", "E1", "--reason", "hr"}, {"approve", "C-1"}} {
		a := sever(t.Context(), nowhere(t), "", args...)
		require.Equal(t, exitUnreachable, a.code, a.err)
		require.Contains(t, a.err, "no server answers at 127.0.0.1:1")
		require.Contains(t, a.err, "next: start it (sever up)")
		require.NotContains(t, a.err, "hunter2")
	}
	a := sever(t.Context(), nowhere(t), "", "preflight", "--json")
	require.Equal(t, exitUnreachable, a.code)
	var report paper.PreflightReport
	require.NoError(t, json.Unmarshal([]byte(a.out), &report))
	require.Equal(t, "pg-main", report.Connections[0].Connection)
	require.Contains(t, report.Connections[0].Error, "refused")
	require.NotContains(t, a.out, "hunter2")
}

func TestErrorsAreJSONForMachines(t *testing.T) {
	t.Parallel()
	a := sever(t.Context(), nowhere(t), "", "--json", "offboard", "E1", "--reason", "spite")
	require.Equal(t, exitBadInput, a.code)
	var doc errorDocument
	require.NoError(t, json.Unmarshal([]byte(a.err), &doc))
	require.Equal(t, errorDocument{errorBody{Exit: 2, Message: `reason "spite": choose hr or incident`}}, doc)
}

// TestSettingsFile: what the environment does not have comes from sever.env, and the
// environment wins in either form of a variable.
func TestSettingsFile(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	require.NoError(t, os.WriteFile(envFile(home), []byte("# a word\n\nSEVER_ACTOR=file\nSEVER_DATABASE_URL=postgres://file@127.0.0.1:1/x\nTEMPORAL_ADDRESS = spaced\n"), 0o600))
	a := &app{}
	require.ErrorContains(t, a.readSettings(config.Vars{"SEVER_HOME": home}), "line 5 is not NAME=value")

	require.NoError(t, os.WriteFile(envFile(home), []byte("SEVER_ACTOR=file\nSEVER_DATABASE_URL=postgres://x?a=b\n"), 0o600))
	require.NoError(t, a.readSettings(config.Vars{"SEVER_HOME": home, "SEVER_DATABASE_URL_FILE": "/run/secrets/url"}))
	require.Equal(t, config.Vars{"SEVER_HOME": home, "SEVER_ACTOR": "file", "SEVER_DATABASE_URL_FILE": "/run/secrets/url"}, a.vars)
	require.NoError(t, a.readSettings(config.Vars{"SEVER_HOME": home, "SEVER_ACTOR": "environment"}))
	require.Equal(t, config.Vars{"SEVER_HOME": home, "SEVER_ACTOR": "environment", "SEVER_DATABASE_URL": "postgres://x?a=b"}, a.vars)
}

// TestEnvFileKeepsWhatPeopleWrote: sever up writes its own lines only.
func TestEnvFileKeepsWhatPeopleWrote(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sever.env")
	require.NoError(t, writeEnvFile(path, config.Vars{"B": "2", "A": "1", "EMPTY": ""}))
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, envHead+envBegin+"\nA=1\nB=2\n"+envEnd+"\n", string(first))

	require.NoError(t, os.WriteFile(path, []byte("MINE=x\n"+string(first)+"LAST=y\n"), 0o600))
	require.NoError(t, writeEnvFile(path, config.Vars{"A": "3"}))
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "MINE=x\n"+envHead+envBegin+"\nA=3\n"+envEnd+"\nLAST=y\n", string(again))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.NoError(t, os.WriteFile(path, []byte("MINE=x"), 0o600)) // no marks, no line feed
	require.NoError(t, writeEnvFile(path, config.Vars{"A": "4"}))
	vars, err := readEnvFile(path)
	require.NoError(t, err)
	require.Equal(t, config.Vars{"MINE": "x", "A": "4"}, vars)
}

// TestDemonstrationCannotReachRealServers: whatever the environment says.
func TestDemonstrationCannotReachRealServers(t *testing.T) {
	t.Parallel()
	got := harmless(config.Vars{
		"PATH": "/bin", "SEVER_HOME": "/h", "SEVER_WORKER": "/w", "SEVER_DATABASE_URL": "x", "SEVER_DATABASE_URL_FILE": "x", "SEVER_CONNECTIONS": "prod=postgres",
		"SEVER_CONN_PROD_URL": "x", "SEVER_AUDIT_KEY": "x", "SEVER_APPROVAL": "always", "TEMPORAL_NAMESPACE": "prod", "TEMPORAL_API_KEY": "x",
	})
	require.Equal(t, config.Vars{"PATH": "/bin", "SEVER_HOME": "/h", "SEVER_WORKER": "/w"}, got)
}

func TestHelpTellsEverything(t *testing.T) {
	t.Parallel()
	a := sever(t.Context(), nowhere(t), "", "help")
	require.Equal(t, exitOK, a.code)
	for _, name := range []string{"offboard", "status", "cases", "approve", "deny", "hold", "resume", "retry", "escalate", "cancel", "waive", "identities", "connections",
		"providers", "preflight", "audit", "up", "demo", "migrate", "version", "completion"} {
		require.Contains(t, a.out, "\n  "+name+" ")
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		a := sever(t.Context(), nowhere(t), "", "completion", shell)
		require.Equal(t, exitOK, a.code)
		require.NotEmpty(t, a.out)
	}
	for _, args := range [][]string{{"version"}, {"providers"}, {"providers", "rights"}, {"providers", "rights", "postgres"}, {"connections"}, {"help", "json"}, {"help", "settings"}, {"help", "roles"}, {"help", "exit-codes"}} {
		a := sever(t.Context(), nowhere(t), "", args...)
		require.Equal(t, exitOK, a.code, a.err)
		require.NotEmpty(t, a.out)
		require.NotContains(t, a.out, "\x1b", "colours are for terminals")
	}
}
