package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk/paper"
)

// followUps: what she could know keeps her case open until somebody says that it was
// rotated.
func followUps(t *testing.T, w *world) {
	w.hire(t, "E6101", "fay", "")
	require.Equal(t, exitOK, w.sever(t, "principal,secret,owner,how\nE6101,root's mail,ops,wiki/mail\n", "secrets", "import", "-").code)
	p := must[picture](t, w, nil, exitOpen, "offboard", "E6101", "--reason", "hr", "--wait")
	require.Equal(t, paper.StandsPeople, p.Standing)
	require.Equal(t, access.Removed, p.Accounts[0].Outcome, "the account is gone all the same")
	require.Len(t, p.Tasks, 1)
	require.Equal(t, "secret/root's mail", p.Tasks[0].Key)
	require.Equal(t, "ops", p.Tasks[0].Owner)
	require.Equal(t, `rotate it (wiki/mail), then: sever tasks done `+p.Case+` 'secret/root'\''s mail' --reason "..."`, p.Tasks[0].Next)
	require.Contains(t, w.sever(t, "", "status", p.Case).out, "1 shared secret is to be rotated")

	// One that is imported late becomes a task of the open case.
	require.Equal(t, exitOK, w.sever(t, "principal,secret,owner\nE6101,lab,lab\n", "secrets", "import", "-").code)
	require.Equal(t, exitOK, w.sever(t, "", "retry", p.Case).code)
	mine := func(owner string) (keys []string) {
		for _, k := range must[paper.TaskList](t, w, nil, exitOK, "tasks", "--mine", owner).Tasks {
			if k.Case == p.Case {
				keys = append(keys, k.Key)
			}
		}
		return keys
	}
	require.Eventually(t, func() bool { return len(mine("lab")) == 1 }, patience, 10*time.Millisecond)
	require.Equal(t, []string{"secret/root's mail"}, mine("ops"))
	require.Contains(t, w.sever(t, "", "tasks").out, "secret/root's mail")

	for says, args := range map[string][]string{
		"a task is done with a reason": {"secret/lab"},
		`has no task "secret/none"`:    {"secret/none", "--reason", "x"},
	} {
		a := w.sever(t, "", append([]string{"tasks", "done", p.Case}, args...)...)
		require.Equal(t, exitBadInput, a.code)
		require.Contains(t, a.err, says)
	}
	require.Equal(t, exitOK, w.sever(t, "", "tasks", "done", p.Case, "secret/root's mail", "--reason", "version 18", "--as", "ops").code)
	again := w.sever(t, "", "tasks", "done", p.Case, "secret/root's mail", "--reason", "version 18")
	require.Equal(t, exitBadInput, again.code)
	require.Contains(t, again.err, "is closed already, by ops: version 18")
	require.Equal(t, access.CaseOpen, must[picture](t, w, nil, exitOpen, "status", p.Case).Status, "one is left")
	require.Equal(t, exitOK, w.sever(t, "", "tasks", "done", p.Case, "secret/lab", "--reason", "she never had it").code)
	// Until the case has looked again it stands where it stood.
	require.Eventually(t, func() bool { return w.sever(t, "", "status", "--follow", p.Case).code == exitOK }, patience, 10*time.Millisecond)
	require.Eventually(t, func() bool { return must[picture](t, w, nil, exitOK, "status", p.Case).Status == access.CaseClean }, patience, 10*time.Millisecond)
	tale := w.sever(t, "", "audit", "show", p.Case).out
	require.Contains(t, tale, "did a task: root's mail")
	require.NotContains(t, strings.Join(mine("lab"), " "), "secret/lab")
}

// byItself: what the systems can show nobody can call done.
func byItself(t *testing.T, w *world) {
	w.hire(t, "E6102", "gus", "create table gus_things (x int); alter table gus_things owner to gus")
	p := must[picture](t, w, nil, exitOpen, "offboard", "E6102", "--reason", "hr", "--wait")
	require.Len(t, p.Tasks, 1)
	a := w.sever(t, "", "tasks", "done", p.Case, p.Tasks[0].Key, "--reason", "done")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "closes by itself when the systems agree")
	require.Contains(t, a.err, "sever retry "+p.Case)
}

// undoneByHand: what could not be given back is done also when the case is closed.
func undoneByHand(t *testing.T, w *world) {
	w.hire(t, "E6103", "hal", "")
	require.Equal(t, exitOK, w.sever(t, "principal,connection,account\nE6104,pg-main,hal\n", "identities", "import", "-").code)
	p := must[picture](t, w, nil, exitOpen, "offboard", "E6103", "--reason", "hr", "--shared", "rotate", "--wait")
	require.Equal(t, access.Contained, p.Accounts[0].Outcome, p.Accounts[0].Why)
	require.Contains(t, p.Accounts[0].Why, "E6104 need the new one")
	require.Equal(t, exitOK, w.sever(t, "", "cancel", p.Case, "--reason", "she stays", "--wait").code)
	p = must[picture](t, w, nil, exitOpen, "status", p.Case)
	require.Equal(t, access.CaseCancelled, p.Status)
	require.Len(t, p.Tasks, 1)
	require.True(t, strings.HasPrefix(p.Tasks[0].Key, "undo/"), p.Tasks[0].Key)
	require.Equal(t, exitOK, w.sever(t, "", "tasks", "done", p.Case, p.Tasks[0].Key, "--reason", "hal knows the new one").code)
	require.Empty(t, must[picture](t, w, nil, exitOpen, "status", p.Case).Tasks)
}
