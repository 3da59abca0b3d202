package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/dev/devtest"
)

// TestRosterImport goes through the program, on records of its own.
func TestRosterImport(t *testing.T) {
	t.Parallel()
	w := newBooks(t)
	require.Equal(t, "No roster was accepted yet. Import one: sever roster import FILE.csv\n", lastLine(w.sever(t, "", "roster", "list").out))
	for _, c := range []struct {
		in   string
		args []string
		says string
	}{
		{"", []string{"-"}, "the file is empty"},
		{"principal\n", []string{"-"}, "it has nobody who is active"},
		{"principal\nE7\nE8\nE7\n", []string{"-"}, "line 4, column 1 (principal): E7 is there twice"},
		{"[{\"principal\": \"E1\"},\n {\"princpal\": \"E2\"}]", []string{"-"}, `line 2, column 3: there is no field "princpal"`},
		{"", []string{t.TempDir() + "/none.csv"}, "no such file"},
	} {
		a := w.sever(t, c.in, append([]string{"roster", "import"}, c.args...)...)
		require.Equal(t, exitBadInput, a.code, a.out)
		require.Contains(t, a.err, c.says)
		require.Contains(t, w.sever(t, "", "audit", "show", "house").out, "hr        gave a roster that was refused")
	}
	require.Empty(t, must[paper.PeopleList](t, w, nil, exitOK, "roster", "list").People, "nothing was written")

	five := "principal,login,attr.Hosting\nE1,ada,NW1\nE2,bob,\nE3,cy,\nE4,dan,\nE5,eve,\n"
	dry := w.sever(t, five, "roster", "import", "-", "--dry-run")
	require.Equal(t, exitOK, dry.code, dry.err)
	require.Contains(t, dry.out, "+ E1 joined\n")
	require.Contains(t, dry.out, "Dry run, nothing was written: 5 active: 5 joined, 0 left, 0 returned, 0 changed, 0 unchanged.")
	require.Empty(t, must[paper.PeopleList](t, w, nil, exitOK, "roster", "list").People)
	require.Equal(t, exitOK, w.sever(t, five, "roster", "import", "-").code)
	require.Contains(t, w.sever(t, five, "roster", "import", "-").out, "5 active: 0 joined, 0 left, 0 returned, 0 changed, 5 unchanged.")

	three := "principal,login\nE1,ada\nE2,bob\nE3,cy\n"
	a := w.sever(t, three, "roster", "import", "-")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "2 people of the 5 active on the last accepted roster (standard input, ")
	require.Contains(t, a.err, `sever roster import - --accept-shrink "why"`)
	require.Contains(t, w.sever(t, "", "audit", "show", "house").out, "40 per cent, and more than 20 per cent at once is refused")
	for _, p := range must[paper.PeopleList](t, w, nil, exitOK, "roster", "list").People {
		require.Equal(t, "active", p.Standing, "a refused roster changes nothing")
	}
	require.Contains(t, w.sever(t, three, "roster", "import", "-", "--accept-shrink", "the Lyon office closed").out, "- E4 left\n- E5 left\nImported: 3 active: 0 joined, 2 left")
	require.Empty(t, must[paper.CaseList](t, w, nil, exitOK, "cases").Cases, "a roster opens no case")
	back := w.sever(t, three+"E5,eve2\n", "roster", "import", "-")
	require.Contains(t, back.out, "+ E5 returned: login\n")
	left := must[paper.PeopleList](t, w, nil, exitOK, "roster", "list", "--left")
	require.Len(t, left.People, 1)
	require.Equal(t, access.PrincipalID("E4"), left.People[0].ID)
	require.Len(t, left.Rosters, 4)
	require.Equal(t, exitBadInput, w.sever(t, three, "roster", "import", "-", "--max-shrink", "101").code)
}

func TestRosterStatus(t *testing.T) {
	t.Parallel()
	w := newBooks(t)
	address, namespace := devtest.Temporal(t)
	w.vars = w.vars.With(config.Vars{"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": namespace})
	require.Contains(t, w.sever(t, "", "roster", "status").out, "No roster has come yet.")
	require.Equal(t, exitOK, w.sever(t, "principal\nE1\n", "roster", "import", "-").code)
	require.Equal(t, exitBadInput, w.sever(t, "principal\n", "roster", "import", "-", "--as", "ops").code)
	got := must[rosterStatus](t, w, nil, exitOK, "roster", "status")
	require.Len(t, got.Runs, 2)
	require.Equal(t, []string{"refused", "ops", "accepted", "hr"}, []string{got.Runs[0].Result, got.Runs[0].By, got.Runs[1].Result, got.Runs[1].By})
	require.Contains(t, w.sever(t, "", "roster", "status").out, "it has nobody who is active")
}

// lastLine is the last line of what was printed.
func lastLine(out string) string {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	return lines[len(lines)-1] + "\n"
}
