package dossier

import (
	"context"
	"crypto/ed25519"
	"iter"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// Verify checks the trail of the cases that are named, or of everything.
func (s Settings) Verify(ctx context.Context, records *store.Store, outside []audit.Checkpoint, what ...string) (audit.Report, error) {
	keys, err := s.Keys()
	if err != nil {
		return audit.Report{}, err
	}
	if len(what) == 0 {
		return records.VerifyAudit(ctx, keys, outside)
	}
	c, err := desk.Find(ctx, records, what[0])
	if err != nil {
		return audit.Report{}, err
	}
	return verifyCase(ctx, records, c.ID, keys, outside)
}

// verifyCase verifies the chain of one case, and all checkpoints.
func verifyCase(ctx context.Context, s *store.Store, caseID string, keys []ed25519.PublicKey, outside []audit.Checkpoint) (audit.Report, error) {
	inside, err := s.Checkpoints(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	heads, err := s.Heads(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	book := audit.Book{Chains: []string{caseID}, Expected: []string{caseID}, Heads: []audit.Head{}, Checkpoints: inside, Outside: outside, Keys: keys, Part: true,
		Rows: func(chain string) iter.Seq2[audit.Row, error] { return s.Events(ctx, chain, 0) }}
	for _, h := range heads {
		if h.Chain == caseID {
			book.Heads = append(book.Heads, h)
		}
	}
	return audit.VerifyAll(book), nil
}
