package audit_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// chain is n sealed rows with the keys k1, k2, ...
func chain(t *testing.T, name string, n int) []audit.Row {
	t.Helper()
	rows, prev := make([]audit.Row, n), audit.Genesis
	for i := range rows {
		r, err := audit.Seal(prev, int64(i+1), audit.Event{Chain: name, Key: fmt.Sprintf("k%d", i+1), At: noon.Add(time.Duration(i) * time.Second),
			Kind: audit.StepIntent, Actor: "sever", Object: "pg-main/ada", Data: map[string]any{"step": i}})
		require.NoError(t, err)
		rows[i], prev = r, r.Hash
	}
	return rows
}

func seq(rows []audit.Row) iter.Seq2[audit.Row, error] {
	return func(yield func(audit.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// reseal gives a row the hash of what it says now, as a forger would.
func reseal(t *testing.T, r audit.Row) audit.Row {
	t.Helper()
	out, err := audit.Seal(r.Prev, r.Seq, r.Event)
	require.NoError(t, err)
	return out
}

// found is the part of findings that a test compares.
func found(findings []audit.Finding) []string {
	out := []string{}
	for _, f := range findings {
		out = append(out, fmt.Sprintf("%s %d %s", f.Chain, f.Seq, f.What))
	}
	return out
}

func TestVerifyChain(t *testing.T) {
	const n = 9
	renumber := func(rows []audit.Row) []audit.Row {
		for i := range rows {
			rows[i].Seq = int64(i + 1)
		}
		return rows
	}
	for name, c := range map[string]struct {
		tamper func(t *testing.T, rows []audit.Row) []audit.Row
		want   []string
	}{
		"untouched": {func(_ *testing.T, r []audit.Row) []audit.Row { return r }, nil},
		"first row changed": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[0].Words = "x"
			return r
		}, []string{"c 1 changed"}},
		"row changed": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[4].Object = "pg-main/bob"
			return r
		}, []string{"c 5 changed"}},
		"last row changed": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[n-1].Outcome = "done"
			return r
		}, []string{"c 9 changed"}},
		"two rows changed": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[4].Words, r[5].Words = "x", "y"
			return r
		}, []string{"c 5 changed", "c 6 changed"}},
		"hash changed": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[4].Hash = r[3].Hash
			return r
		}, []string{"c 5 changed"}},
		"predecessor changed": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[4].Prev = r[2].Hash
			return r
		}, []string{"c 5 changed"}},
		"row changed and hashed anew": {func(t *testing.T, r []audit.Row) []audit.Row {
			r[4].Words = "x"
			r[4] = reseal(t, r[4])
			return r
		}, []string{"c 5 changed"}},
		"last row changed and hashed anew": {func(t *testing.T, r []audit.Row) []audit.Row {
			r[n-1].Words = "x"
			r[n-1] = reseal(t, r[n-1])
			return r
		}, []string{"c 9 changed"}},
		"data without a canonical form": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[4].Data = audit.ParseData([]byte(`{"step":4.0}`))
			return r
		}, []string{"c 5 changed"}},
		"a key twice": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[4].Key = r[5].Key
			return r
		}, []string{"c 5 changed"}},
		"first row deleted": {func(_ *testing.T, r []audit.Row) []audit.Row { return r[1:] }, []string{"c 1 missing"}},
		"row deleted":       {func(_ *testing.T, r []audit.Row) []audit.Row { return slices.Delete(r, 4, 5) }, []string{"c 5 missing"}},
		"rows deleted":      {func(_ *testing.T, r []audit.Row) []audit.Row { return slices.Delete(r, 4, 7) }, []string{"c 5 missing"}},
		"row deleted, others renumbered": {func(_ *testing.T, r []audit.Row) []audit.Row {
			return renumber(slices.Delete(r, 4, 5))
		}, []string{"c 5 missing", "c 9 truncated"}},
		"last but one deleted, others renumbered": {func(_ *testing.T, r []audit.Row) []audit.Row {
			return renumber(slices.Delete(r, n-2, n-1))
		}, []string{"c 8 missing", "c 9 truncated"}},
		"row inserted, others renumbered": {func(t *testing.T, r []audit.Row) []audit.Row {
			forged, err := audit.Seal(r[3].Hash, 5, audit.Event{Chain: "c", Key: "forged", At: noon, Kind: "x"})
			require.NoError(t, err)
			return renumber(slices.Insert(r, 4, forged))
		}, []string{"c 5 inserted", "c 10 inserted"}},
		"row inserted at the end": {func(t *testing.T, r []audit.Row) []audit.Row {
			forged, err := audit.Seal(r[n-1].Hash, n+1, audit.Event{Chain: "c", Key: "forged", At: noon, Kind: "x"})
			require.NoError(t, err)
			return append(r, forged)
		}, []string{"c 10 inserted"}},
		"row inserted before the first": {func(t *testing.T, r []audit.Row) []audit.Row {
			forged := r[0]
			forged.Seq = 0
			return slices.Insert(r, 0, forged)
		}, []string{"c 0 inserted"}},
		"row twice": {func(_ *testing.T, r []audit.Row) []audit.Row { return slices.Insert(r, 4, r[4]) }, []string{"c 5 inserted"}},
		"row of another chain": {func(t *testing.T, r []audit.Row) []audit.Row {
			r[4].Chain = "d"
			return r
		}, []string{"c 5 inserted"}},
		"neighbours swapped": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[3], r[4] = r[4], r[3]
			return renumber(r)
		}, []string{"c 4 reordered", "c 5 reordered"}},
		"last two swapped": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[n-2], r[n-1] = r[n-1], r[n-2]
			return renumber(r)
		}, []string{"c 8 reordered", "c 9 reordered"}},
		"first and last swapped": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[0], r[n-1] = r[n-1], r[0]
			return renumber(r)
		}, []string{"c 1 reordered", "c 9 reordered"}},
		"all in reverse order": {func(_ *testing.T, r []audit.Row) []audit.Row {
			slices.Reverse(r)
			return renumber(r)
		}, []string{"c 1 reordered", "c 2 reordered", "c 3 reordered", "c 4 reordered",
			"c 6 reordered", "c 7 reordered", "c 8 reordered", "c 9 reordered"}},
		"swapped with each other's hash": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[3].Hash, r[4].Hash = r[4].Hash, r[3].Hash
			return r
		}, []string{"c 4 changed", "c 5 changed"}},
		"file lines swapped": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[3], r[4] = r[4], r[3]
			return r
		}, []string{"c 4 reordered"}},
		"one swapped, another changed": {func(_ *testing.T, r []audit.Row) []audit.Row {
			r[3], r[4] = r[4], r[3]
			r[7].Words = "x"
			return renumber(r)
		}, []string{"c 4 reordered", "c 5 reordered", "c 8 changed"}},
		"last row cut off":   {func(_ *testing.T, r []audit.Row) []audit.Row { return r[:n-1] }, []string{"c 9 truncated"}},
		"half of it cut off": {func(_ *testing.T, r []audit.Row) []audit.Row { return r[:4] }, []string{"c 5 truncated"}},
		"all cut off":        {func(_ *testing.T, r []audit.Row) []audit.Row { return nil }, []string{"c 1 truncated"}},
	} {
		t.Run(name, func(t *testing.T) {
			rows := chain(t, "c", n)
			head := rows[n-1].Head()
			got := audit.VerifyChain("c", seq(c.tamper(t, rows)), &head)
			require.Equal(t, append([]string{}, c.want...), found(got), "%v", got)
		})
	}
}

