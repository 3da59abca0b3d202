package wiring_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// gone is a case that ended clean, and the account as it was before.
func gone(t *testing.T) (*severtest.World, *memory.System, string, access.Account) {
	t.Helper()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	before := system.World()[0].Account
	got := w.Submit(ada, "key-1")
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.World())
	return w, system, got.Case, before
}

// approveReinstatement is the word of somebody else.
func approveReinstatement(w *severtest.World, r workflows.Reinstating) {
	w.T.Helper()
	require.NoError(w.T, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: r.Hash}))
}

func TestAClosedCaseIsGivenBackWithApproval(t *testing.T) {
	t.Parallel()
	w, system, caseID, before := gone(t)
	r, err := w.Reinstate(caseID, ada, "hr@example.com")
	require.NoError(t, err)
	require.Positive(t, r.Steps)
	require.Positive(t, r.Lost, "that her password is gone was announced")
	require.Empty(t, system.World(), "nothing happens before somebody else says so")

	again, err := w.Reinstate(caseID, ada, "hr@example.com")
	require.NoError(t, err)
	require.True(t, again.Joined)
	require.Equal(t, r.Hash, again.Hash)
	for words, d := range map[string]workflows.Decision{
		"somebody else has to approve it": {By: " HR@example.com", Hash: r.Hash},
		`has the hash "feed"`:             {By: "boss", Hash: "feed"},
		"needs the name":                  {Hash: r.Hash},
	} {
		require.ErrorContains(t, w.Say(ada, workflows.UpdateApprove, d), words)
	}
	approveReinstatement(w, r)
	require.Equal(t, workflows.Result{Case: caseID, Status: access.CaseReinstated}, w.Ends(ada))

	now := system.World()[0].Account
	require.NotEqual(t, before.ForeignID, now.ForeignID)
	now.ForeignID = before.ForeignID
	require.Equal(t, before, now, "everything but the id")
	files, err := filepath.Glob(filepath.Join(w.Secrets, "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	secret, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.True(t, system.Connect(system.Ref("ada"), strings.TrimSpace(string(secret))))
	require.False(t, system.Connect(system.Ref("ada"), "secret-of-ada"))

	tale := w.Tale(caseID)
	require.Contains(t, tale, audit.DecisionReinstate)
	require.Equal(t, audit.CaseClosed+" "+string(access.CaseReinstated), tale[len(tale)-1])
	require.Equal(t, map[string]access.Outcome{"ada": access.Reinstated}, w.Outcomes(caseID))
	w.Paired(caseID)

	_, err = w.Reinstate(caseID, ada, "hr@example.com")
	require.ErrorContains(t, err, "there is nothing to give back")
}

func TestADeniedReinstatementGivesNothingBack(t *testing.T) {
	t.Parallel()
	w, system, caseID, _ := gone(t)
	r, err := w.Reinstate(caseID, ada, "hr@example.com")
	require.NoError(t, err)
	require.NoError(t, w.Say(ada, workflows.UpdateDeny, workflows.Decision{By: "boss", Why: "no", Hash: r.Hash}))
	require.Equal(t, workflows.Result{Case: caseID}, w.Ends(ada))
	require.Empty(t, system.World())
	c, err := w.Parts.Store.Case(w.Ctx, caseID)
	require.NoError(t, err)
	require.Equal(t, access.CaseClean, c.Status)
	require.Equal(t, string(workflows.PhaseClosed), c.Phase)
	p, err := w.Parts.Store.Plan(w.Ctx, caseID, r.Plan)
	require.NoError(t, err)
	require.Equal(t, store.PlanDenied, p.Status)
}

func TestAnOffboardingOutranksAReinstatement(t *testing.T) {
	t.Parallel()
	w, system, caseID, _ := gone(t)
	r, err := w.Reinstate(caseID, ada, "hr@example.com")
	require.NoError(t, err)
	err = w.Try(ada, "soc-1")
	require.ErrorContains(t, err, "is withdrawn; ask again")
	require.Equal(t, workflows.Result{Case: caseID}, w.Ends(ada))
	require.ErrorContains(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: r.Hash}), "completed")
	require.Contains(t, w.Tale(caseID), audit.DecisionWithdraw)

	second := w.Submit(ada, "soc-1+")
	require.NotEqual(t, caseID, second.Case)
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.World())
}

// A system that is down keeps nobody from being offboarded again.
func TestAnOffboardingEndsAReinstatementThatWaitsForASystem(t *testing.T) {
	t.Parallel()
	w, system, caseID, _ := gone(t)
	r, err := w.Reinstate(caseID, ada, "hr@example.com")
	require.NoError(t, err)
	system.Down()
	approveReinstatement(w, r)
	w.Reaches(ada, "restoring", severtest.InPhase(workflows.PhaseRestoring))
	require.ErrorContains(t, w.Try(ada, "soc-1"), "is withdrawn; ask again")
	require.Equal(t, workflows.Result{Case: caseID, Status: access.CaseReinstated}, w.Ends(ada), "something may have been given back")
	system.Up()
	w.Submit(ada, "soc-1+")
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.World())
	w.Paired(caseID)
}

// An open case that has lost its workflow is open all the same.
func TestNothingIsGivenBackWhileAnotherCaseIsOpen(t *testing.T) {
	t.Parallel()
	w, system, caseID, _ := gone(t)
	system.Add(memory.Account{Name: "ada_ro"})
	w.Owns(ada, system.Ref("ada_ro"))
	w.Policy.Approval = plan.ApproveAlways
	second := w.Submit(ada, "key-2")
	w.Reaches(ada, "waiting", severtest.InPhase(workflows.PhaseApproval))
	w.Terminate(ada)
	_, err := w.Reinstate(caseID, ada, "hr@example.com")
	require.ErrorContains(t, err, "case "+second.Case+" of the same principal is open")
	require.Eventually(t, func() bool { return w.Reconcile().TakenUp == 1 }, 20*time.Second, 50*time.Millisecond)
	require.NotContains(t, w.Tale(caseID), audit.DecisionReinstate)
}

func TestAnOpenCaseIsCancelledAndNotReinstated(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.SecondLook = time.Hour
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "proven", severtest.InPhase(workflows.PhaseSecondLook))
	_, err := w.Reinstate(got.Case, ada, "hr@example.com")
	require.ErrorContains(t, err, "sever cancel "+got.Case+" gives back what it took")
}

func TestASilentSystemKeepsNoOtherFromBeingGivenBack(t *testing.T) {
	t.Parallel()
	up, good := severtest.InMemory(t, hers())
	down, bad := severtest.InMemory(t, hers())
	w := severtest.New(t, up, down)
	w.Policy.RetryEvery = 300 * time.Millisecond
	w.Owns(ada, good.Ref("ada"), bad.Ref("ada"))
	got := w.Submit(ada, "key-1")
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	bad.Down()
	r, err := w.Reinstate(got.Case, ada, "hr@example.com")
	require.NoError(t, err)
	approveReinstatement(w, r)
	require.Eventually(t, func() bool { return len(good.World()) == 1 && !good.World()[0].Account.Contained }, 30*time.Second, 10*time.Millisecond)
	bad.Up()
	require.Equal(t, access.CaseReinstated, w.Ends(ada).Status)
	require.Len(t, bad.World(), 1)
	w.Paired(got.Case)
}
