package wiring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/workflows"
)

// quarantined is a case that a guard stopped, and its plan.
func quarantined(t *testing.T, w *severtest.World) (workflows.Submitted, workflows.PlanState) {
	t.Helper()
	w.Policy.MaxAccounts = 1
	got := w.Submit(ada, "key-1")
	p := w.Reaches(ada, "in quarantine", severtest.InPhase(workflows.PhaseQuarantine))
	return got, p.Plans[len(p.Plans)-1]
}

func twoOfHers(t *testing.T) (*severtest.World, *memory.System) {
	conn, system := severtest.InMemory(t, hers(), memory.Account{Name: "ada_ro", Password: "x"})
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"), system.Ref("ada_ro"))
	return w, system
}

func TestAQuarantineEndsByAWordWithAReason(t *testing.T) {
	t.Parallel()
	w, system := twoOfHers(t)
	got, p := quarantined(t, w)
	require.Equal(t, 1, p.Guarded)
	require.Empty(t, system.Writes())
	approve := func(by, why string) error {
		return w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: by, Why: why, Hash: p.Hash})
	}
	require.ErrorContains(t, approve("boss", " "), "plan 1 is in quarantine (1 guard): approving it needs a reason")
	require.ErrorContains(t, approve("hr@example.com", "I want it"), "somebody else has to approve it")
	require.ErrorContains(t, w.Say(ada, workflows.UpdateResume, workflows.Decision{By: "boss"}),
		"is not held: plan 1 is in quarantine (1 guard); approve that plan with a reason, deny it, or cancel the case")
	require.Empty(t, system.Writes())

	require.NoError(t, approve("boss", "she had two accounts"))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	var told []string
	for row, err := range w.Parts.Store.Events(w.Ctx, got.Case, 1) {
		require.NoError(t, err)
		switch row.Kind {
		case "plan.made":
			if row.Data["quarantine"] == true {
				told = append(told, row.Object+" is in quarantine")
			}
		case "guard.tripped", "plan.approved":
			told = append(told, row.Actor+": "+row.Words)
		}
	}
	require.Equal(t, []string{"plan 1 is in quarantine", "sever: blast radius: 2 accounts in one case, the limit is 1", "boss: she had two accounts"}, told)
}

func TestAQuarantineEndsByACancel(t *testing.T) {
	t.Parallel()
	w, system := twoOfHers(t)
	quarantined(t, w)
	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "wrong person"}))
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.Empty(t, system.Writes())
}

// A connection that answers late gets a plan of its own. The word for the first plan
// is none for it.
func TestASupplementNeedsItsOwnWord(t *testing.T) {
	t.Parallel()
	up, good := severtest.InMemory(t, hers())
	down, bad := severtest.InMemory(t, hers())
	w := severtest.New(t, up, down)
	w.Policy.Patience = 1500 * time.Millisecond
	w.Owns(ada, good.Ref("ada"), bad.Ref("ada"))
	bad.Down()
	got, p := waitsForApproval(t, w)
	require.Equal(t, []string{up.Name}, p.Connections)
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Hash}))
	require.Eventually(t, func() bool { return len(good.World()) == 0 }, 30*time.Second, 10*time.Millisecond)

	bad.Up()
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
	late := w.Reaches(ada, "the supplement waits", func(p workflows.Progress) bool {
		return p.Plans[len(p.Plans)-1].Supplements > 0 && p.Phase == workflows.PhaseApproval
	})
	s := late.Plans[len(late.Plans)-1]
	require.Equal(t, workflows.PlanState{No: s.No, Hash: s.Hash, Connections: []string{down.Name}, Status: workflows.PlanWaiting, Supplements: 1}, s)
	require.NotEqual(t, p.Hash, s.Hash)
	require.Empty(t, bad.Writes(), "nothing happens on the word for another plan")
	require.ErrorContains(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Hash}), "plan 1 ("+p.Hash[:12]+") is approved")
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: s.Hash}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	var supplements []string
	for row, err := range w.Parts.Store.Events(w.Ctx, got.Case, 1) {
		require.NoError(t, err)
		if row.Data["supplement_to"] == int64(1) {
			supplements = append(supplements, row.Words)
		}
	}
	require.Equal(t, []string{"1 account to end in 6 steps; supplement to plan 1: " + down.Name + " answered late"}, supplements)
}

func TestWhatShrankRunsOnTheWordThatWasGiven(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	got, p := waitsForApproval(t, w)
	system.Clear(system.Ref("ada")) // somebody else took her grants meanwhile
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Hash}))
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
}

func TestWhatIsNewNeedsANewPlan(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	w.Owns(ada, system.Ref("ada"))
	_, p := waitsForApproval(t, w)
	fresh := memory.Can("SELECT", "archive", "table old")
	system.Grant(system.Ref("ada"), fresh)
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Hash}))
	w.Reaches(ada, "the new grant stands in the way", severtest.InPhase(workflows.PhasePeople))
	require.Equal(t, []access.Grant{fresh}, system.World()[0].Account.Grants, "what was approved was done, and nothing else")

	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
	again := w.Reaches(ada, "a new plan waits", severtest.InPhase(workflows.PhaseApproval))
	last := again.Plans[len(again.Plans)-1]
	require.NotEqual(t, p.Hash, last.Hash)
	require.Equal(t, []access.Grant{fresh}, system.World()[0].Account.Grants)
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: last.Hash}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
}
