package plan

import "github.com/severhq/sever/internal/access"

// Batch is a run of consecutive steps of one action in one lane: what one activity
// takes. It names steps by ordinal, so that no account name enters a history.
type Batch struct {
	Connection string        `json:"connection"`
	Action     access.Action `json:"action"`
	From       int           `json:"from"` // first ordinal
	To         int           `json:"to"`   // last ordinal, included
}

// Lane is all that a plan does on one resource after containing: its batches run
// one after the other, lanes run side by side.
type Lane struct {
	Connection string  `json:"connection"`
	Contain    []Batch `json:"contain,omitempty"`
	Remove     []Batch `json:"remove,omitempty"`
	Confirm    []Batch `json:"confirm,omitempty"`
}

// Lanes cuts a plan into lanes and their work into batches. LaneOf gives the lane
// of each step, in the order of the steps.
func Lanes(p Plan, policy Policy) (lanes []Lane, laneOf []int) {
	type key struct{ connection, resource string }
	index := map[key]int{}
	size := map[key]int{}
	for _, s := range p.Steps {
		size[key{s.Account.Connection, s.Account.Resource}]++
	}
	for _, s := range p.Steps {
		k := key{s.Account.Connection, s.Account.Resource}
		i, ok := index[k]
		if !ok {
			i = len(lanes)
			index[k] = i
			lanes = append(lanes, Lane{Connection: s.Account.Connection})
		}
		laneOf = append(laneOf, i)
		list := &lanes[i].Remove
		switch s.Action {
		case access.Contain:
			list = &lanes[i].Contain
		case access.Confirm:
			list = &lanes[i].Confirm
		}
		*list = extend(*list, s, policy.Batch(size[k], len(p.Steps)))
	}
	return lanes, laneOf
}

// extend puts a step into the last batch where it fits, or into a new one.
func extend(batches []Batch, s access.Step, limit int) []Batch {
	if n := len(batches); n > 0 {
		last := &batches[n-1]
		if last.Action == s.Action && last.To == s.Ordinal-1 && s.Ordinal-last.From < limit {
			last.To = s.Ordinal
			return batches
		}
	}
	return append(batches, Batch{s.Account.Connection, s.Action, s.Ordinal, s.Ordinal})
}
