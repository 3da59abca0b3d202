package evidence

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
)

// A copy of the checkpoints outside says what no pack can say of itself.
func TestCheckpointsOutside(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	all := f.in.Checkpoints
	last := all[len(all)-1]
	elsewhere := resign(t, 1, audit.Checkpoint{No: last.No + 1, At: noon, Prev: last.Hash, Heads: []audit.Head{{Chain: "C-2", Seq: 9, Hash: last.Hash}}})
	further := resign(t, 1, audit.Checkpoint{No: last.No + 1, At: noon, Prev: last.Hash, Heads: []audit.Head{{Chain: "C-1", Seq: int64(len(f.in.Rows)) + 4, Hash: last.Hash}}})
	another := resign(t, 1, audit.Checkpoint{No: last.No + 1, At: noon, Prev: last.Hash, Heads: []audit.Head{{Chain: "C-1", Seq: 2, Hash: last.Hash}}})
	forged := further
	forged.Signature = all[0].Signature
	whole := build(t, f.in).Zip
	for name, c := range map[string]struct {
		outside []audit.Checkpoint
		later   int64
		counted int
		found   string
		note    string
	}{
		"those of the pack itself":         {all, 0, len(covering("C-1", all)), "", ""},
		"none":                             {nil, 0, 0, "", ""},
		"of other cases":                   {[]audit.Checkpoint{elsewhere}, 0, 0, "", "none of the 1 checkpoints outside names this case"},
		"the case went on, or it is old":   {slices.Concat(all, []audit.Checkpoint{further}), 4, len(covering("C-1", all)) + 1, "", "has 4 rows of this case behind the last one in the pack"},
		"another row was signed":           {[]audit.Checkpoint{another}, 0, 1, "chain.jsonl 2 changed", ""},
		"a checkpoint that nobody signed":  {[]audit.Checkpoint{forged}, 0, 0, "the checkpoints outside 4 changed", "none of the 1"},
		"a checkpoint that somebody signs": {[]audit.Checkpoint{resign(t, 9, another)}, 0, 0, "the checkpoints outside 4 changed", "none of the 1"},
	} {
		r := Verify(bytes.NewReader(whole), int64(len(whole)), public(1), c.outside...)
		require.Equal(t, c.later, r.Later, name)
		require.Equal(t, c.counted, r.Outside, name)
		if c.found == "" {
			require.Empty(t, r.Findings, name)
		} else {
			require.Equal(t, []string{c.found}, short(r.Findings), name)
		}
		require.Contains(t, strings.Join(r.Notes, "\n"), c.note, name)
	}
}
