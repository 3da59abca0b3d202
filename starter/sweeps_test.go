package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/sweep"
)

// foundDocument is the JSON of sweeps run and findings.
type foundDocument struct {
	Sweep, Rule string
	Run         sweepRun
	Findings    []findingPart
}

func (d foundDocument) account(t *testing.T, name string) findingPart {
	t.Helper()
	for _, f := range d.Findings {
		if f.Account == name {
			return f
		}
	}
	t.Fatalf("nothing was found about %s: %+v", name, d.Findings)
	return findingPart{}
}

func sweeping(t *testing.T, w *world) {
	w.hire(t, "S1", "swept_sue", "create role swept_ghost login")
	a := w.sever(t, "", "sweeps", "create", "ghosts", "--rule", "unissued", "--connections", "pg-main", "--every", "24h")
	require.Equal(t, exitOK, a.code, a.err)
	require.Contains(t, a.out, "The sweep ghosts is set up: it runs every 1 d, through pg-main.")
	require.Contains(t, w.sever(t, "", "sweeps", "findings", "ghosts").err, "the sweep ghosts has not run yet")

	d := must[foundDocument](t, w, nil, exitOpen, "sweeps", "run", "ghosts")
	require.Equal(t, "unissued", d.Rule)
	require.EqualValues(t, "complete", d.Run.Result)
	require.Equal(t, sweep.OfNobody, d.account(t, "swept_ghost").Kind)
	for _, f := range d.Findings {
		require.NotEqual(t, "swept_sue", f.Account, "she is on record")
		require.NotEqual(t, "postgres", f.Account, "built in")
	}
	w.sql(t, "postgres", "drop role swept_ghost")
	a = w.sever(t, "", "sweeps", "run", "ghosts")
	require.Contains(t, a.out, "Run 2 of ghosts: complete.")
	require.NotContains(t, a.out, "swept_ghost")
	require.Contains(t, w.sever(t, "", "sweeps", "findings", "ghosts", "--gone").out, "swept_ghost")
	lines, err := csv.NewReader(strings.NewReader(w.sever(t, "", "sweeps", "findings", "ghosts", "--run", "1", "--format", "csv").out)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, findingColumns, lines[0])
	require.Len(t, lines, len(d.Findings)+1)

	require.Contains(t, w.sever(t, "", "sweeps", "pause", "ghosts", "--reason", "audit week").out, "The sweep ghosts is paused.")
	a = w.sever(t, "", "sweeps", "list")
	require.Contains(t, a.out, "ghosts: paused: alice: audit week. Let it go on: sever sweeps resume ghosts")
	require.Contains(t, w.sever(t, "", "sweeps", "run", "ghosts").out, "Run 3 of ghosts: complete.", "by hand it runs all the same")
	require.Equal(t, exitOK, w.sever(t, "", "sweeps", "resume", "ghosts").code)
	require.NotContains(t, w.sever(t, "", "sweeps", "list").out, "paused")
	require.Equal(t, exitOK, w.sever(t, "", "sweeps", "delete", "ghosts").code)
	require.Contains(t, w.sever(t, "", "sweeps", "run", "ghosts").err, `there is no sweep "ghosts"`)
	trail := w.sever(t, "", "audit", "show", "house").out
	for _, words := range []string{"alice     set up the sweep ghosts", "alice     asked for a run of the sweep ghosts", "began run 1 of the sweep ghosts (unissued)",
		"ended run 2 of the sweep ghosts, complete", "alice     paused the sweep ghosts: audit week", "alice     deleted the sweep ghosts"} {
		require.Contains(t, trail, words)
	}
}

