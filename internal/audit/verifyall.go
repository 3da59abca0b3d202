package audit

import (
	"cmp"
	"crypto/ed25519"
	"fmt"
	"iter"
	"slices"
)

// Checkpoints is the name that findings about checkpoints carry for a chain.
const Checkpoints = "checkpoints"

// Book is everything there is to verify, wherever it was read from.
type Book struct {
	// Chains are the names of all chains that have rows.
	Chains []string
	// Expected are the names of chains that must have rows: the cases on record.
	Expected []string
	// Heads are the ends of the chains as kept beside the rows. Nil when there are
	// none to compare with, as in an evidence pack.
	Heads []Head
	// Rows reads a chain from its first row on.
	Rows func(chain string) iter.Seq2[Row, error]
	// Checkpoints are those in the database, Outside those in the file.
	// Read the file before the database: a checkpoint reaches the database first.
	Checkpoints, Outside []Checkpoint
	// Keys are the public keys that ever signed. Without any, signatures are not
	// checked, and the report says so.
	Keys []ed25519.PublicKey
	// Part is true when the book holds some of the chains only. Chains that a
	// checkpoint names and the book does not are then no finding.
	Part bool
	// Some is true when the book holds some of the checkpoints only, as an evidence
	// pack does. Numbers that are left out are then no finding.
	Some bool
}

// Report is what verifying a book came to.
type Report struct {
	Chains      int       `json:"chains"`
	Rows        int64     `json:"rows"`
	Checkpoints int       `json:"checkpoints"`
	Findings    []Finding `json:"findings"`
	// Uncovered counts the rows that no checkpoint covers yet. Who owns the
	// database could rewrite those unseen.
	Uncovered int64 `json:"uncovered"`
	// Notes say what could not be checked, and why.
	Notes []string `json:"notes,omitempty"`
}

// OK reports whether nothing was found.
func (r Report) OK() bool { return len(r.Findings) == 0 }

// VerifyAll verifies every chain against its head and the checkpoints, and the
// checkpoints against each other, the keys and the copy outside.
func VerifyAll(b Book) Report {
	r := Report{Findings: []Finding{}}
	anchors := r.checkpoints(b)
	heads := map[string]Head{}
	for _, h := range b.Heads {
		heads[h.Chain] = h
	}
	for _, chain := range b.everyChain(heads, anchors) {
		h, known := heads[chain]
		v := newWalk(chain, nil)
		if known {
			v.want = &h
		}
		r.Findings = append(r.Findings, v.verify(b.Rows(chain), anchors[chain])...)
		if b.Heads != nil && !known && v.count > 0 {
			r.Findings = append(r.Findings, Finding{Chain: chain, Seq: v.last.Seq, What: Missing, Detail: "the head of the chain is gone"})
		}
		if v.count == 0 && len(anchors[chain]) == 0 && slices.Contains(b.Expected, chain) {
			r.Findings = append(r.Findings, Finding{Chain: chain, Seq: 1, What: Missing, Detail: "the case is on record and its trail is gone"})
		}
		r.Chains++
		r.Rows += v.count
		r.Uncovered += v.last.Seq - covered(anchors[chain], v.last.Seq)
	}
	return r
}

// everyChain lists the chains of the book, sorted, with those that only a head or
// a checkpoint remembers.
func (b Book) everyChain(heads map[string]Head, anchors map[string][]Head) []string {
	all := slices.Concat(b.Chains, b.Expected)
	for chain := range heads {
		all = append(all, chain)
	}
	if !b.Part {
		for chain := range anchors {
			all = append(all, chain)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// checkpoints verifies the checkpoints themselves and returns what they saw of
// each chain, sorted by row.
func (r *Report) checkpoints(b Book) map[string][]Head {
	if len(b.Keys) == 0 && len(b.Checkpoints)+len(b.Outside) > 0 {
		r.Notes = append(r.Notes, "no public key was given: the signatures of the checkpoints were not checked")
	}
	seen := map[string][]Head{}
	inside := r.line(b, "", b.Checkpoints, seen)
	outside := r.line(b, "the copy outside: ", b.Outside, seen)
	r.Checkpoints = len(inside)
	r.compare(inside, outside, len(b.Outside))
	for _, heads := range seen {
		slices.SortFunc(heads, func(a, b Head) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Hash, b.Hash)) })
	}
	for chain := range seen {
		seen[chain] = slices.Compact(seen[chain])
	}
	return seen
}

// line verifies one list of checkpoints, first to last.
func (r *Report) line(b Book, where string, list []Checkpoint, seen map[string][]Head) map[int64]Checkpoint {
	byNo := map[int64]Checkpoint{}
	prev, next := Genesis, int64(1)
	for _, c := range list {
		switch err := b.trust(c); {
		case err != nil:
			r.checkpoint(c.No, Changed, where+err.Error())
		case c.No > next && !b.Some:
			r.checkpoint(next, Missing, where+stretch("no such checkpoint", next, c.No-1))
		case c.No < next:
			r.checkpoint(c.No, Inserted, where+fmt.Sprintf("it follows checkpoint %d", next-1))
		case c.No == next && c.Prev != prev:
			r.checkpoint(c.No-1, Changed, where+"the checkpoint behind it was written behind another")
		}
		if b.trust(c) == nil {
			for _, h := range c.Heads {
				seen[h.Chain] = append(seen[h.Chain], h)
			}
		}
		byNo[c.No], prev, next = c, c.Hash, c.No+1
	}
	return byNo
}

// compare holds the checkpoints in the database against the copy outside.
func (r *Report) compare(inside, outside map[int64]Checkpoint, n int) {
	for no := range int64(n) {
		out, ok := outside[no+1]
		if !ok {
			continue
		}
		switch in, ok := inside[no+1]; {
		case !ok:
			r.checkpoint(no+1, Truncated, "the copy outside has this checkpoint and the database has not: it is older, or was cut")
		case in.Hash != out.Hash:
			r.checkpoint(no+1, Changed, "the database and the copy outside differ")
		}
	}
	if late := len(inside) - len(outside); n > 0 && late > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("the copy outside lacks the last %d checkpoints", late))
	}
}

func (r *Report) checkpoint(no int64, what What, detail string) {
	r.Findings = append(r.Findings, Finding{Chain: Checkpoints, Seq: no, What: what, Detail: detail})
}

// trust reports whether a checkpoint is signed by one of our keys, or is at least
// whole when there are no keys to compare with.
func (b Book) trust(c Checkpoint) error {
	if len(b.Keys) == 0 {
		return c.intact()
	}
	for _, key := range b.Keys {
		if KeyID(key) == c.KeyID {
			return c.Verify(key)
		}
	}
	if err := c.intact(); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", ErrUnknownKey, c.KeyID)
}

// covered is the last row, up to last, that an anchor names.
func covered(anchors []Head, last int64) int64 {
	var to int64
	for _, a := range anchors {
		if a.Seq <= last {
			to = max(to, a.Seq)
		}
	}
	return to
}
