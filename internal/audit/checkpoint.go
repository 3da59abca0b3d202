package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Checkpoint is a signed statement of where chains stood.
type Checkpoint struct {
	No int64     `json:"no"` // from 1, without gaps
	At time.Time `json:"at"`
	// Heads are the last rows of the chains that grew since the checkpoint before,
	// sorted by chain.
	Heads     []Head `json:"heads"`
	Prev      string `json:"prev"` // the hash of the checkpoint before, or Genesis
	KeyID     string `json:"key_id"`
	Hash      string `json:"hash"`      // of everything above, in canonical form
	Signature string `json:"signature"` // Ed25519 over "sever checkpoint " and the hash, base64
}

// Why a checkpoint does not verify.
var (
	ErrCheckpointChanged = errors.New("the checkpoint does not hold what was signed: its hash does not fit")
	ErrUnknownKey        = errors.New("the checkpoint is signed by a key that is not ours")
	ErrBadSignature      = errors.New("the signature of the checkpoint does not fit")
)

// KeyID names a public key, for people and for finding it again.
func KeyID(pub ed25519.PublicKey) string { return sum(pub)[:16] }

// Sign makes checkpoint number no behind the one whose hash is prev (Genesis for
// the first). The time is kept in whole microseconds.
func Sign(key ed25519.PrivateKey, no int64, at time.Time, heads []Head, prev string) (Checkpoint, error) {
	pub, ok := key.Public().(ed25519.PublicKey)
	if !ok || len(key) != ed25519.PrivateKeySize {
		return Checkpoint{}, errors.New("sign checkpoint: this is no Ed25519 private key")
	}
	heads = slices.SortedFunc(slices.Values(heads), func(a, b Head) int { return strings.Compare(a.Chain, b.Chain) })
	if heads == nil {
		heads = []Head{}
	}
	c := Checkpoint{No: no, At: at.UTC().Truncate(time.Microsecond), Heads: heads, Prev: prev, KeyID: KeyID(pub)}
	text, err := c.Canonical()
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign checkpoint %d: %w", no, err)
	}
	c.Hash = sum(text)
	c.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, signed(c.Hash)))
	return c, nil
}

// Verify reports whether the checkpoint is what the owner of the key signed. It
// says nothing about the checkpoint's place behind others.
func (c Checkpoint) Verify(pub ed25519.PublicKey) error {
	if err := c.intact(); err != nil {
		return err
	}
	if c.KeyID != KeyID(pub) {
		return fmt.Errorf("%w: %s", ErrUnknownKey, c.KeyID)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(c.Signature)
	if err != nil || !ed25519.Verify(pub, signed(c.Hash), signature) {
		return ErrBadSignature
	}
	return nil
}

// Canonical is the text that the hash of the checkpoint covers: every field but
// the hash and the signature.
func (c Checkpoint) Canonical() ([]byte, error) {
	heads := make([]any, len(c.Heads))
	for i, h := range c.Heads {
		heads[i] = map[string]any{"chain": h.Chain, "seq": h.Seq, "hash": h.Hash}
	}
	return appendValue(nil, map[string]any{
		"v": int64(1), "no": c.No, "at": c.At.UTC().Format(timeForm), "heads": heads, "prev": c.Prev, "key_id": c.KeyID,
	})
}

func (c Checkpoint) intact() error {
	text, err := c.Canonical()
	if err != nil || sum(text) != c.Hash {
		return ErrCheckpointChanged
	}
	return nil
}

func signed(hash string) []byte { return []byte("sever checkpoint " + hash) }
