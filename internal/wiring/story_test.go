package wiring_test

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// TestTheStory tells one story on every system that can give something back. What is
// true is read from the systems themselves, by an observer that knows nothing of Sever.
func TestTheStory(t *testing.T) {
	t.Parallel()
	for _, on := range stages {
		t.Run(on.name, func(t *testing.T) {
			t.Parallel()
			s := begin(t, on.build(t))

			s.theWrongPersonIsSubmitted()
			s.thePlanShowsWhomItWouldHit()
			s.soItIsDeniedAndNothingHappened()
			s.theTrailReadsLikeAStory("denied.txt")

			s.theRightPersonIsSubmitted()
			s.thePlanIsApprovedByItsHash()
			s.sheIsContainedAndOneAccountIsBlocked()
			s.theCaseIsCancelledHalfWay()
			s.everythingThatCanBeGivenBackIsGivenBackExactly()
			s.theTrailReadsLikeAStory("cancelled.txt")

			s.sheIsSubmittedAgain()
			s.thePlanIsApprovedByItsHash()
			s.sheIsContainedAndOneAccountIsBlocked()
			s.theBlockedOneIsHandedOver()
			s.theCaseIsCleanAndNothingElseWasTouched()

			s.aDayLaterSheIsReinstatedWithApproval()
			s.herNewCredentialWorksAndTheOldOneDoesNot()
			s.theTrailReadsLikeAStory("reinstated.txt")

			s.theTrailOfEveryCaseVerifies()
		})
	}
}

const bob = access.PrincipalID("E2001") // the wrong person

// telling is the story on one system.
type telling struct {
	*testing.T
	*stage
	w      *severtest.World
	before []string // what the observer saw at first, or just now
	whole  []string // what the observer saw when she was submitted last
	id     string   // of the present case
	plan   workflows.PlanState
	cases  []string
}

func begin(t *testing.T, on *stage) *telling {
	t.Helper()
	s := &telling{T: t, stage: on, w: severtest.New(t, on.conn)}
	s.w.Policy.Approval, s.w.Policy.RetryEvery, s.w.Policy.BatchSize = plan.ApproveAlways, time.Hour, 5
	s.w.Policy.MaxPercent, s.w.Policy.MaxHourPercent = 100, 100 // guards are another story
	s.w.Owns(ada, refsOf(on.conn.Name, on.hers)...)
	s.w.Owns(bob, refsOf(on.conn.Name, []login{on.his})...)
	s.before = on.look()
	for _, a := range on.hers {
		require.True(t, on.opens(a, a.password), "%s at first", a)
	}
	return s
}

func refsOf(connection string, logins []login) []access.Ref {
	var out []access.Ref
	for _, l := range logins {
		ref := access.Ref{Connection: connection, Name: l.name, Host: l.host}
		if !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return out
}

func (s *telling) theWrongPersonIsSubmitted() { s.submit(bob, "wrong") }

func (s *telling) thePlanShowsWhomItWouldHit() {
	p := s.planned()
	require.NotEmpty(s, p.Accounts)
	for _, v := range p.Accounts {
		require.Equal(s, s.his.name, v.Account.Name)
	}
}

func (s *telling) soItIsDeniedAndNothingHappened() {
	require.NoError(s, s.w.Say(bob, workflows.UpdateDeny, workflows.Decision{By: "boss@example.com", Why: "this is Bob, and it is Ada who leaves", Hash: s.plan.Hash}))
	s.w.Reaches(bob, "denied", severtest.InPhase(workflows.PhasePeople))
	require.NoError(s, s.w.Say(bob, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "the wrong person"}))
	require.Equal(s, access.CaseCancelled, s.w.Ends(bob).Status)
	require.Empty(s, difference(s.before, s.look()))
	require.True(s, s.opens(s.his, s.his.password))
	require.NotContains(s, s.w.Tale(s.id), "step.intent contain")
}

func (s *telling) theRightPersonIsSubmitted() { s.submit(ada, "right") }
func (s *telling) sheIsSubmittedAgain()       { s.submit(ada, "again") }

// submit asks for an offboarding and waits for the plan.
func (s *telling) submit(who access.PrincipalID, key string) {
	s.Helper()
	s.whole = s.look()
	s.id = s.w.Submit(who, key).Case
	s.cases = append(s.cases, s.id)
	p := s.w.Reaches(who, "waiting for approval", severtest.InPhase(workflows.PhaseApproval))
	s.plan = p.Plans[len(p.Plans)-1]
}

// planned is the plan as it was saved.
func (s *telling) planned() plan.Plan {
	s.Helper()
	saved, err := s.w.Parts.Store.Plan(s.w.Ctx, s.id, s.plan.No)
	require.NoError(s, err)
	return readPlan(s.T, saved)
}

