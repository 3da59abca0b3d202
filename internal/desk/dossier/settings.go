package dossier

import (
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"strings"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
)

// Settings say by whom checkpoints are signed and where their copies are.
type Settings struct {
	Key         config.Secret `env:"SEVER_AUDIT_KEY"`
	PublicKeys  []string      `env:"SEVER_AUDIT_PUBLIC_KEYS"`
	Checkpoints string        `env:"SEVER_CHECKPOINTS"`
}

// SettingsOf reads them.
func SettingsOf(vars config.Vars) (Settings, error) {
	s, err := config.Parse[Settings](vars, "")
	if err != nil {
		return s, desk.Invalidf("%w", err)
	}
	_, err = s.Keys()
	return s, err
}

// Keys are those that may have signed.
func (s Settings) Keys() ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for _, text := range s.PublicKeys {
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || len(b) != ed25519.PublicKeySize {
			return nil, desk.Invalidf("SEVER_AUDIT_PUBLIC_KEYS has an entry that is not the base64 of a %d byte Ed25519 public key", ed25519.PublicKeySize)
		}
		keys = append(keys, b)
	}
	key, err := s.Signer()
	if err != nil || key == nil {
		return keys, err
	}
	public, _ := key.Public().(ed25519.PublicKey)
	return append(keys, public), nil
}

// Signer is the key that signs checkpoints and packs; nil where none is set.
func (s Settings) Signer() (ed25519.PrivateKey, error) {
	if s.Key.Empty() {
		return nil, nil
	}
	seed, err := base64.StdEncoding.DecodeString(s.Key.Reveal())
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, desk.Invalidf("SEVER_AUDIT_KEY is not the base64 of a %d byte Ed25519 seed", ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// Outside are the checkpoints outside the database. A file that somebody named has to
// be there; the one of the settings may not exist before the first checkpoint.
func (s Settings) Outside(named string) ([]audit.Checkpoint, error) {
	path := named
	if path == "" {
		path = s.Checkpoints
	} else if _, err := os.Stat(path); err != nil {
		return nil, desk.Invalidf("--checkpoints: %w", err)
	}
	if path == "" {
		return nil, nil
	}
	list, err := audit.ReadCheckpoints(path)
	if err != nil {
		return nil, desk.Failf(desk.Open, "%w", err).Then("compare the file with a backup: a line of it cannot be read")
	}
	return list, nil
}
