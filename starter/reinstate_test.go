package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/workflows"
)

func reinstating(t *testing.T, w *world) {
	w.hire(t, "R1", "rehired_ria", "")
	p := must[picture](t, w, nil, exitOK, "offboard", "R1", "--reason", "hr", "--wait")
	a := w.sever(t, "", "reinstate", p.Case)
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "a reinstatement needs a reason")
	closed := must[picture](t, w, nil, exitOK, "status", "R1", "--follow")
	require.Equal(t, access.CaseClean, closed.Status)

	a = w.sever(t, "", "reinstate", "R1", "--reason", "hired again", "--as", "alice")
	require.Equal(t, exitOK, a.code, a.err)
	require.Contains(t, a.out, "Nothing happens until somebody other than alice approves it: sever approve "+p.Case)
	require.Contains(t, a.out, "give back what delete took: ")
	asked := must[desk.Reinstated](t, w, nil, exitOK, "reinstate", "R1", "--reason", "hired again", "--as", "alice")
	require.True(t, asked.Joined)
	waits := must[picture](t, w, nil, exitOpen, "status", "R1")
	require.Equal(t, paper.StandsApproval, waits.Standing)
	require.Contains(t, w.sever(t, "", "status", "R1").out, "would give back what it took")

	a = w.sever(t, "", "approve", p.Case, "--plan", asked.Hash, "--as", "alice")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "alice asked for it: somebody else has to approve it")
	require.Equal(t, exitOpen, w.sever(t, "", "approve", p.Case, "--plan", asked.Hash, "--as", "bella", "--wait").code)
	back := must[picture](t, w, nil, exitOpen, "status", "R1")
	require.Equal(t, access.CaseReinstated, back.Status)
	require.Contains(t, w.sever(t, "", "audit", "show", "R1").out, "hired again")
	can, _ := w.canLogIn(t, "rehired_ria")
	require.True(t, can)
	handed, err := filepath.Glob(filepath.Join(w.vars["SEVER_SECRET_DIR"], p.Case+"*"))
	require.NoError(t, err)
	require.Len(t, handed, 1, "her old password died with the account")
	a = w.sever(t, "", "reinstate", "R1", "--reason", "once more")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "there is nothing to give back")
}

func graced(t *testing.T, w *world) {
	w.hire(t, "G1", "graced_gina", "")
	a := w.sever(t, "", "offboard", "G1", "--reason", "incident", "--grace", "1h")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "a grace makes no sense with reason incident")
	p := must[picture](t, w, config.Vars{}, exitOK, "offboard", "G1", "--reason", "hr", "--grace", "1h", "--wait")
	require.Equal(t, paper.StandsGrace, p.Standing)
	require.Equal(t, string(workflows.PhaseGrace), p.Phase)
	require.NotZero(t, p.GraceUntil)
	can, _ := w.canLogIn(t, "graced_gina")
	require.False(t, can)
	require.Contains(t, w.sever(t, "", "status", "G1").out, "nobody can log in; removing begins in")
	require.Contains(t, w.sever(t, "", "reconcile").out, "open")
	require.Equal(t, exitOK, w.sever(t, "", "cancel", "G1", "--wait").code)
	can, _ = w.canLogIn(t, "graced_gina")
	require.True(t, can, "her own password")
}
