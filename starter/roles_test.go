package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/workflows"
)

// Who may not is told so before anything is sent: nothing answers here.
func TestRolesAreAskedFirst(t *testing.T) {
	t.Parallel()
	people := config.Vars{"SEVER_ROLE_REQUESTER": "rita", "SEVER_ROLE_APPROVER": "anna", "SEVER_ROLE_OPERATOR": "olaf", "SEVER_ACTOR": "mallory"}
	for _, c := range []struct{ says, args string }{
		{"mallory may not request the end of somebody's access: that takes the role requester, and SEVER_ROLE_REQUESTER does not list them", "offboard E1 --reason hr"},
		{"mallory may not rehearse the end of somebody's access", "offboard E1 --reason hr --dry-run"},
		{"rita may not approve a plan: that takes the role approver", "approve C-1 --as rita"},
		{"olaf may not deny a plan", "deny C-1 --as olaf"},
		{"anna may not hold a case: that takes the role operator", "hold C-1 --as anna"},
		{"mallory may not let a case go on", "resume C-1"},
		{"mallory may not try a case again", "retry C-1"},
		{"mallory may not make a case more urgent", "escalate C-1"},
		{"mallory may not cancel a case", "cancel C-1"},
		{"mallory may not waive what stays", "waive C-1 pg-main --reason x"},
		{"mallory may not give access back", "reinstate C-1 --reason x"},
		{"mallory may not import identities", "identities import -"},
		{"mallory may not import identities", "roster import -"},
		{"mallory may not import identities, rosters or secrets", "secrets import -"},
		{"mallory may not finish a task", "tasks done C-1 secret/x --reason y"},
		{"mallory may not read", "tasks"},
		{"mallory may not read", "secrets list"},
		{"mallory may not read cases and the audit trail", "status"},
		{"mallory may not read", "cases"},
		{"mallory may not read", "plan C-1"},
		{"mallory may not read", "audit show C-1"},
		{"mallory may not read", "audit verify"},
		{"mallory may not read", "identities list"},
		{"mallory may not read", "roster list"},
	} {
		a := sever(t.Context(), nowhere(t).With(people), "", strings.Fields(c.args)...)
		require.Equal(t, exitBadInput, a.code, "%s: %s", c.args, a.err)
		require.Contains(t, a.err, c.says)
		require.Contains(t, a.err, "sever help roles")
	}
	a := sever(t.Context(), nowhere(t).With(people).With(config.Vars{"SEVER_ACTOR": "ANNA "}), "", "status")
	require.NotContains(t, a.err, "may not", "another spelling of a name is no other person")
}

func TestMalformedRolesAreRefused(t *testing.T) {
	t.Parallel()
	for value, says := range map[string]string{"anna,,bob": "SEVER_ROLE_APPROVER: there is a comma without a name beside it", "*,bob": "* is everybody"} {
		a := sever(t.Context(), nowhere(t).With(config.Vars{"SEVER_ROLE_APPROVER": value}), "", "hold", "C-1", "--as", "olaf")
		require.Equal(t, exitBadInput, a.code)
		require.Contains(t, a.err, says)
	}
	path := filepath.Join(t.TempDir(), "people")
	require.NoError(t, os.WriteFile(path, []byte("anna,bob\n"), 0o600))
	vars := nowhere(t).With(config.Vars{"SEVER_ROLE_OPERATOR_FILE": path})
	require.NotContains(t, sever(t.Context(), vars, "", "hold", "C-1", "--as", "bob").err, "may not")
	require.Contains(t, sever(t.Context(), vars, "", "hold", "C-1", "--as", "carl").err, "carl may not hold a case")
	vars["SEVER_ROLE_OPERATOR_FILE"] = ""
	require.Contains(t, sever(t.Context(), vars, "", "hold", "C-1", "--as", "bob").err, "SEVER_ROLE_OPERATOR_FILE is empty")
}

// Every decision has its act: one that is forgotten would be refused to everybody.
func TestEveryDecisionHasAnAct(t *testing.T) {
	t.Parallel()
	a := &app{}
	for _, c := range a.decisionCommands() {
		update := c.Name()
		if update == "plan" {
			continue
		}
		require.NotEmpty(t, desk.Acts[update], update)
		r, err := roles.Parse(map[string]string{"SEVER_ROLE_APPROVER": "*", "SEVER_ROLE_OPERATOR": "*"})
		require.NoError(t, err)
		require.NoError(t, r.May("olaf", desk.Acts[update]))
	}
	require.Len(t, desk.Acts, 8)
	require.Equal(t, roles.Approve, desk.Acts[workflows.UpdateApprove])
}
