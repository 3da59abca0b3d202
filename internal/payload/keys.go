package payload

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/config"
)

// Variable is where the keys come from: id=base64, with commas between.
const Variable = "SEVER_PAYLOAD_KEYS"

const keySize = 32 // bytes: AES-256

// validID keeps the ids of keys short and harmless: they are stored in the clear, and
// printed.
var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Keys are those that payloads are encrypted with, by id. No keys are valid: nothing is
// encrypted then, and nothing encrypted can be read.
type Keys struct {
	ids     []string // the first one encrypts
	ciphers map[string]cipher.AEAD
}

type settings struct {
	Keys config.Secret `env:"SEVER_PAYLOAD_KEYS"`
}

// FromVars reads the keys from SEVER_PAYLOAD_KEYS or the file that
// SEVER_PAYLOAD_KEYS_FILE names. A variable that is not set is no keys; one that is
// malformed is an error, which names the entry and never shows it.
func FromVars(vars config.Vars) (*Keys, error) {
	s, err := config.Parse[settings](vars, "")
	if err != nil {
		return nil, err
	}
	return ParseKeys(s.Keys)
}

// ParseKeys reads id=base64 entries, with commas or line ends between them.
func ParseKeys(given config.Secret) (*Keys, error) {
	k := &Keys{ciphers: map[string]cipher.AEAD{}}
	if strings.TrimSpace(given.Reveal()) == "" {
		return k, nil
	}
	var errs []error
	for i, entry := range strings.FieldsFunc(given.Reveal(), func(r rune) bool { return r == ',' || r == '\n' }) {
		if err := k.add(strings.TrimSpace(entry)); err != nil {
			errs = append(errs, fmt.Errorf("%s: entry %d: %w", Variable, i+1, err))
		}
	}
	if len(k.ids) == 0 && errs == nil {
		errs = append(errs, fmt.Errorf("%s: has separators and no key: write id=base64, or leave it unset", Variable))
	}
	return k, errors.Join(errs...)
}

// add takes one entry. What is not an id is not repeated: it may be the key.
func (k *Keys) add(entry string) error {
	id, encoded, ok := strings.Cut(entry, "=")
	if !ok || !validID.MatchString(id) || encoded == "" {
		return errors.New("is not id=base64: an id has letters, digits, dots, dashes and underscores, at most 64 (sever keys new makes an entry)")
	}
	if _, twice := k.ciphers[id]; twice {
		return fmt.Errorf("the id %q is given twice: every key has an id of its own", id)
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("the key %q is not base64", id)
	}
	if len(key) != keySize {
		return fmt.Errorf("the key %q has %d bytes and needs %d", id, len(key), keySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return fmt.Errorf("the key %q: %w", id, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return fmt.Errorf("the key %q: %w", id, err)
	}
	k.ids = append(k.ids, id)
	k.ciphers[id] = aead
	return nil
}

// Active is the id of the key that encrypts; empty: nothing is encrypted.
func (k *Keys) Active() string {
	if len(k.ids) == 0 {
		return ""
	}
	return k.ids[0]
}

// IDs are the ids of all keys, the one that encrypts first.
func (k *Keys) IDs() []string { return slices.Clone(k.ids) }

// NewKey makes an entry for SEVER_PAYLOAD_KEYS with a fresh random key.
func NewKey(id string) (string, error) {
	if !validID.MatchString(id) {
		return "", fmt.Errorf("%q cannot be the id of a key: letters, digits, dots, dashes and underscores, at most 64", id)
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	return id + "=" + base64.StdEncoding.EncodeToString(key), nil
}
