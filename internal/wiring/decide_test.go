package wiring_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/workflows"
)

// waitsForApproval is a case whose plan waits for a person.
func waitsForApproval(t *testing.T, w *severtest.World, change ...func(*workflows.Submit)) (workflows.Submitted, workflows.PlanState) {
	t.Helper()
	w.Policy.Approval = plan.ApproveAlways
	got := w.Submit(ada, "key-1", change...)
	p := w.Reaches(ada, "waiting for approval", severtest.InPhase(workflows.PhaseApproval))
	return got, p.Plans[len(p.Plans)-1]
}

func TestNothingHappensBeforeSomebodyElseApprovesTheHash(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	got, p := waitsForApproval(t, w)
	require.Empty(t, system.Writes())
	for words, d := range map[string]workflows.Decision{
		"somebody else has to approve it": {By: "HR@example.com ", Hash: p.Hash},
		`has the hash "feed"`:             {By: "boss", Hash: "feed"},
		"needs the name":                  {By: " ", Hash: p.Hash},
	} {
		require.ErrorContains(t, w.Say(ada, workflows.UpdateApprove, d), words)
	}
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Hash}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	saved, err := w.Parts.Store.Plan(w.Ctx, got.Case, 1)
	require.NoError(t, err)
	require.Equal(t, "boss", saved.DecidedBy)
}

func TestADeniedPlanTouchesNothing(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	_, p := waitsForApproval(t, w)
	require.NoError(t, w.Say(ada, workflows.UpdateDeny, workflows.Decision{By: "boss", Why: "wrong person", Hash: p.Hash}))
	w.Reaches(ada, "denied", severtest.InPhase(workflows.PhasePeople))
	require.ErrorContains(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Hash}), "is denied")
	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "boss", Why: "wrong person"}))
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.Empty(t, system.Writes())
}

func TestAnIncidentEscalatesAWaitingCase(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	first, _ := waitsForApproval(t, w)
	incident, err := plan.For(access.Incident)
	require.NoError(t, err)
	incident.Approval, incident.SecondLook = plan.ApproveAlways, w.Policy.SecondLook
	second := w.Submit(ada, "soc-1", func(s *workflows.Submit) { s.Policy, s.Requester = incident, "soc@example.com" })
	require.Equal(t, workflows.Submitted{Case: first.Case, Joined: true, Escalated: true}, second)

	p := w.Reaches(ada, "contained, removal waits", func(p workflows.Progress) bool {
		return p.Phase == workflows.PhaseApproval && p.Reason == access.Incident && system.World()[0].Account.Contained
	})
	require.False(t, system.Connect(system.Ref("ada"), "secret-of-ada"))
	require.Len(t, system.World()[0].Account.Grants, 3, "nothing is removed before the word")
	last := p.Plans[len(p.Plans)-1]
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "ciso", Hash: last.Hash}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	w.Paired(first.Case)
}

func TestACancelGivesBackExactlyWhatWasTaken(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers(memory.Owns("archive", "table old")))
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	w.Owns(ada, system.Ref("ada"))
	before := system.World()[0].Account
	got := w.Submit(ada, "key-1") // no successor: stops half-way
	w.Reaches(ada, "half-way", severtest.InPhase(workflows.PhasePeople))
	require.NotEqual(t, before, system.World()[0].Account)

	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "she stays"}))
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.Equal(t, before, system.World()[0].Account)
	require.True(t, system.Connect(system.Ref("ada"), "secret-of-ada"), "her own password works again")
	require.Equal(t, map[string]access.Outcome{"ada": access.Reinstated}, w.Outcomes(got.Case))
	w.Paired(got.Case)
	_, err := os.Stat(w.Secrets)
	require.ErrorIs(t, err, os.ErrNotExist, "no new credential was needed")
}

func TestACancelAfterTheDeletionMakesANewCredential(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.SecondLook = time.Hour
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "proven", severtest.InPhase(workflows.PhaseSecondLook))
	require.Empty(t, system.World())
	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "wrong person"}))
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)

	secret := delivered(t, w.Secrets)
	require.True(t, system.Connect(system.Ref("ada"), secret))
	require.False(t, system.Connect(system.Ref("ada"), "secret-of-ada"))
	require.NotContains(t, strings.Join(w.Tale(got.Case), " "), secret)
	w.Paired(got.Case)
}

func TestAHoldStopsRemovingAndNotContaining(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	_, p := waitsForApproval(t, w)
	require.NoError(t, w.Say(ada, workflows.UpdateHold, workflows.Decision{By: "legal", Why: "litigation"}))
	said, ok := errors.AsType[*temporal.ApplicationError](w.Say(ada, workflows.UpdateHold, workflows.Decision{By: "legal"}))
	require.True(t, ok)
	require.Equal(t, []string{workflows.HeldAlready, "the case is held already"}, []string{said.Type(), said.Message()})
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Hash}))
	w.Reaches(ada, "held", severtest.InPhase(workflows.PhaseHeld))
	require.Eventually(t, func() bool { return system.World()[0].Account.Contained }, 20*time.Second, 5*time.Millisecond)
	require.Len(t, system.World()[0].Account.Grants, 3)
	require.NoError(t, w.Say(ada, workflows.UpdateResume, workflows.Decision{By: "legal"}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
}

func TestTheEffectiveDateIsWaitedFor(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	at := time.Now().Add(3 * time.Second)
	w.Submit(ada, "key-1", func(s *workflows.Submit) { s.EffectiveAt = at })
	w.Reaches(ada, "waiting for the date", severtest.InPhase(workflows.PhaseDate))
	require.Empty(t, system.Writes())
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.True(t, time.Now().After(at))
}

func TestAnAccountMadeAgainNeedsANewWord(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	_, p := waitsForApproval(t, w)
	old := system.Ref("ada")
	system.Drop(old)
	system.Add(hers())
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Hash: p.Hash}))
	again := w.Reaches(ada, "a new plan waits", func(q workflows.Progress) bool {
		return len(q.Plans) > len(p.Connections) && q.Plans[len(q.Plans)-1].Status == workflows.PlanWaiting
	})
	require.Equal(t, system.Ref("ada"), system.World()[0].Account.Ref)
	require.False(t, system.World()[0].Account.Contained, "the new account is not the planned one")
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Why: "it is hers", Hash: again.Plans[len(again.Plans)-1].Hash}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.World())
}

func TestAWaivedConnectionStaysWaivedWhileItIsAsked(t *testing.T) {
	t.Parallel()
	up, good := severtest.InMemory(t, hers())
	down, bad := severtest.InMemory(t, hers())
	w := severtest.New(t, up, down)
	w.Policy.Patience, w.Policy.RetryEvery = time.Second, time.Hour
	w.Owns(ada, good.Ref("ada"), bad.Ref("ada"))
	bad.Down()
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "parked", func(p workflows.Progress) bool { return p.Phase == workflows.PhasePeople })
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
	require.NoError(t, w.Say(ada, workflows.UpdateWaive, workflows.Decision{By: "cto", Why: "scrapped", Connection: down.Name}))
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseExceptions}, w.Ends(ada))
	require.Len(t, bad.World(), 1)
}

// delivered is the one secret in the folder of new credentials.
func delivered(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	secret, err := os.ReadFile(dir + "/" + files[0].Name())
	require.NoError(t, err)
	return strings.TrimSpace(string(secret))
}
