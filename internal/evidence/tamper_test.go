package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
)

// forger changes the rows or the checkpoints of a pack as somebody who has everything
// but the key could: with the manifest made to fit, unless naive.
type forger struct {
	in    Input
	files map[string][]byte
}

func newForger(t testing.TB) *forger {
	in := fixture(t)
	return &forger{in, unzip(t, build(t, in).Zip)}
}

// rows puts other rows into the pack and does nothing else.
func (f *forger) rows(t testing.TB, rows []audit.Row) map[string][]byte {
	files := clone(f.files)
	files[chainFile] = jsonLines(t, rows)
	return files
}

func jsonLines[T any](t testing.TB, values []T) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, v := range values {
		text, err := line(v)
		require.NoError(t, err)
		b.Write(text)
	}
	return b.Bytes()
}

// refit makes the manifest and the report fit what the files say now. The signature
// stays: the forger has no key.
func refit(t testing.TB, files map[string][]byte) map[string][]byte {
	t.Helper()
	var m Manifest
	require.NoError(t, json.Unmarshal(files[manifestFile], &m))
	c, _ := parse(files)
	if n := len(c.Rows); n > 0 {
		m.Chain = c.Rows[n-1].Head()
	}
	m.Checkpoints, m.Covered = []int64{}, 0
	for _, k := range c.Checkpoints {
		m.Checkpoints, m.Covered = append(m.Checkpoints, k.No), max(m.Covered, covers(k, m.Case, m.Chain.Seq))
	}
	text, err := report(c, m)
	require.NoError(t, err)
	files[reportFile], m.Files = text, nil
	for _, name := range sortedNames(files) {
		if name != manifestFile && name != signatureFile {
			m.Files = append(m.Files, File{name, int64(len(files[name])), hash(files[name])})
		}
	}
	files[manifestFile], err = document(m)
	require.NoError(t, err)
	return files
}

// reseal hashes rows anew from row n on, each behind the one before it.
func reseal(t testing.TB, rows []audit.Row, n int) []audit.Row {
	t.Helper()
	rows = slices.Clone(rows)
	for i := n - 1; i < len(rows); i++ {
		prev := audit.Genesis
		if i > 0 {
			prev = rows[i-1].Hash
		}
		r, err := audit.Seal(prev, int64(i+1), rows[i].Event)
		require.NoError(t, err)
		rows[i] = r
	}
	return rows
}

// edits changes one column of a row each; together they are all columns.
var edits = map[string]func(*audit.Row){
	"chain": func(r *audit.Row) { r.Chain += "x" }, "seq": func(r *audit.Row) { r.Seq += 1000 }, "key": func(r *audit.Row) { r.Key += "x" },
	"at": func(r *audit.Row) { r.At = r.At.Add(1000) }, "kind": func(r *audit.Row) { r.Kind += "x" }, "actor": func(r *audit.Row) { r.Actor = "mallory" },
	"object": func(r *audit.Row) { r.Object += "x" }, "attempt": func(r *audit.Row) { r.Attempt++ }, "outcome": func(r *audit.Row) { r.Outcome += "x" },
	"words": func(r *audit.Row) { r.Words += "x" }, "request_id": func(r *audit.Row) { r.RequestID += "x" },
	"data": func(r *audit.Row) { r.Data = map[string]any{"x": 1} },
	"prev": func(r *audit.Row) { r.Prev = hash([]byte(r.Prev)) }, "hash": func(r *audit.Row) { r.Hash = hash([]byte(r.Hash)) },
}

func TestEveryColumnIsEdited(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(fixture(t).Rows[0])
	require.NoError(t, err)
	var columns map[string]any
	require.NoError(t, json.Unmarshal(text, &columns))
	delete(columns, "v") // the form itself: another one cannot be read
	for name := range columns {
		require.Contains(t, edits, name)
	}
	require.Len(t, edits, len(columns))
}

