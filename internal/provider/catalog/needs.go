package catalog

import (
	"cmp"
	"slices"

	"github.com/severhq/sever/internal/provider"
)

// NeedRow is a right of our own login on one kind of system.
type NeedRow struct {
	Provider string
	provider.Need
}

// Needs are the rights of our login on every kind of system that this program knows (see
// Table.Needs).
func Needs() []NeedRow { return all.Needs() }

// Needs are the rights of our login, provider by provider, from the least to the most.
func (t Table) Needs() []NeedRow {
	var rows []NeedRow
	for _, spec := range t.byName() {
		needs := slices.SortedStableFunc(slices.Values(spec.Needs), func(a, b provider.Need) int {
			return cmp.Compare(slices.Index(provider.Reaches, a.Reach), slices.Index(provider.Reaches, b.Reach))
		})
		for _, n := range needs {
			rows = append(rows, NeedRow{spec.Name, n})
		}
	}
	return rows
}