func (s *telling) thePlanIsApprovedByItsHash() {
	require.ErrorContains(s, s.w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "hr@example.com", Hash: s.plan.Hash}), "somebody else has to approve it")
	require.NoError(s, s.w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss@example.com", Why: "she leaves on Friday", Hash: s.plan.Hash}))
}

func (s *telling) sheIsContainedAndOneAccountIsBlocked() {
	s.w.Reaches(ada, "waiting for people", severtest.InPhase(workflows.PhasePeople))
	var open []string
	for _, a := range s.accounts() {
		if !a.Outcome.Settled() {
			open = append(open, a.Name+" on "+a.Resource)
			require.Equal(s, s.blocked.outcome, a.Outcome)
			require.Contains(s, a.Why, s.blocked.why)
		}
	}
	require.Len(s, open, 1, "%v", open)
	require.Contains(s, open[0], s.blocked.login.name)
	for _, a := range s.hers {
		if a != s.blocked.login || !s.blocked.open {
			require.False(s, s.opens(a, a.password), "%s is contained", a)
		}
	}
	tasks := left(s.w, s.id)
	require.Len(s, tasks, 1)
}

func (s *telling) theCaseIsCancelledHalfWay() {
	require.NotEmpty(s, difference(s.before, s.look()))
	require.NoError(s, s.w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "she stays"}))
	require.Equal(s, access.CaseCancelled, s.w.Ends(ada).Status)
}

func (s *telling) everythingThatCanBeGivenBackIsGivenBackExactly() {
	s.differsOnlyByWhatWasAnnounced()
	fresh := s.handedOver()
	for _, a := range s.hers {
		if s.keeps(a) {
			require.True(s, s.opens(a, a.password), "%s has her own password again", a)
			continue
		}
		require.False(s, s.opens(a, a.password), "%s: the old one", a)
		if s.lost != nil && s.lost(a) {
			continue
		}
		i := slices.IndexFunc(fresh, func(secret string) bool { return s.opens(a, secret) })
		require.GreaterOrEqual(s, i, 0, "%s: the new one", a)
		fresh = slices.Delete(fresh, i, i+1)
	}
	require.Empty(s, fresh, "secrets that open nothing")
	lacking := 0
	for _, a := range s.accounts() {
		if s.lost != nil && s.lost(login{name: a.Name}) {
			require.Equal(s, access.Removed, a.Outcome, "%s: %s", a.Ref, a.Why)
		} else {
			require.Equal(s, access.Reinstated, a.Outcome, "%s: %s", a.Ref, a.Why)
		}
		if a.Why != "everything that the case took was given back" {
			lacking++
		}
	}
	require.Len(s, left(s.w, s.id), lacking, "a task for each account that lacks something")
}

// differsOnlyByWhatWasAnnounced compares the catalog before and after. Every difference
// has a line in the table of the system, and every line of that table was announced by
// the plan, and is a difference.
func (s *telling) differsOnlyByWhatWasAnnounced() {
	s.Helper()
	announced := s.announced()
	unexplained := difference(s.before, s.look())
	for _, l := range s.loses {
		require.True(s, slices.ContainsFunc(keys(announced), func(words string) bool { return strings.Contains(words, l.announced) }),
			"the plan does not announce %q but only %v", l.announced, keys(announced))
		n := len(unexplained)
		fits := regexp.MustCompile(l.line)
		unexplained = slices.DeleteFunc(unexplained, fits.MatchString)
		require.Less(s, len(unexplained), n, "nothing was lost of %q", l.announced)
	}
	require.Empty(s, unexplained, "differences that the plan did not announce")
}

// announced is what the present plan says that nobody can give back.
func (s *telling) announced() map[string]bool {
	out := map[string]bool{}
	for _, step := range s.planned().Steps {
		out[step.Irreversible] = true
	}
	return out
}

