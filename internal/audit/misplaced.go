package audit

import (
	"fmt"
	"slices"
)

// reach is how far from its place a row is looked for. Rows that changed places
// with each other are found at any distance.
const reach = 64

// effort bounds how many places are tried in all: a chain that somebody filled with
// rows that fit nowhere must not keep its reader busy for hours. Rows beyond it are
// found changed.
const effort = 1 << 18

// moved is a row whose content fits another place of its chain.
type moved struct {
	Row
	from int64
}

func (m moved) by() int64 { return m.Seq - m.from }

// misplaced sorts the rows that do not fit their hash into those that were changed
// and those that were only given another number.
func (v *walk) misplaced() {
	var all []moved
	for _, row := range v.misfits {
		if from, ok := v.origin(row); ok {
			v.shift = from - row.Seq
			all = append(all, moved{row, from})
			continue
		}
		v.add(row.Seq, row.Key, Changed, "the row does not hold what was written: its hash does not fit")
	}
	if all = v.shifted(all); len(all) > 0 {
		for _, m := range all {
			v.add(m.Seq, m.Key, Reordered, fmt.Sprintf("this row was written as row %d", m.from))
		}
	}
	slices.SortStableFunc(v.findings, func(a, b Finding) int { return int(a.Seq - b.Seq) })
}

// origin finds the number that a row was sealed with.
func (v *walk) origin(row Row) (int64, bool) {
	fits := func(seq int64) bool {
		if v.tried++; v.tried > effort {
			return false
		}
		as := row
		as.Seq = seq
		hash, err := as.hash()
		return err == nil && hash == row.Hash
	}
	if fits(row.Seq + v.shift) { // as the row before: most often all behind a gap moved by one
		return row.Seq + v.shift, true
	}
	for d := int64(1); d <= reach; d++ {
		for _, seq := range []int64{row.Seq + d, row.Seq - d} {
			if fits(seq) {
				return seq, true
			}
		}
	}
	for _, other := range v.misfits {
		if fits(other.Seq) {
			return other.Seq, true
		}
	}
	return 0, false
}

// shifted recognises that a row was taken out or put in and all behind it were
// renumbered: the last stretch of moved rows reaches the end of the chain and its
// rows did not merely change places. It reports that stretch and returns the rest.
func (v *walk) shifted(all []moved) []moved {
	n := len(all)
	if n == 0 || all[n-1].Seq != v.last.Seq || permuted(all) {
		return all
	}
	first := n - 1
	for first > 0 && all[first-1].by() == all[n-1].by() && all[first-1].Seq == all[first].Seq-1 {
		first--
	}
	start, end, by := all[first], all[n-1], all[n-1].by()
	if by < 0 {
		v.add(start.Seq, "", Missing, fmt.Sprintf(
			"%s; rows %d to %d were renumbered to hide it", stretch("missing", start.Seq, start.Seq-by-1), start.Seq, end.Seq))
	} else {
		v.add(start.Seq-by, "", Inserted, fmt.Sprintf(
			"%s; rows %d to %d were renumbered to make room", stretch("put in", start.Seq-by, start.Seq-1), start.Seq, end.Seq))
	}
	return all[:first]
}

// permuted reports whether the rows only changed places with each other.
func permuted(all []moved) bool {
	at, from := make([]int64, len(all)), make([]int64, len(all))
	for i, m := range all {
		at[i], from[i] = m.Seq, m.from
	}
	slices.Sort(at)
	slices.Sort(from)
	return slices.Equal(at, from)
}