func TestSwappedRowsAreFoundAtAnyDistance(t *testing.T) {
	rows := chain(t, "c", 500)
	rows[10], rows[480] = rows[480], rows[10]
	rows[10].Seq, rows[480].Seq = 11, 481
	got := audit.VerifyChain("c", seq(rows), nil)
	require.Equal(t, []string{"c 11 reordered", "c 481 reordered"}, found(got))
	require.Equal(t, "this row was written as row 481", got[0].Detail)
}

func TestVerifyChainSaysWhenItCouldNotRead(t *testing.T) {
	rows := chain(t, "c", 3)
	got := audit.VerifyChain("c", func(yield func(audit.Row, error) bool) {
		_ = yield(rows[0], nil) && yield(audit.Row{}, errors.New("connection lost"))
	}, nil)
	require.Equal(t, []audit.Finding{{Chain: "c", Seq: 2, What: audit.Unreadable, Detail: "connection lost"}}, got)
	require.Equal(t, "c row 2: unreadable: connection lost", got[0].String())
}

func TestAFindingNamesTheKey(t *testing.T) {
	rows := chain(t, "c", 3)
	rows[1].Actor = "x"
	got := audit.VerifyChain("c", seq(rows), nil)
	require.Equal(t, []audit.Finding{{Chain: "c", Seq: 2, Key: "k2", What: audit.Changed,
		Detail: "the row does not hold what was written: its hash does not fit"}}, got)
}
