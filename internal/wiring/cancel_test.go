package wiring_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/workflows"
)

// TestACancelWaitsForWhatIsUnderWay: the system stands still in the middle of a removal,
// and the case is cancelled. What was asked for is waited for, and what it really did is
// given back.
func TestACancelWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for _, on := range stages {
		t.Run(on.name, func(t *testing.T) {
			t.Parallel()
			s := &telling{T: t, stage: on.build(t)}
			s.w = severtest.New(t, s.conn)
			s.w.Policy.RetryEvery, s.w.Policy.MaxPercent, s.w.Policy.MaxHourPercent = time.Hour, 100, 100
			s.w.Owns(ada, refsOf(s.conn.Name, s.hers)...)
			s.before = s.look()
			waits, release := s.hold()
			defer release()
			s.id = s.w.Submit(ada, "key-1", func(x *workflows.Submit) { x.Successors = map[string]string{"": s.blocked.successor} }).Case
			require.Eventually(t, waits, time.Minute, 10*time.Millisecond, "nothing came to be held")
			require.NotEmpty(t, s.underWay())
			require.NoError(t, s.w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "she stays"}))
			s.w.Reaches(ada, "cancelled, and waiting", severtest.InPhase(workflows.PhaseRestoring))
			require.NotEmpty(t, s.underWay())
			require.True(t, waits(), "the answer is still waited for")
			require.NotContains(t, strings.Join(s.w.Tale(s.id), "\n"), audit.RestoreIntent, "nothing is given back before")

			release()
			require.Equal(t, access.CaseCancelled, s.w.Ends(ada).Status)
			s.everyAnswerCameBeforeAnythingWasGivenBack()
			s.differsByNoMoreThanWasAnnounced()
			for _, a := range s.hers {
				if !s.opens(a, a.password) {
					require.True(t, s.lost != nil && s.lost(a) || slices.ContainsFunc(s.handedOver(), func(secret string) bool { return s.opens(a, secret) }), "%s is out", a)
				}
			}
			s.w.Paired(s.id)
		})
	}
}

// underWay are the keys of the steps that have an intent and no result.
func (s *telling) underWay() []string {
	s.Helper()
	var open []string
	for row, err := range s.w.Parts.Store.Events(s.w.Ctx, s.id, 1) {
		require.NoError(s, err)
		switch step := row.Key[:max(strings.LastIndex(row.Key, "/"), 0)]; row.Kind {
		case audit.StepIntent:
			open = append(open, step)
		case audit.StepResult:
			open = slices.DeleteFunc(open, func(o string) bool { return o == step })
		}
	}
	return open
}

// everyAnswerCameBeforeAnythingWasGivenBack finds a real answer to every step that was
// begun, and only then the first that is given back.
func (s *telling) everyAnswerCameBeforeAnythingWasGivenBack() {
	s.Helper()
	open := map[string]bool{}
	given := 0
	for row, err := range s.w.Parts.Store.Events(s.w.Ctx, s.id, 1) {
		require.NoError(s, err)
		step := row.Key[:max(strings.LastIndex(row.Key, "/"), 0)]
		switch row.Kind {
		case audit.StepIntent:
			require.Zero(s, given, "%s is begun after something was given back", step)
			open[step] = true
		case audit.StepResult:
			require.Contains(s, []string{"done", "already", "accepted", "blocked"}, row.Outcome, "the real answer of %s: %s", step, row.Words)
			delete(open, step)
		case audit.StepInterrupted:
			require.Fail(s, "an answer was not waited for", step)
		case audit.RestoreIntent:
			require.Empty(s, open, "%s is given back before the answers", row.Key)
			given++
		}
	}
	require.Positive(s, given)
}

// differsByNoMoreThanWasAnnounced is for a case that was stopped anywhere: not all that
// the plan announced has to be lost.
func (s *telling) differsByNoMoreThanWasAnnounced() {
	s.Helper()
	unexplained := difference(s.before, s.look())
	for _, l := range s.loses {
		unexplained = slices.DeleteFunc(unexplained, regexp.MustCompile(l.line).MatchString)
	}
	require.Empty(s, unexplained)
}
