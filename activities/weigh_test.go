package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
)

// An account that an earlier plan has contained is contained, unless the newest one had to
// do it again and could not.
func TestHowAnAccountStandsThatWasContainedBefore(t *testing.T) {
	t.Parallel()
	step := func(plan int, a access.Action, s store.StepState) store.Step {
		return store.Step{AccountID: 7, PlanNo: plan, Step: access.Step{Action: a, Mode: access.Lock}, State: s, Words: "said"}
	}
	for name, c := range map[string]struct {
		steps []store.Step
		want  access.Outcome
	}{
		"by the plan before":                 {[]store.Step{step(1, access.Contain, store.StepDone), step(2, access.Delete, store.StepBlocked)}, access.Contained},
		"by the plan before, and given back": {[]store.Step{step(1, access.Contain, store.StepUndone), step(2, access.Delete, store.StepBlocked)}, access.Blocked},
		"opened since, and refused":          {[]store.Step{step(1, access.Contain, store.StepDone), step(2, access.Contain, store.StepBlocked)}, access.Blocked},
		"opened since, and contained again":  {[]store.Step{step(1, access.Contain, store.StepDone), step(2, access.Contain, store.StepDone), step(2, access.Delete, store.StepBlocked)}, access.Contained},
		"never":                              {[]store.Step{step(1, access.Delete, store.StepBlocked)}, access.Blocked},
	} {
		got, _ := ended(store.CaseAccount{ID: 7}, c.steps, nil)
		require.Equal(t, c.want, got, name)
	}
}

// The last proof counts, also when the clock of a worker that wrote an earlier one was an
// hour ahead.
func TestTheLastProofCounts(t *testing.T) {
	t.Parallel()
	now := time.Now()
	deleted := []store.Step{{AccountID: 7, PlanNo: 1, Step: access.Step{Action: access.Delete}, State: store.StepDone}}
	for _, c := range []struct {
		first, last bool
		want        access.Outcome
	}{{true, false, access.Blocked}, {false, true, access.Removed}} {
		got, _ := ended(store.CaseAccount{ID: 7}, deleted, []store.Proof{
			{AccountID: 7, Gone: c.first, At: now.Add(time.Hour)}, {AccountID: 7, Gone: c.last, At: now}, {AccountID: 8, Gone: !c.last, At: now},
		})
		require.Equal(t, c.want, got)
	}
}