func badSweeps(t *testing.T, w *world) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "may.csv")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"x"}, "--rule is missing"},
		{[]string{"x", "--rule", "everything"}, `there is no rule "everything"`},
		{[]string{"X y", "--rule", "left"}, "use small letters"},
		{[]string{"x", "--rule", "left", "--every", "1s"}, "too often"},
		{[]string{"x", "--rule", "left", "--every", "1h", "--cron", "0 3 * * *"}, "not both"},
		{[]string{"x", "--rule", "left", "--cron", "every day"}, `--cron "every day": Invalid schedule spec`},
		{[]string{"x", "--rule", "left", "--connections", "pg-mian"}, `there is no connection "pg-mian"`},
		{[]string{"x", "--rule", "unissued", "--mode", "enforce"}, "only reports"},
		{[]string{"x", "--rule", "entitlements:" + file("connection,database,privileges\npg-mian,shop,SELECT\n")}, `there is no connection "pg-mian"`},
		{[]string{"x", "--rule", "entitlements:" + file("connection,database,privileges\npg-main,shop,SELECT\n")}, "it names a principal or an account"},
		{[]string{"x", "--rule", "entitlements:" + file("connection,database,privileges,account\n")}, "allows nothing at all"},
		{[]string{"x", "--rule", "entitlements:/nowhere.csv"}, "no such file"},
	} {
		a := w.sever(t, "", append([]string{"sweeps", "create"}, c.args...)...)
		require.Equal(t, exitBadInput, a.code, "%v: %s", c.args, a.err)
		require.Contains(t, a.err, c.says)
	}
	require.NotContains(t, w.sever(t, "", "sweeps", "list").out, "x  ", "what was refused is not there")
}

// What a person may have is compared with what they have.
func entitled(t *testing.T, w *world) {
	w.hire(t, "S2", "swept_eva", "create role swept_group; grant swept_group to swept_eva")
	w.sql(t, "postgres", "create database swept_shop")
	w.sql(t, "postgres", "grant connect, create on database swept_shop to swept_eva")
	path := filepath.Join(t.TempDir(), "may.csv")
	require.NoError(t, os.WriteFile(path, []byte("connection,principal,account,database,privileges\npg-main,S2,,swept_shop,CONNECT\n"), 0o600))
	require.Equal(t, exitOK, w.sever(t, "", "sweeps", "create", "may", "--rule", "entitlements:"+path).code)
	d := must[foundDocument](t, w, nil, exitOpen, "sweeps", "run", "may")
	require.Equal(t, "entitlements:may.csv", d.Rule)
	var hers []string
	for _, f := range d.Findings {
		if f.Account == "swept_eva" {
			require.EqualValues(t, "S2", f.Principal)
			hers = append(hers, f.Words)
		}
	}
	require.Contains(t, hers, "MEMBERSHIP on role swept_group on the whole resource is more than may.csv allows")
	require.Contains(t, strings.Join(hers, "\n"), "CREATE on database swept_shop")
}

func TestReadEntitlements(t *testing.T) {
	t.Parallel()
	want := []sweep.Entitlement{{Connection: "*", Principal: "E1", Database: "shop", Privileges: []string{"SELECT", "INSERT"}},
		{Connection: "my", Account: "app@%", Database: "*", Privileges: []string{"ALL PRIVILEGES"}}}
	got, problems := readEntitlements(document("connection,database,privileges,principal,account\n*,shop,SELECT INSERT,E1,\nmy,*,ALL PRIVILEGES,,app@%\n"), "x.csv", nil)
	require.Empty(t, problems)
	require.Equal(t, want, got)
	got, problems = readEntitlements(document(`[{"connection":"*","database":"shop","privileges":"SELECT, INSERT","principal":"E1"},
		{"connection":"my","database":"*","privileges":"ALL PRIVILEGES","account":"app@%"}]`), "x.json", nil)
	require.Empty(t, problems)
	require.Equal(t, want, got)
	_, problems = readEntitlements(document(`{"entitlement":[]}`), "x.json", nil)
	require.NotEmpty(t, problems)
}

func TestNoFormula(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"'=1+1", "'@x", "ada", ""}, []string{noFormula("=1+1"), noFormula("@x"), noFormula("ada"), noFormula("")})
}