// Every column of every row, changed one at a time, is found and located, also when the
// manifest was made to fit.
func TestEveryColumnOfEveryRowInAPack(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range f.in.Rows {
				rows := slices.Clone(f.in.Rows)
				edit(&rows[i])
				for how, files := range map[string]map[string][]byte{"left": f.rows(t, rows), "refitted": refit(t, f.rows(t, rows))} {
					r := verify(rezip(t, files), public(1))
					require.True(t, locates(r.Findings, chainFile, int64(i+1)), "%s row %d, %s: %v", name, i+1, how, r.Findings)
				}
			}
		})
	}
}

// locates reports whether a finding is at the row, or is about a stretch with the row.
func locates(findings []Finding, file string, row int64) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.File == file && f.Row == row })
}

func TestRowsOfAPackAreDeletedInsertedAndSwapped(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	n := len(f.in.Rows)
	check := func(what string, row int, rows []audit.Row) {
		t.Helper()
		for how, files := range map[string]map[string][]byte{"left": f.rows(t, rows), "refitted": refit(t, f.rows(t, rows))} {
			r := verify(rezip(t, files), public(1))
			require.False(t, r.OK())
			if how == "refitted" && row > 12 { // no checkpoint saw it: the signature of the pack alone holds it
				require.Contains(t, short(r.Findings), "manifest.sig changed", "%s row %d", what, row)
				continue
			}
			located := slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.File == chainFile && f.Row >= int64(row)-1 })
			require.True(t, located, "%s row %d, %s: %v", what, row, how, r.Findings)
		}
	}
	for i := range n {
		check("deleted", i+1, slices.Delete(slices.Clone(f.in.Rows), i, i+1))
		check("deleted and hashed anew", i+1, reseal(t, slices.Delete(slices.Clone(f.in.Rows), i, i+1), i+1))
		check("truncated before", i+1, slices.Clone(f.in.Rows[:i]))
		forged := audit.Row{Event: audit.Event{Chain: "C-1", Key: "forged", At: noon, Kind: audit.AccountOutcome, Actor: "sever", Object: "x", Outcome: "removed", Data: map[string]any{}}, Seq: int64(i + 1)}
		check("inserted, hashed anew", i+1, reseal(t, slices.Insert(slices.Clone(f.in.Rows), i, forged), i+1))
		check("changed, hashed anew", i+1, reseal(t, slices.Replace(slices.Clone(f.in.Rows), i, i+1, forged), i+1))
		if i > 0 {
			swapped := slices.Clone(f.in.Rows)
			swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
			check("swapped", i, swapped)
			check("swapped, hashed anew", i, reseal(t, swapped, i))
		}
	}
	check("all gone", 1, nil)
}

