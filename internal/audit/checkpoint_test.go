package audit_test

import (
	"crypto/ed25519"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
)

func key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(slices.Repeat([]byte{seed}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// Like the form of rows, the form of checkpoints is for ever.
func TestTheFormOfCheckpointsNeverChanges(t *testing.T) {
	c, err := audit.Sign(key(1), 1, noon, []audit.Head{{Chain: "b", Seq: 2, Hash: "22"}, {Chain: "a", Seq: 1, Hash: "11"}}, audit.Genesis)
	require.NoError(t, err)
	text, err := c.Canonical()
	require.NoError(t, err)
	require.Equal(t, []byte(`{"at":"2026-05-01T12:00:00.000000Z","heads":[{"chain":"a","hash":"11","seq":1},{"chain":"b","hash":"22","seq":2}],`+
		`"key_id":"34750f98bd59fcfc","no":1,"prev":"`+audit.Genesis+`","v":1}`), text)
	require.Equal(t, "aaf52a84891a4a2483c668163b200c4c1a34c97a06af9c8f57c5bbf1360f0809", c.Hash)
	require.Equal(t, "PHId5w2pro3Nh9aoEeEu5tfrdNNAb9mMn+aTJDeAUyqdveNbcCq3vn5wez+RF8n+JYxYLxQFr8HdjuwoqOusBA==", c.Signature)
	require.NoError(t, c.Verify(public(key(1))))
}

func TestAChangedCheckpointDoesNotVerify(t *testing.T) {
	for name, change := range map[string]struct {
		do   func(*audit.Checkpoint)
		want error
	}{
		"no":        {func(c *audit.Checkpoint) { c.No++ }, audit.ErrCheckpointChanged},
		"at":        {func(c *audit.Checkpoint) { c.At = c.At.Add(time.Second) }, audit.ErrCheckpointChanged},
		"a head":    {func(c *audit.Checkpoint) { c.Heads[0].Seq++ }, audit.ErrCheckpointChanged},
		"no heads":  {func(c *audit.Checkpoint) { c.Heads = nil }, audit.ErrCheckpointChanged},
		"prev":      {func(c *audit.Checkpoint) { c.Prev = c.Hash }, audit.ErrCheckpointChanged},
		"key":       {func(c *audit.Checkpoint) { c.KeyID = "x" }, audit.ErrCheckpointChanged},
		"hash":      {func(c *audit.Checkpoint) { c.Hash = c.Prev }, audit.ErrCheckpointChanged},
		"signature": {func(c *audit.Checkpoint) { c.Signature = "AA" + c.Signature[2:] }, audit.ErrBadSignature},
		"no base64": {func(c *audit.Checkpoint) { c.Signature = "!" }, audit.ErrBadSignature},
		"another key": {func(c *audit.Checkpoint) {
			*c, _ = audit.Sign(key(2), c.No, c.At, c.Heads, c.Prev)
		}, audit.ErrUnknownKey},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := audit.Sign(key(1), 1, noon, []audit.Head{{Chain: "a", Seq: 1, Hash: "11"}}, audit.Genesis)
			require.NoError(t, err)
			change.do(&c)
			require.ErrorIs(t, c.Verify(public(key(1))), change.want)
		})
	}
}

// ledger is two chains and two checkpoints: the first saw a as far as row 3, the
// second saw a to row 6 and b to row 4. Two more rows of a came after.
type ledger struct {
	rows     map[string][]audit.Row
	expected []string
	heads    []audit.Head
	in, out  []audit.Checkpoint
	keys     []ed25519.PublicKey
	part     bool
}

func newLedger(t *testing.T) *ledger {
	t.Helper()
	a, b := chain(t, "a", 8), chain(t, "b", 4)
	one, err := audit.Sign(key(1), 1, noon, []audit.Head{a[2].Head()}, audit.Genesis)
	require.NoError(t, err)
	two, err := audit.Sign(key(1), 2, noon.Add(time.Hour), []audit.Head{a[5].Head(), b[3].Head()}, one.Hash)
	require.NoError(t, err)
	return &ledger{
		rows: map[string][]audit.Row{"a": a, "b": b}, expected: []string{"a", "b"}, heads: []audit.Head{a[7].Head(), b[3].Head()},
		in: []audit.Checkpoint{one, two}, out: []audit.Checkpoint{one, two}, keys: []ed25519.PublicKey{public(key(2)), public(key(1))},
	}
}

func (l *ledger) verify() audit.Report {
	var chains []string
	for c := range l.rows {
		chains = append(chains, c)
	}
	return audit.VerifyAll(audit.Book{Chains: chains, Heads: l.heads, Checkpoints: l.in, Outside: l.out, Keys: l.keys, Part: l.part,
		Expected: l.expected, Rows: func(c string) iter.Seq2[audit.Row, error] { return seq(l.rows[c]) }})
}

