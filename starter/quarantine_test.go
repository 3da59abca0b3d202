package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// narrow makes a guard trip on every case that is about two accounts.
var narrow = config.Vars{"SEVER_MAX_ACCOUNTS": "1"}

// hireTwice is somebody with two accounts.
func hireTwice(t *testing.T, w *world, id, account string) {
	w.hire(t, id, account, "create role "+account+"_ro login password 'x'")
	a := w.sever(t, "principal,connection,account\n"+id+",pg-main,"+account+"_ro\n", "identities", "import", "-")
	require.Equal(t, exitOK, a.code, a.err)
}

func quarantine(t *testing.T, w *world) {
	hireTwice(t, w, "Q1", "quiet_quinn")
	p := must[picture](t, w, narrow, exitOpen, "offboard", "Q1", "--reason", "hr", "--wait")
	require.Equal(t, paper.StandsQuarantine, p.Standing)
	const guard = "blast radius: 2 accounts in one case, the limit is 1"
	hash := desk.Short(p.Plans[0].Hash)
	ways := "somebody other than alice says sever approve " + p.Case + " --plan " + hash + ` --reason "...", or anybody sever deny ` + p.Case + " --plan " + hash + ", or sever cancel " + p.Case
	require.Contains(t, w.sever(t, "", "status", "Q1").out, "in quarantine: plan 1 waits, because "+guard+". Read it: sever plan "+p.Case+"; then "+ways)
	require.Contains(t, w.sever(t, "", "status").out, p.Case)
	shown := w.sever(t, "", "plan", "Q1")
	require.Contains(t, shown.out, "guard: "+guard)
	require.Contains(t, shown.out, "In quarantine: ")
	require.Contains(t, w.sever(t, "", "audit", "show", p.Case).out, "in quarantine")

	a := w.sever(t, "", "approve", "Q1", "--plan", hash, "--as", "bob")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "plan 1 is in quarantine (1 guard): approving it needs a reason")
	require.Contains(t, a.err, `next: say why it may go on: sever approve `+p.Case+" --plan "+hash)
	a = w.sever(t, "", "resume", "Q1", "--as", "bob")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "is not held: plan 1 is in quarantine")
	require.Contains(t, a.err, "next: "+ways)
	require.NotContains(t, w.sever(t, "", "status", "Q1").out, "What a person can do", "it is said above")
	require.Len(t, p.Tasks, 1)
	require.Equal(t, "somebody other than alice", p.Tasks[0].Owner)
	require.Contains(t, w.sever(t, "", "tasks").out, "plan 1 is in quarantine, because "+guard)
	a = w.sever(t, "", "tasks", "done", "Q1", "plan/1", "--reason", "seen")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "is about a plan, and done when somebody has decided about that")
	require.Contains(t, a.err, "sever approve "+p.Case+" --plan "+hash+` --reason "..."; or: sever deny `+p.Case)
	can, _ := w.canLogIn(t, "quiet_quinn")
	require.True(t, can, "nothing happened")

	a = w.sever(t, "", "approve", "Q1", "--plan", hash, "--as", "bob", "--reason", "both are hers", "--wait")
	require.Equal(t, exitOK, a.code, a.out+a.err)
	after := must[picture](t, w, nil, exitOK, "status", "Q1")
	require.Equal(t, "both are hers", after.Plans[0].DecidedWhy)
	require.Empty(t, after.Tasks)
}

func checks(t *testing.T, w *world) {
	hireTwice(t, w, "X1", "checked_chi")
	dry := []string{"offboard", "X1", "--reason", "hr", "--dry-run", "--check"}
	a := w.sever(t, "", dry...)
	require.Equal(t, exitOK, a.code, a.out+a.err)
	require.Contains(t, a.out, "check: within the limits; nothing is unknown, guarded, blocked or protected")
	a = w.with(t, narrow, "", dry...)
	require.Equal(t, exitWord, a.code, a.out+a.err)
	require.Contains(t, a.out, "A case with this plan would be in quarantine")
	require.Contains(t, a.out, "check: waits for a person: blast radius: 2 accounts in one case, the limit is 1")
	require.Equal(t, exitOK, w.with(t, narrow, "", dry[:5]...).code, "without --check a plan is a plan")
	require.Equal(t, []string{"blast radius: 2 accounts in one case, the limit is 1"}, must[paper.Plans](t, w, narrow, exitWord, dry...).Plans[0].Guards)

	p := must[picture](t, w, narrow, exitOpen, "offboard", "X1", "--reason", "hr", "--wait")
	require.Equal(t, exitWord, w.sever(t, "", "plan", p.Case, "--check").code)
	w.sql(t, "postgres", "create table chis (n int); alter table chis owner to checked_chi")
	a = w.sever(t, "", dry...)
	require.Equal(t, exitOpen, a.code, "what nobody receives stays")
	require.Contains(t, a.out, "check: stays open: step ")
	require.Equal(t, exitOK, w.sever(t, "", "deny", "X1", "--plan", p.Plans[0].Hash, "--as", "bob").code)
	require.Eventually(t, func() bool { return w.sever(t, "", "plan", p.Case, "--check").code == exitOpen }, patience, 20*time.Millisecond, "a denied plan does nothing")
	require.Equal(t, exitOK, w.sever(t, "", "cancel", "X1", "--wait").code)
}

// The exit codes of --check, without a server.
func TestCheckingPlans(t *testing.T) {
	t.Parallel()
	policy := plan.Policy{Approval: plan.ApproveAlways}
	one := func(s store.PlanStatus, body plan.Plan) paper.Planned {
		return paper.Planned{No: 1, Status: s, Body: body}
	}
	step := plan.Make(plan.Facts{})
	step.Steps = append(step.Steps, access.Step{})
	silent := plan.Plan{Unknown: []plan.Silent{{Connection: "pg", Why: "down"}}}
	for name, c := range map[string]struct {
		plans []paper.Planned
		want  error
	}{
		"no plan":               {nil, exit(exitOpen)},
		"only an old plan":      {[]paper.Planned{one(store.PlanSuperseded, step)}, exit(exitOpen)},
		"waits for a word":      {[]paper.Planned{one(store.PlanWaiting, step)}, exit(exitWord)},
		"would wait":            {[]paper.Planned{one(store.PlanDryRun, step)}, exit(exitWord)},
		"has its word":          {[]paper.Planned{one(store.PlanApproved, step)}, nil},
		"denied":                {[]paper.Planned{one(store.PlanDenied, step)}, exit(exitOpen)},
		"silent":                {[]paper.Planned{one(store.PlanApproved, silent)}, exit(exitOpen)},
		"silent, and waits too": {[]paper.Planned{one(store.PlanApproved, silent), one(store.PlanWaiting, step)}, exit(exitOpen)},
		"nothing to do":         {[]paper.Planned{one(store.PlanApproved, plan.Plan{})}, nil},
	} {
		a := &app{json: true}
		require.Equal(t, c.want, a.checked(c.plans, policy, true), name)
		require.NoError(t, a.checked(c.plans, policy, false), name)
	}
}