func TestCheckpointsOfAPack(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	for name, c := range map[string]struct {
		change func(c []audit.Checkpoint) []audit.Checkpoint
		want   string // when only the checkpoints are changed
		refit  string // when the manifest was made to fit
	}{
		"first removed":  {func(c []audit.Checkpoint) []audit.Checkpoint { return c[1:] }, "checkpoints.jsonl 1 missing", "manifest.sig changed"},
		"last removed":   {func(c []audit.Checkpoint) []audit.Checkpoint { return c[:1] }, "checkpoints.jsonl 3 missing", "manifest.sig changed"},
		"all removed":    {func(c []audit.Checkpoint) []audit.Checkpoint { return nil }, "checkpoints.jsonl 3 missing", "manifest.sig changed"},
		"swapped":        {func(c []audit.Checkpoint) []audit.Checkpoint { return []audit.Checkpoint{c[1], c[0]} }, "checkpoints.jsonl 1 inserted", "checkpoints.jsonl 1 inserted"},
		"twice":          {func(c []audit.Checkpoint) []audit.Checkpoint { return append(c, c[1]) }, "checkpoints.jsonl 3 inserted", "checkpoints.jsonl 3 inserted"},
		"number changed": {func(c []audit.Checkpoint) []audit.Checkpoint { c[1].No++; return c }, "checkpoints.jsonl 4 changed", "checkpoints.jsonl 4 changed"},
		"time changed":   {func(c []audit.Checkpoint) []audit.Checkpoint { c[1].At = c[1].At.Add(1000); return c }, "checkpoints.jsonl 3 changed", "checkpoints.jsonl 3 changed"},
		"prev changed":   {func(c []audit.Checkpoint) []audit.Checkpoint { c[1].Prev = c[0].Hash; return c }, "checkpoints.jsonl 3 changed", "checkpoints.jsonl 3 changed"},
		"key id changed": {func(c []audit.Checkpoint) []audit.Checkpoint { c[1].KeyID = "x"; return c }, "checkpoints.jsonl 3 changed", "checkpoints.jsonl 3 changed"},
		"hash changed":   {func(c []audit.Checkpoint) []audit.Checkpoint { c[1].Hash = c[0].Hash; return c }, "checkpoints.jsonl 3 changed", "checkpoints.jsonl 3 changed"},
		"signature changed": {func(c []audit.Checkpoint) []audit.Checkpoint { c[1].Signature = c[0].Signature; return c },
			"checkpoints.jsonl 3 changed", "checkpoints.jsonl 3 changed"},
		"head: chain":    {func(c []audit.Checkpoint) []audit.Checkpoint { c[1].Heads[0].Chain = "C-2"; return c }, "checkpoints.jsonl 3 changed", "checkpoints.jsonl 3 changed"},
		"head: row":      {func(c []audit.Checkpoint) []audit.Checkpoint { c[1].Heads[0].Seq--; return c }, "checkpoints.jsonl 3 changed", "checkpoints.jsonl 3 changed"},
		"head: hash":     {func(c []audit.Checkpoint) []audit.Checkpoint { c[1].Heads[0].Hash = c[0].Hash; return c }, "checkpoints.jsonl 3 changed", "checkpoints.jsonl 3 changed"},
		"head removed":   {func(c []audit.Checkpoint) []audit.Checkpoint { c[0].Heads = c[0].Heads[:1]; return c }, "checkpoints.jsonl 1 changed", "checkpoints.jsonl 1 changed"},
		"by another key": {func(c []audit.Checkpoint) []audit.Checkpoint { c[1] = resign(t, 9, c[1]); return c }, "checkpoints.jsonl 3 changed", "checkpoints.jsonl 3 changed"},
	} {
		t.Run(name, func(t *testing.T) {
			var list []audit.Checkpoint
			for _, k := range covering("C-1", f.in.Checkpoints) {
				k.Heads = slices.Clone(k.Heads)
				list = append(list, k)
			}
			files := clone(f.files)
			files[checkpointsFile] = jsonLines(t, c.change(list))
			require.Contains(t, short(verify(rezip(t, files), public(1)).Findings), c.want)
			require.Contains(t, short(verify(rezip(t, refit(t, clone(files))), public(1)).Findings), c.refit)
		})
	}
}

// An older pack in place of a newer one is whole: it says until which row, and whoever
// knows a later checkpoint, or the hash of the newer pack in the trail, knows better.
// Parts of an older one are found.
func TestAnOlderCopyWithinANewerPack(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	old := f.in
	old.Rows, old.Checkpoints = old.Rows[:5], old.Checkpoints[:1]
	older := unzip(t, build(t, old).Zip)
	for _, names := range [][]string{{chainFile}, {chainFile, checkpointsFile}, {chainFile, checkpointsFile, reportFile, manifestFile}} {
		files := clone(f.files)
		for _, name := range names {
			files[name] = older[name]
		}
		require.False(t, verify(rezip(t, files), public(1)).OK(), names)
	}
	files := clone(f.files)
	files[chainFile] = older[chainFile] // and a manifest to fit, with the newer checkpoint
	require.Contains(t, short(verify(rezip(t, refit(t, files)), public(1)).Findings), "chain.jsonl 6 truncated")
}

