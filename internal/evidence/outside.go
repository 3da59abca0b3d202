package evidence

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/audit"
)

// outside holds the chain against the checkpoints that are kept where nobody who makes
// packs can write. A row that is another than theirs is a finding. That theirs go further
// is none: every case goes on after its pack was made, if only by the row that says so.
// But an older pack in place of a newer one shows in nothing else.
func (v *verification) outside(list []audit.Checkpoint, rows []audit.Row, keys []ed25519.PublicKey) {
	at := map[int64]string{}
	for _, r := range rows {
		at[r.Seq] = r.Hash
	}
	last := int64(len(rows))
	var further audit.Checkpoint
	for _, c := range list {
		for _, h := range c.Heads {
			if h.Chain != v.Case {
				continue
			}
			if err := trusted(c, keys); err != nil {
				v.find(Finding{File: "the checkpoints outside", Row: c.No, What: audit.Changed, Detail: err.Error()})
				continue
			}
			v.Outside++
			switch {
			case h.Seq > last+v.Later:
				v.Later, further = h.Seq-last, c
			case h.Seq <= last && at[h.Seq] != h.Hash:
				v.find(Finding{File: chainFile, Row: h.Seq, What: audit.Changed, Detail: fmt.Sprintf("checkpoint %d outside was signed over another row", c.No)})
			}
		}
	}
	if v.Later > 0 {
		v.Notes = append(v.Notes, fmt.Sprintf("the trail went on: checkpoint %d outside, of %s, has %d rows of this case behind the last one in the pack (row %d); ask for a newer pack if they matter",
			further.No, further.At.UTC().Format(time.RFC3339), v.Later, last))
	}
	if len(list) > 0 && v.Outside == 0 {
		v.Notes = append(v.Notes, fmt.Sprintf("none of the %d checkpoints outside names this case", len(list)))
	}
}

// trusted reports whether one of the keys signed a checkpoint.
func trusted(c audit.Checkpoint, keys []ed25519.PublicKey) error {
	for _, k := range keys {
		if audit.KeyID(k) == c.KeyID {
			return c.Verify(k)
		}
	}
	return fmt.Errorf("%w: %s", audit.ErrUnknownKey, c.KeyID)
}