// rewrite makes rows from row n on anew, as who owns the database could.
func (l *ledger) rewrite(t *testing.T, name string, n int) {
	rows, prev := l.rows[name], audit.Genesis
	if n > 1 {
		prev = rows[n-2].Hash
	}
	for i := n - 1; i < len(rows); i++ {
		rows[i].Prev, rows[i].Words = prev, "forged"
		rows[i] = reseal(t, rows[i])
		prev = rows[i].Hash
	}
	for i, h := range l.heads {
		if h.Chain == name {
			l.heads[i] = rows[len(rows)-1].Head()
		}
	}
}

func TestVerifyAll(t *testing.T) {
	for name, c := range map[string]struct {
		tamper func(t *testing.T, l *ledger)
		want   []string
	}{
		"untouched":           {func(*testing.T, *ledger) {}, nil},
		"no heads to compare": {func(_ *testing.T, l *ledger) { l.heads = nil }, nil},
		"a part of it": {func(_ *testing.T, l *ledger) {
			delete(l.rows, "b")
			l.heads, l.part, l.expected = l.heads[:1], true, nil
		}, []string{}},
		"rows rewritten since the checkpoint":      {func(t *testing.T, l *ledger) { l.rewrite(t, "a", 7) }, nil}, // this cannot be seen
		"rows rewritten up to the last checkpoint": {func(t *testing.T, l *ledger) { l.rewrite(t, "a", 5) }, []string{"a 6 changed"}},
		"all rewritten": {func(t *testing.T, l *ledger) { l.rewrite(t, "a", 1) }, []string{"a 3 changed"}},
		"tail and head cut off": {func(_ *testing.T, l *ledger) {
			l.rows["a"] = l.rows["a"][:4]
			l.heads[0] = l.rows["a"][3].Head()
		}, []string{"a 5 truncated"}},
		"chain and head gone": {func(_ *testing.T, l *ledger) {
			delete(l.rows, "b")
			l.heads = l.heads[:1]
		}, []string{"b 1 truncated"}},
		"older copy of everything in the database": {func(_ *testing.T, l *ledger) {
			l.rows["a"], l.rows["b"], l.in = l.rows["a"][:4], l.rows["b"][:2], l.in[:1]
			l.heads = []audit.Head{l.rows["a"][3].Head(), l.rows["b"][1].Head()}
		}, []string{"checkpoints 2 truncated", "a 5 truncated", "b 3 truncated"}},
		"chain on record without trail or checkpoint": {func(_ *testing.T, l *ledger) {
			l.rows, l.heads, l.in, l.out = map[string][]audit.Row{"a": l.rows["a"]}, l.heads[:1], l.in[:1], l.out[:1]
		}, []string{"b 1 missing"}},
		"head gone":               {func(_ *testing.T, l *ledger) { l.heads = l.heads[:1] }, []string{"b 4 missing"}},
		"head of no chain":        {func(_ *testing.T, l *ledger) { l.heads = append(l.heads, audit.Head{Chain: "c", Seq: 2, Hash: "x"}) }, []string{"c 1 truncated"}},
		"head behind":             {func(_ *testing.T, l *ledger) { l.heads[0].Seq-- }, []string{"a 8 inserted"}},
		"head ahead":              {func(_ *testing.T, l *ledger) { l.heads[0].Seq++ }, []string{"a 9 truncated"}},
		"head of another hash":    {func(_ *testing.T, l *ledger) { l.heads[0].Hash = audit.Genesis }, []string{"a 8 changed"}},
		"first checkpoint gone":   {func(_ *testing.T, l *ledger) { l.in = l.in[1:] }, []string{"checkpoints 1 missing", "checkpoints 1 truncated"}},
		"last checkpoint gone":    {func(_ *testing.T, l *ledger) { l.in = l.in[:1] }, []string{"checkpoints 2 truncated"}},
		"checkpoints swapped":     {func(_ *testing.T, l *ledger) { slices.Reverse(l.in) }, []string{"checkpoints 1 missing", "checkpoints 1 inserted"}},
		"checkpoint changed":      {func(_ *testing.T, l *ledger) { l.in[0].At = noon.Add(1e9) }, []string{"checkpoints 1 changed"}},
		"outside changed":         {func(_ *testing.T, l *ledger) { l.out[0].At = noon.Add(1e9) }, []string{"checkpoints 1 changed"}},
		"outside cut off":         {func(_ *testing.T, l *ledger) { l.out = l.out[:1] }, nil}, // a note: the next append closes the gap
		"outside without a first": {func(_ *testing.T, l *ledger) { l.out = l.out[1:] }, []string{"checkpoints 1 missing"}},
		"checkpoint by a stranger": {func(t *testing.T, l *ledger) {
			forged, err := audit.Sign(key(9), 2, noon, []audit.Head{l.rows["a"][4].Head()}, l.in[0].Hash)
			require.NoError(t, err)
			l.in[1] = forged
		}, []string{"checkpoints 2 changed", "checkpoints 2 changed"}},
		"checkpoint signed anew by an old key of ours": {func(t *testing.T, l *ledger) {
			forged, err := audit.Sign(key(2), 1, noon, []audit.Head{l.rows["a"][2].Head()}, audit.Genesis)
			require.NoError(t, err)
			l.in[0] = forged
		}, []string{"checkpoints 1 changed", "checkpoints 1 changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t)
			c.tamper(t, l)
			got := l.verify()
			require.Equal(t, append([]string{}, c.want...), found(got.Findings), "%v", got.Findings)
			require.Equal(t, len(c.want) == 0, got.OK())
		})
	}
}

