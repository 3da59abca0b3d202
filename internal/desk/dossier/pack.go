// Package dossier makes and checks what auditors get: evidence packs, and the verdict
// about the trail. What the records are turned into is package evidence's; here it is
// read, signed, noted and handed over.
package dossier

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/evidence"
	"github.com/severhq/sever/internal/store"
)

// Pack makes the evidence pack of a case, and notes in the trail who made it before
// anybody has it. Where a key is set, the trail is signed once more, so that the pack has
// no row that none covers. A pack that would have one of the secrets in it is refused.
func (s Settings) Pack(ctx context.Context, records *store.Store, caseID, by string, secrets []config.Secret) (evidence.Pack, error) {
	var none evidence.Pack
	keys, err := s.Keys()
	if err != nil {
		return none, err
	}
	key, err := s.Signer()
	if err != nil {
		return none, err
	}
	if err := signTrail(ctx, records, key, s.Checkpoints); err != nil {
		return none, err
	}
	file, err := records.CaseFile(ctx, caseID)
	if err != nil {
		return none, err
	}
	in := content(file)
	in.Keys, in.Key, in.MadeAt, in.MadeBy, in.Secrets = keys, key, time.Now(), by, config.Scrubber(secrets)
	pack, err := evidence.Build(in)
	if leak, ok := errors.AsType[*evidence.SecretError](err); ok {
		return none, desk.Failf(desk.Open, "%w", leak).Then("change that credential: it stands in the records of case %s", caseID)
	}
	if err != nil {
		return none, err
	}
	return pack, noteRead(ctx, records, pack, by)
}

// Recheck verifies a pack that was just made: where the records were tampered with
// before, whoever hands it over should know first.
func (s Settings) Recheck(p evidence.Pack) (evidence.Report, error) {
	keys, err := s.Keys()
	if s.Key.Empty() { // keys that were given would ask for a signature
		keys = nil
	}
	return evidence.Verify(bytes.NewReader(p.Zip), int64(len(p.Zip)), keys), err
}

// signTrail makes a checkpoint of how all chains stand now, in the database and outside
// it, so that the pack has no row that none covers. Without a key it does nothing.
func signTrail(ctx context.Context, s *store.Store, key ed25519.PrivateKey, outside string) error {
	if key == nil {
		return nil
	}
	if _, err := s.AddCheckpoint(ctx, key, time.Now()); err != nil || outside == "" {
		return err
	}
	last, err := audit.LastCheckpoint(outside)
	if err != nil {
		return err
	}
	missing, err := s.CheckpointsAfter(ctx, last)
	if err != nil {
		return err
	}
	return audit.AppendCheckpoint(outside, missing...)
}

// noteRead writes who took which pack to the trail of the case.
func noteRead(ctx context.Context, s *store.Store, p evidence.Pack, by string) error {
	m := p.Manifest
	return s.Do(ctx, func(tx *store.Tx) error {
		return tx.Append(ctx, audit.Event{Chain: m.Case, Key: "evidence/" + p.Hash, At: time.Now(), Kind: audit.EvidenceRead, Actor: by, Object: m.Case,
			Data: map[string]any{"manifest": p.Hash, "rows": m.Chain.Seq, "signed_by": m.KeyID}})
	})
}
