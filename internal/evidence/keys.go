package evidence

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/audit"
)

// keyText is public-key.txt: for each key its id and base64 for people and for sever,
// and PEM for openssl.
func keyText(keys []ed25519.PublicKey) (string, error) {
	var b strings.Builder
	b.WriteString("The public keys that may have signed. They came with this pack: compare the ids with\nthose that the owner of the installation gave you in another way.\n")
	if len(keys) == 0 {
		b.WriteString("\nNone: nothing in this pack is signed.\n")
	}
	for _, k := range keys {
		der, err := x509.MarshalPKIXPublicKey(k)
		if err != nil {
			return "", fmt.Errorf("public key %s: %w", audit.KeyID(k), err)
		}
		fmt.Fprintf(&b, "\nkey id: %s\nbase64: %s\n%s", audit.KeyID(k), base64.StdEncoding.EncodeToString(k),
			pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	return b.String(), nil
}

// ParseKeys reads Ed25519 public keys from text: the base64 of one key, or PEM blocks
// as in the public-key.txt of a pack, with any text between them. Text without a key is
// an error.
func ParseKeys(text []byte) ([]ed25519.PublicKey, error) {
	if b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text))); err == nil && len(b) == ed25519.PublicKeySize {
		return []ed25519.PublicKey{b}, nil
	}
	var keys []ed25519.PublicKey
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read a public key: %w", err)
		}
		ed, ok := key.(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("a %T is no Ed25519 public key", key)
		}
		keys = append(keys, ed)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no Ed25519 public key in it: neither PEM nor the base64 of 32 bytes")
	}
	return keys, nil
}
