package wiring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

// withRoles is a world whose worker knows who may do what. The harness stands for a
// caller that does not ask first.
func withRoles(t *testing.T) (*severtest.World, *memory.System) {
	t.Helper()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	who, err := wiring.RolesOf(config.Vars{"SEVER_ROLE_REQUESTER": "hr@example.com", "SEVER_ROLE_APPROVER": "boss,hr@example.com", "SEVER_ROLE_OPERATOR": "olaf"})
	require.NoError(t, err)
	w.Stop()
	w.Parts.Roles = who
	w.StartWorker()
	w.Owns(ada, system.Ref("ada"))
	return w, system
}

// refusals are the refused decisions in a chain, in words.
func refusals(t *testing.T, w *severtest.World, chain string) (out []string) {
	t.Helper()
	for row, err := range w.Parts.Store.Events(w.Ctx, chain, 1) {
		require.NoError(t, err)
		if row.Kind == audit.DecisionRefused || row.Kind == audit.CaseRefused {
			out = append(out, row.Kind+" "+row.Object+": "+row.Words)
		}
	}
	return out
}

func TestTheWorkerRefusesDecisionsOfWhoMayNot(t *testing.T) {
	t.Parallel()
	w, system := withRoles(t)
	got, p := waitsForApproval(t, w)
	require.Equal(t, "boss", task(t, w, got.Case, "plan/1").Owner, "who may approve it, without who asked for it")
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "mallory", Why: "go on", Hash: p.Hash}))
	w.Reaches(ada, "the first is refused", func(p workflows.Progress) bool { return len(p.Refusals) == 1 })
	require.NoError(t, w.Say(ada, workflows.UpdateHold, workflows.Decision{By: "boss"}))
	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "mallory"}))
	require.ErrorContains(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "hr@example.com", Hash: p.Hash}), "somebody else has to approve it")
	incident, err := plan.For(access.Incident)
	require.NoError(t, err)
	w.Submit(ada, "key-2", func(s *workflows.Submit) { s.Policy, s.Requester = incident, "mallory" })
	now := w.Reaches(ada, "all are refused", func(p workflows.Progress) bool { return len(p.Refusals) == 4 })
	require.Equal(t, workflows.PhaseApproval, now.Phase)
	require.Equal(t, access.HR, now.Reason)
	require.False(t, now.Held)
	require.Equal(t, "mallory", now.Refusals[0].By)
	require.Equal(t, []string{
		"decision.refused plan 1: mallory may not approve a plan: that takes the role approver, and SEVER_ROLE_APPROVER does not list them",
		"decision.refused " + got.Case + ": boss may not hold a case: that takes the role operator, and SEVER_ROLE_OPERATOR does not list them",
		"decision.refused " + got.Case + ": mallory may not cancel a case: that takes the role operator, and SEVER_ROLE_OPERATOR does not list them",
		"decision.refused " + got.Case + ": mallory may not request the end of somebody's access: that takes the role requester, and SEVER_ROLE_REQUESTER does not list them",
	}, refusals(t, w, got.Case))
	require.Empty(t, system.Writes())

	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "Boss ", Hash: p.Hash}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
}

func TestTheWorkerRefusesCasesOfWhoMayNotRequest(t *testing.T) {
	t.Parallel()
	w, system := withRoles(t)
	got := w.Submit(ada, "key-1", func(s *workflows.Submit) { s.Requester = "mallory" })
	var r workflows.Result
	require.ErrorContains(t, w.Parts.Temporal.GetWorkflow(w.Ctx, w.ID(ada), "").Get(w.Ctx, &r), "mallory may not request the end of somebody's access")
	_, err := w.Parts.Store.Case(w.Ctx, got.Case)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Empty(t, system.Journal(), "nobody was asked anything")
	require.Len(t, refusals(t, w, audit.House), 1)
	require.Contains(t, refusals(t, w, audit.House)[0], "case.refused "+string(ada)+": mallory may not request")
	w.Submit(ada, "key-2")
	require.Equal(t, access.CaseClean, w.Ends(ada).Status, "who may, may afterwards")
}

func TestTheWorkerRefusesReinstatementsOfWhoMayNot(t *testing.T) {
	t.Parallel()
	w, system := withRoles(t)
	got := w.Submit(ada, "key-1")
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	ask := func(by string) (workflows.Reinstating, error) {
		return w.Reinstate(got.Case, ada, by)
	}
	_, err := ask("boss")
	require.ErrorContains(t, err, "boss may not give access back: that takes the role operator")
	require.Empty(t, system.World())
	var r workflows.Reinstating
	require.Eventually(t, func() bool { r, err = ask("olaf"); return err == nil }, 20*time.Second, 20*time.Millisecond, "the refused one ends in a moment")
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "mallory", Hash: r.Hash}))
	w.Reaches(ada, "the word is refused", func(p workflows.Progress) bool { return len(p.Refusals) == 1 })
	require.Empty(t, system.World())
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: r.Hash}))
	require.Equal(t, access.CaseReinstated, w.Ends(ada).Status)
	require.Len(t, system.World(), 1)
}