// Whatever the records say that the chain tells otherwise is found even in a pack whose
// maker has the key: the tables were changed before the pack was made.
func TestRecordsThatTheChainTellsOtherwise(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Input)
		want   string
	}{
		"another outcome":         {func(in *Input) { in.Accounts[1].Outcome = "removed" }, "accounts.json disagrees"},
		"an outcome taken away":   {func(in *Input) { in.Accounts[1].Outcome = "" }, "accounts.json disagrees"},
		"a waiver of nobody":      {func(in *Input) { in.Accounts[1].Outcome = "waived" }, "accounts.json disagrees"},
		"a waiver taken away":     {func(in *Input) { in.Accounts[2].Outcome = "removed" }, "accounts.json disagrees"},
		"another account":         {func(in *Input) { in.Accounts[0].Name = "bob" }, "accounts.json disagrees"},
		"another answer":          {func(in *Input) { in.Proofs[0].Answered += "x" }, "proofs.json disagrees"},
		"another question":        {func(in *Input) { in.Proofs[0].Asked += "x" }, "proofs.json disagrees"},
		"gone, and it was not":    {func(in *Input) { in.Proofs[0].Gone = false }, "proofs.json disagrees"},
		"a proof that never was":  {func(in *Input) { in.Proofs = append(in.Proofs, Proof{AccountID: 8, Look: 1, Gone: true}) }, "proofs.json disagrees"},
		"a proof taken away":      {func(in *Input) { in.Proofs = nil }, "proofs.json 10 disagrees"},
		"another approver":        {func(in *Input) { in.Case.Plans[0].DecidedBy = "hr-desk" }, "case.json disagrees"},
		"another requester":       {func(in *Input) { in.Case.Requester = "bob" }, "case.json disagrees"},
		"another person":          {func(in *Input) { in.Case.Principal = "E9" }, "case.json disagrees"},
		"closed, and it is open":  {func(in *Input) { in.Case.Status = "clean" }, "case.json disagrees"},
		"another case":            {func(in *Input) { in.Case.ID = "C-2" }, "chain.jsonl 1 inserted"},
		"a plan taken away":       {func(in *Input) { in.Case.Plans = nil }, "case.json 4 disagrees"},
		"the text of a plan":      {func(in *Input) { in.Case.Plans[0].Body = []byte(planBody + " ") }, "plans/1.json changed"},
		"text and hash of a plan": {func(in *Input) { in.Case.Plans[0].Body, in.Case.Plans[0].Hash = []byte("{}"), hash([]byte("{}")) }, "case.json disagrees"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := fixture(t)
			c.change(&in)
			require.Contains(t, short(verify(build(t, in).Zip, public(1)).Findings), c.want)
		})
	}
}

// Every byte of every file: changed, the file is found.
func TestEveryFileIsHeld(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	for name, text := range f.files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for at := 0; at < len(text); at += 1 + len(text)/40 {
				files := clone(f.files)
				files[name] = slices.Clone(text)
				files[name][at] ^= 1
				require.False(t, verify(rezip(t, files), public(1)).OK(), "byte %d", at)
			}
			files := clone(f.files)
			delete(files, name)
			r := verify(rezip(t, files), public(1))
			require.True(t, slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.File == name && f.What == audit.Missing }), "%v", r.Findings)
		})
	}
}

func TestTheReportBelongsToTheRecords(t *testing.T) {
	t.Parallel()
	in := fixture(t)
	files := unzip(t, build(t, in).Zip)
	files[reportFile] = bytes.Replace(files[reportFile], []byte("blocked"), []byte("removed"), 1)
	var m Manifest
	require.NoError(t, json.Unmarshal(files[manifestFile], &m))
	for i := range m.Files {
		if m.Files[i].Name == reportFile {
			m.Files[i].SHA256, m.Files[i].Size = hash(files[reportFile]), int64(len(files[reportFile]))
		}
	}
	text, err := document(m)
	require.NoError(t, err)
	files[manifestFile], files[signatureFile] = text, []byte(sign(key(1), text)) // by its owner, even
	require.Equal(t, []string{"report.html changed"}, short(verify(rezip(t, files), public(1)).Findings))

	m.ReportForm++ // made by another version: it is held against its hash alone
	text, err = document(m)
	require.NoError(t, err)
	files[manifestFile], files[signatureFile] = text, []byte(sign(key(1), text))
	r := verify(rezip(t, files), public(1))
	require.Empty(t, r.Findings)
	require.True(t, strings.HasPrefix(r.Notes[0], "report.html has form"), r.Notes)
}

func TestAFindingInWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "chain.jsonl row 3 (k): changed: x", fmt.Sprint(Finding{chainFile, 3, "k", audit.Changed, "x"}))
	require.Equal(t, "the archive: unreadable: x", fmt.Sprint(Finding{What: audit.Unreadable, Detail: "x"}))
}