// An evidence pack has those checkpoints that name its chain; the others are no gap.
func TestSomeOfTheCheckpoints(t *testing.T) {
	l := newLedger(t)
	three, err := audit.Sign(key(1), 3, noon, []audit.Head{l.rows["b"][3].Head()}, l.in[1].Hash)
	require.NoError(t, err)
	four, err := audit.Sign(key(1), 4, noon, []audit.Head{l.rows["a"][7].Head()}, three.Hash)
	require.NoError(t, err)
	book := audit.Book{Chains: []string{"a"}, Keys: l.keys, Part: true, Some: true, Rows: func(c string) iter.Seq2[audit.Row, error] { return seq(l.rows[c]) }}
	for name, c := range map[string]struct {
		have []audit.Checkpoint
		want []string
	}{
		"with a gap":           {[]audit.Checkpoint{l.in[0], l.in[1], four}, []string{}},
		"without the first":    {[]audit.Checkpoint{l.in[1], four}, []string{}},
		"in another order":     {[]audit.Checkpoint{four, l.in[1]}, []string{"checkpoints 2 inserted"}},
		"neighbours unrelated": {[]audit.Checkpoint{l.in[1], resigned(t, three, audit.Genesis)}, []string{"checkpoints 2 changed"}},
	} {
		book.Checkpoints = c.have
		require.Equal(t, c.want, found(audit.VerifyAll(book).Findings), name)
	}
	book.Some, book.Checkpoints = false, []audit.Checkpoint{l.in[0], l.in[1], four}
	require.Equal(t, []string{"checkpoints 3 missing"}, found(audit.VerifyAll(book).Findings))
}

func resigned(t *testing.T, c audit.Checkpoint, prev string) audit.Checkpoint {
	t.Helper()
	out, err := audit.Sign(key(1), c.No, c.At, c.Heads, prev)
	require.NoError(t, err)
	return out
}

func TestTheReportSaysWhatIsNotCovered(t *testing.T) {
	l := newLedger(t)
	require.Equal(t, audit.Report{Chains: 2, Rows: 12, Checkpoints: 2, Findings: []audit.Finding{}, Uncovered: 2}, l.verify())
	l.keys, l.out = nil, l.out[:1]
	require.Equal(t, []string{"no public key was given: the signatures of the checkpoints were not checked",
		"the copy outside lacks the last 1 checkpoints"}, l.verify().Notes)
}

func TestCheckpointFile(t *testing.T) {
	l := newLedger(t)
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	none, err := audit.ReadCheckpoints(path)
	require.NoError(t, err)
	require.Empty(t, none)

	require.NoError(t, audit.AppendCheckpoint(path, audit.Checkpoint{})) // nothing was signed yet
	require.NoError(t, audit.AppendCheckpoint(path, l.in[0]))
	require.NoError(t, audit.AppendCheckpoint(path, l.in[0])) // again is nothing
	require.NoError(t, audit.AppendCheckpoint(path, l.in...)) // closes a gap
	got, err := audit.ReadCheckpoints(path)
	require.NoError(t, err)
	require.Equal(t, l.in, got)

	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestCheckpointFileAfterACrash(t *testing.T) {
	l := newLedger(t)
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	require.NoError(t, audit.AppendCheckpoint(path, l.in...))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for cut := range whole {
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o600))
		got, err := audit.ReadCheckpoints(path)
		require.NoError(t, err)
		require.Len(t, got, strings.Count(string(whole[:cut]), "\n"))
		require.NoError(t, audit.AppendCheckpoint(path, l.in...))
		again, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(whole), string(again))
	}
}

func TestCheckpointFileNamesABrokenLine(t *testing.T) {
	l := newLedger(t)
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	require.NoError(t, audit.AppendCheckpoint(path, l.in...))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append([]byte("{}x\n"), whole...), 0o600))
	_, err = audit.ReadCheckpoints(path)
	require.ErrorContains(t, err, "line 1")
	require.NoError(t, os.WriteFile(path, append(whole, "{}x\n"...), 0o600))
	require.ErrorContains(t, audit.AppendCheckpoint(path, l.in...), "last line")
	_, err = audit.LastCheckpoint(path)
	require.ErrorContains(t, err, "last line")
}

// Several writers, as several workers on one machine, leave a file in order.
func TestCheckpointFileHasManyWriters(t *testing.T) {
	l := newLedger(t)
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	var wg sync.WaitGroup
	for n := range l.in {
		wg.Go(func() { assert.NoError(t, audit.AppendCheckpoint(path, l.in[:n+1]...)) })
	}
	wg.Wait()
	got, err := audit.ReadCheckpoints(path)
	require.NoError(t, err)
	require.Equal(t, l.in, got)
	last, err := audit.LastCheckpoint(path)
	require.NoError(t, err)
	require.Equal(t, l.in[len(l.in)-1].No, last)
}
