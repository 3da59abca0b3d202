package plan_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// FuzzPlans holds the reader of plans, which come back from the records: what was hashed
// reads as it was written, every step is in one lane and one batch, and a plan stays
// within itself.
func FuzzPlans(f *testing.F) {
	full := facts(f, access.HR, account("ada"), account("bob"))
	full.Policy.Approval = plan.ApproveAlways
	f.Add(plan.Make(full).Canonical(), 1)
	f.Add(plan.Make(facts(f, access.Incident, account("ada"))).Canonical(), 25)
	for _, text := range []string{`{}`, `null`, `{"steps":[{"ordinal":-1},{"ordinal":9223372036854775807},{}],"guards":[""]}`,
		`{"case":"\ud800","steps":[{"action":"contain","account":{"connection":"a"}}]}`, `{"accounts":[{"act":true}],"supplement":{"to":1,"late":[]}}`} {
		f.Add([]byte(text), 0)
	}
	f.Fuzz(func(t *testing.T, text []byte, batch int) {
		var p plan.Plan
		if json.Unmarshal(text, &p) != nil {
			return
		}
		var again plan.Plan
		require.NoError(t, json.Unmarshal(p.Canonical(), &again))
		require.Equal(t, string(p.Canonical()), string(again.Canonical()))
		require.Equal(t, p.Hash(), again.Hash())
		require.True(t, p.Within(again), "nothing is new in it")
		policy := plan.Policy{BatchSize: batch}
		require.Equal(t, p.Mutates(), p.NeedsWord(policy), "an unknown rule asks for everything that changes")

		lanes, laneOf := plan.Lanes(p, policy)
		require.Len(t, laneOf, len(p.Steps))
		of := map[int]map[int]int{} // how often a lane has an ordinal
		batches := 0
		for i, l := range lanes {
			of[i] = map[int]int{}
			for _, b := range append(append(append([]plan.Batch{}, l.Contain...), l.Remove...), l.Confirm...) {
				require.Equal(t, l.Connection, b.Connection)
				require.LessOrEqual(t, b.From, b.To)
				batches++
				for n := range b.To - b.From + 1 {
					of[i][b.From+n]++
				}
			}
		}
		require.LessOrEqual(t, batches, len(p.Steps))
		for i, s := range p.Steps {
			require.Positive(t, of[laneOf[i]][s.Ordinal])
			of[laneOf[i]][s.Ordinal]--
		}
		for i := range lanes {
			for n, left := range of[i] {
				require.Zero(t, left, "lane %d has step %d, and the plan has not", i, n)
			}
		}
	})
}
