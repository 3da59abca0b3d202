package wiring_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/workflows"
)

// A case that is planned again and again contains an account once, and says all the time
// that it is contained. Who was let in again meanwhile is contained again, and so is
// everybody when the case comes to need it harder.
func TestAnAccountIsContainedOnce(t *testing.T) {
	t.Parallel()
	w, system, id := halfWay(t, nil, hers(memory.Owns("archive", "table old")))
	ref := system.Ref("ada")
	contained := func() (n int) {
		for _, c := range system.Writes() {
			if c.Op == memory.OpContain {
				n++
			}
		}
		return n
	}
	again := func(update string, d workflows.Decision) {
		before := len(plansOf(w, id))
		require.NoError(t, w.Say(ada, update, d))
		w.Reaches(ada, "tried again", func(p workflows.Progress) bool { return p.Phase == workflows.PhasePeople && len(p.Plans) > before })
		require.True(t, system.World()[0].Account.Contained)
		require.Equal(t, map[string]access.Outcome{"ada": access.Contained}, w.Outcomes(id))
	}
	first := contained()
	require.Positive(t, first)
	again(workflows.UpdateRetry, workflows.Decision{By: "dba"})
	require.Equal(t, first, contained())
	system.Open(ref)
	again(workflows.UpdateRetry, workflows.Decision{By: "dba"})
	second := contained()
	require.Greater(t, second, first, "somebody opened it")
	incident := w.Policy
	incident.Reason, incident.Mode, incident.ContainFirst = access.Incident, access.Kill, true
	again(workflows.UpdateEscalate, workflows.Decision{By: "soc", Policy: incident})
	third := contained()
	require.Greater(t, third, second, "its credential has to die")
	require.False(t, system.Connect(ref, "secret-of-ada"))
	again(workflows.UpdateRetry, workflows.Decision{By: "dba"})
	require.Equal(t, third, contained())
	w.Paired(id)
}
