package audit

import (
	"fmt"
	"iter"
)

// What says what was done to a record.
type What string

// What verification finds.
const (
	Changed    What = "changed"    // a row does not hold what was written
	Missing    What = "missing"    // a row in the middle is gone
	Reordered  What = "reordered"  // a row stands where another was written
	Inserted   What = "inserted"   // a row was not written by Append
	Truncated  What = "truncated"  // the last rows are gone
	Unreadable What = "unreadable" // the record could not be read to its end
)

// Finding is one place where a record is not what was written.
type Finding struct {
	Chain string `json:"chain"`
	// Seq is the row, or the first row of the stretch that Detail names. In the
	// chain of checkpoints it is the checkpoint's number.
	Seq    int64  `json:"seq"`
	Key    string `json:"key,omitempty"`
	What   What   `json:"what"`
	Detail string `json:"detail"`
}

func (f Finding) String() string {
	at := fmt.Sprintf("%s row %d", f.Chain, f.Seq)
	if f.Key != "" {
		at += " (" + f.Key + ")"
	}
	return fmt.Sprintf("%s: %s: %s", at, f.What, f.Detail)
}

// VerifyChain reads a chain from its first row and reports every place where it is
// not what was written; nothing means that it is whole.
//
// want is the last row as it is known from elsewhere; nil if it is not known, and
// then a missing tail goes unseen.
func VerifyChain(chain string, rows iter.Seq2[Row, error], want *Head) []Finding {
	return newWalk(chain, want).verify(rows, nil)
}

// walk is the state of reading one chain.
type walk struct {
	chain    string
	want     *Head // the exact end, if known
	findings []Finding
	misfits  []Row // rows whose hash does not fit their content, in order
	last     Row   // the row read before
	lastFits bool
	gaps     map[int64]int // findings that say of a single row that it is missing
	count    int64
	tried    int   // places where misfits were looked for
	shift    int64 // how far from its place the last misfit was written
}

func newWalk(chain string, want *Head) *walk {
	return &walk{chain: chain, want: want, last: Row{Hash: Genesis}, lastFits: true, gaps: map[int64]int{}}
}

// verify walks the chain past the anchors: rows that signed checkpoints saw,
// sorted by their number.
func (v *walk) verify(rows iter.Seq2[Row, error], anchors []Head) []Finding {
	good, broken := int64(0), false // the last anchor that held, and whether one did not
	for row, err := range rows {
		if err != nil {
			v.add(v.last.Seq+1, "", Unreadable, err.Error())
			return v.findings
		}
		v.read(row)
		for len(anchors) > 0 && anchors[0].Seq <= row.Seq {
			if a := anchors[0]; a.Seq == row.Seq && a.Hash != row.Hash && !broken {
				broken = true
				v.add(a.Seq, row.Key, Changed, fmt.Sprintf(
					"a signed checkpoint saw another row here: something in rows %d to %d was written anew", good+1, a.Seq))
			} else if a.Seq == row.Seq && a.Hash == row.Hash {
				good = a.Seq
			}
			anchors = anchors[1:]
		}
	}
	v.misplaced()
	v.end(anchors)
	return v.findings
}

func (v *walk) add(seq int64, key string, what What, detail string) {
	v.findings = append(v.findings, Finding{Chain: v.chain, Seq: seq, Key: key, What: what, Detail: detail})
}

// read judges one row by its number, its content and its predecessor. A row that
// was judged already is no reason to judge its successor.
func (v *walk) read(row Row) {
	v.count++
	next := v.last.Seq + 1
	if row.Seq < next {
		v.late(row)
		return
	}
	if row.Seq > next {
		if row.Seq == next+1 {
			v.gaps[next] = len(v.findings)
		}
		v.add(next, "", Missing, stretch("missing", next, row.Seq-1))
	}
	hash, err := row.hash()
	fits := err == nil && hash == row.Hash && row.Chain == v.chain
	switch {
	case row.Chain != v.chain:
		v.add(row.Seq, row.Key, Inserted, fmt.Sprintf("the row belongs to chain %q", row.Chain))
	case !fits:
		v.misfits = append(v.misfits, row)
	case row.Seq == next && row.Prev != v.last.Hash && v.lastFits:
		v.add(max(v.last.Seq, 1), v.last.Key, Changed, fmt.Sprintf(
			"written anew with a hash of its own: row %d, which is whole, was written behind another", row.Seq))
	}
	v.last, v.lastFits = row, fits
}

// late judges a row that stands behind one with a higher number.
func (v *walk) late(row Row) {
	if i, gap := v.gaps[row.Seq]; gap {
		delete(v.gaps, row.Seq)
		v.findings[i] = Finding{Chain: v.chain, Seq: row.Seq, Key: row.Key, What: Reordered, Detail: fmt.Sprintf("it stands behind row %d", v.last.Seq)}
		if hash, err := row.hash(); err != nil || hash != row.Hash {
			v.misfits = append(v.misfits, row)
		}
		return
	}
	v.add(row.Seq, row.Key, Inserted, "there is a row with this number, or there should be none")
}

// end compares the last row with what is known from elsewhere.
func (v *walk) end(beyond []Head) {
	last := v.last.Seq
	if len(beyond) > 0 {
		to := beyond[len(beyond)-1].Seq
		v.add(last+1, "", Truncated, stretch("gone, and signed checkpoints saw them or later ones", last+1, to))
	}
	switch w := v.want; {
	case w == nil:
	case w.Seq > last && len(beyond) == 0:
		v.add(last+1, "", Truncated, stretch("gone, and the head of the chain names them", last+1, w.Seq))
	case w.Seq > last:
	case w.Seq < last:
		v.add(w.Seq+1, "", Inserted, stretch("behind the head of the chain", w.Seq+1, last))
	case w.Hash != v.last.Hash && v.lastFits:
		v.add(last, v.last.Key, Changed, "the head of the chain names another hash for its last row")
	}
}

func stretch(what string, from, to int64) string {
	if from == to {
		return fmt.Sprintf("row %d: %s", from, what)
	}
	return fmt.Sprintf("rows %d to %d: %s", from, to, what)
}