// aDayLaterSheIsReinstatedWithApproval: however long the case is closed, what it took
// comes back from the records alone.
func (s *telling) aDayLaterSheIsReinstatedWithApproval() {
	r, err := s.w.Reinstate(s.id, ada, "hr@example.com")
	require.NoError(s, err)
	s.plan = workflows.PlanState{No: r.Plan, Hash: r.Hash}
	gone := s.look()
	require.NoError(s, s.w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss@example.com", Why: "welcome back", Hash: s.plan.Hash}))
	require.Equal(s, access.CaseReinstated, s.w.Ends(ada).Status)
	require.NotEqual(s, gone, s.look())

	announced := strings.Join(keys(s.announced()), "\n")
	unexplained := difference(s.whole, s.look())
	for _, l := range s.loses {
		what, _, _ := strings.Cut(l.announced, "; a cancel") // which is over
		if strings.Contains(announced, what) {
			unexplained = slices.DeleteFunc(unexplained, regexp.MustCompile(l.line).MatchString)
		}
	}
	if s.blocked.price != "" { // what the person changed who cleared the way stays changed
		unexplained = slices.DeleteFunc(unexplained, regexp.MustCompile(s.blocked.price).MatchString)
	}
	require.Empty(s, unexplained, "differences that the plan did not announce, which says: %s", announced)
}

func (s *telling) herNewCredentialWorksAndTheOldOneDoesNot() {
	fresh := s.handedOver()
	for _, a := range s.hers {
		require.False(s, s.opens(a, a.password), "%s: the old one", a)
		if s.lost == nil || !s.lost(a) {
			i := slices.IndexFunc(fresh, func(secret string) bool { return s.opens(a, secret) })
			require.GreaterOrEqual(s, i, 0, "%s: the new one", a)
			fresh = slices.Delete(fresh, i, i+1)
		}
	}
	require.Empty(s, fresh, "secrets that open nothing")
	require.True(s, s.opens(s.his, s.his.password), "Bob works on")
}

// handedOver are the new credentials of the present case.
func (s *telling) handedOver() []string {
	s.Helper()
	files, err := filepath.Glob(filepath.Join(s.w.Secrets, s.id+".*"))
	require.NoError(s, err)
	var out []string
	for _, f := range files {
		secret, err := os.ReadFile(f)
		require.NoError(s, err)
		out = append(out, strings.TrimSpace(string(secret)))
	}
	return out
}

func (s *telling) theBlockedOneIsHandedOver() {
	s.before = s.look()
	s.blocked.clear(s.w)
	retry := workflows.Decision{By: "dba@example.com", Why: "somebody takes over"}
	if s.blocked.successor != "" {
		retry.Successors = map[string]string{s.conn.Name: s.blocked.successor}
	}
	require.NoError(s, s.w.Say(ada, workflows.UpdateRetry, retry))
	// What is not in the approved plan needs a new word; the rest goes on by itself.
	last := s.plan.No
	p := s.w.Reaches(ada, "gone on, or waiting for a new word", func(p workflows.Progress) bool {
		return p.Status != access.CaseOpen || p.Phase == workflows.PhaseApproval && p.Plans[len(p.Plans)-1].No > last
	})
	require.Equal(s, s.blocked.newWord, p.Status == access.CaseOpen, "a new word was needed")
	if s.blocked.newWord {
		s.plan = p.Plans[len(p.Plans)-1]
		s.thePlanIsApprovedByItsHash()
	}
}

func (s *telling) theCaseIsCleanAndNothingElseWasTouched() {
	require.Equal(s, access.CaseClean, s.w.Ends(ada).Status)
	for _, a := range s.accounts() {
		require.Contains(s, []access.Outcome{access.Removed, access.AlreadyGone}, a.Outcome)
	}
	require.Empty(s, left(s.w, s.id))
	now := s.look()
	for _, a := range s.hers {
		require.False(s, s.opens(a, a.password), "%s", a)
	}
	mentions := regexp.MustCompile(`\b` + strings.Join(namesOf(s.hers), `\b|\b`) + `\b`)
	for _, line := range now {
		require.False(s, mentions.MatchString(line), "left of her: %s", line)
	}
	others := slices.DeleteFunc(slices.Clone(s.before), func(line string) bool {
		return mentions.MatchString(line) || s.blocked.price != "" && regexp.MustCompile(s.blocked.price).MatchString(line)
	})
	require.Empty(s, missingFrom(now, others), "other people's")
	require.True(s, s.opens(s.his, s.his.password), "Bob works on")
}

func (s *telling) theTrailOfEveryCaseVerifies() {
	for _, id := range s.cases {
		require.Empty(s, audit.VerifyChain(id, s.w.Parts.Store.Events(s.w.Ctx, id, 1), nil))
		s.w.Paired(id)
	}
	outside, err := audit.ReadCheckpoints(s.w.Parts.Notary.File)
	require.NoError(s, err)
	report, err := s.w.Parts.Store.VerifyAudit(s.w.Ctx, []ed25519.PublicKey{s.w.Parts.Notary.Key.Public().(ed25519.PublicKey)}, outside)
	require.NoError(s, err)
	require.Empty(s, report.Findings)
	require.GreaterOrEqual(s, report.Checkpoints, len(s.cases), "each end was signed")
	require.Zero(s, report.Uncovered)
}

func (s *telling) accounts() []store.CaseAccount {
	s.Helper()
	all, err := s.w.Parts.Store.AccountsOf(s.w.Ctx, s.id, nil)
	require.NoError(s, err)
	return all
}
