package plan_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

func TestLanesCutIntoBatches(t *testing.T) {
	t.Parallel()
	f := facts(t, access.HR, account("ada", onTable, owns, inRole), account("eve", onTable))
	f.Successors = map[string]string{"": "bob"}
	p := plan.Make(f)

	single, laneOf := plan.Lanes(p, f.Policy)
	require.Len(t, single, 1)
	require.Len(t, laneOf, len(p.Steps))
	require.Len(t, single[0].Contain, 2)
	require.Len(t, single[0].Remove, 6, "one batch a step")

	f.Policy.BatchSize = 25
	large, _ := plan.Lanes(p, f.Policy)
	b := func(a access.Action, from, to int) plan.Batch {
		return plan.Batch{Connection: "pg", Action: a, From: from, To: to}
	}
	require.Equal(t, []plan.Lane{{
		Connection: "pg",
		Contain:    []plan.Batch{b(access.Contain, 1, 2)},
		Remove:     []plan.Batch{b(access.Unlink, 3, 3), b(access.Reassign, 4, 4), b(access.Revoke, 5, 6), b(access.Delete, 7, 8)},
		Confirm:    []plan.Batch{b(access.Confirm, 9, 10)},
	}}, large)
}

// Every step is in exactly one batch, whatever the batch size.
func TestLanesLoseNoStep(t *testing.T) {
	t.Parallel()
	f := facts(t, access.HR, account("ada", onTable, owns, inRole), account("eve", onTable), account("joe"))
	p := plan.Make(f)
	for size := range 12 {
		f.Policy.BatchSize = size
		lanes, _ := plan.Lanes(p, f.Policy)
		var seen []int
		for _, l := range lanes {
			for _, list := range [][]plan.Batch{l.Contain, l.Remove, l.Confirm} {
				for _, b := range list {
					for n := b.From; n <= b.To; n++ {
						require.Equal(t, b.Action, p.Steps[n-1].Action)
						seen = append(seen, n)
					}
				}
			}
		}
		require.Len(t, seen, len(p.Steps), "batch size %d", size)
	}
}

// A thousand accounts on a hundred resources are few enough activities for one run of a
// workflow, which ends at about four thousand events, three for each.
func TestManySmallLanesFitIntoOneRun(t *testing.T) {
	t.Parallel()
	policy, err := plan.For(access.HR)
	require.NoError(t, err)
	var p plan.Plan
	for _, action := range []access.Action{access.Contain, access.Revoke, access.Delete, access.Confirm} {
		for i := range 1000 {
			p.Steps = append(p.Steps, access.Step{Ordinal: len(p.Steps) + 1, Action: action,
				Account: access.Ref{Connection: "do", Resource: fmt.Sprintf("cluster %02d", i/10), Name: fmt.Sprintf("person%d", i)}})
		}
	}
	lanes, _ := plan.Lanes(p, policy)
	batches := 0
	for _, l := range lanes {
		batches += len(l.Contain) + len(l.Remove) + len(l.Confirm)
	}
	require.Len(t, lanes, 100)
	require.Equal(t, 400, batches)
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	done := func(a access.Action) plan.Ended { return plan.Ended{Action: a, Done: true} }
	already := func(a access.Action) plan.Ended { return plan.Ended{Action: a, Done: true, Already: true} }
	refused := plan.Ended{Action: access.Reassign, Words: "owns table t"}
	gaps := []access.Gap{{Object: "database archive", Why: "not accepting connections"}}
	for name, c := range map[string]struct {
		gone, existed bool
		gaps          []access.Gap
		steps         []plan.Ended
		want          access.Outcome
		why           string
	}{
		"proven gone":                 {true, true, nil, []plan.Ended{done(access.Contain), done(access.Delete)}, access.Removed, "the system was asked again and nothing of it is left"},
		"was never there":             {true, false, nil, nil, access.AlreadyGone, "it was gone before we came"},
		"somebody else was faster":    {true, true, nil, []plan.Ended{already(access.Contain), already(access.Delete)}, access.AlreadyGone, "it was gone before we came"},
		"deleted, but not proven":     {false, true, nil, []plan.Ended{done(access.Contain), done(access.Delete)}, access.Contained, ""},
		"contained, removal refused":  {false, true, nil, []plan.Ended{done(access.Contain), refused}, access.Contained, "reassign: owns table t"},
		"not even contained":          {false, true, nil, []plan.Ended{{Action: access.Contain, Words: "permission denied"}}, access.Blocked, "contain: permission denied"},
		"contained, not all readable": {false, true, gaps, []plan.Ended{done(access.Contain)}, access.Contained, "could not be read whole: database archive: not accepting connections"},
		"nothing could be read":       {false, true, gaps, nil, access.Unknown, "could not be read whole: database archive: not accepting connections"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, why := plan.Outcome(c.gone, c.existed, c.gaps, c.steps)
			require.Equal(t, c.want, o)
			require.Equal(t, c.why, why)
		})
	}
}

func TestFinalNeverEndsAroundAnOpenAccount(t *testing.T) {
	t.Parallel()
	for _, o := range []access.Outcome{"", access.Contained, access.Blocked, access.Unknown, access.Protected, access.Unsupported} {
		_, ok := plan.Final([]access.Outcome{access.Removed, o}, 0)
		require.False(t, ok, "outcome %q", o)
	}
	for name, c := range map[string]struct {
		outcomes []access.Outcome
		waived   int
		want     access.CaseStatus
	}{
		"all gone":            {[]access.Outcome{access.Removed, access.AlreadyGone}, 0, access.CaseClean},
		"one waived":          {[]access.Outcome{access.Removed, access.Waived}, 0, access.CaseExceptions},
		"a waived connection": {[]access.Outcome{access.Removed}, 1, access.CaseExceptions},
	} {
		got, ok := plan.Final(c.outcomes, c.waived)
		require.True(t, ok, name)
		require.Equal(t, c.want, got, name)
	}
}

func TestPolicyOfASweep(t *testing.T) {
	t.Parallel()
	p, err := plan.For(access.Sweep)
	require.NoError(t, err)
	require.Equal(t, []any{plan.ApproveAlways, access.Lock, 5, false}, []any{p.Approval, p.Mode, p.Priority, p.ContainFirst})
	require.Positive(t, p.Grace, "a mark comes before the removal")
	for _, other := range []access.Reason{access.HR, access.Incident} {
		require.True(t, plan.MoreUrgent(other, access.Sweep))
	}
}

func TestPolicyOfAnUnknownReason(t *testing.T) {
	t.Parallel()
	_, err := plan.For("boredom")
	require.EqualError(t, err, `reason "boredom": choose hr or incident`)
	hr, err := plan.For(access.HR)
	require.NoError(t, err)
	require.Equal(t, 1, hr.Batch(100, 500))
	require.Equal(t, 25, hr.Batch(101, 101))
	require.Equal(t, 25, hr.Batch(3, 501))
}
