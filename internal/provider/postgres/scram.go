package postgres

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// iterations is what the server itself uses for passwords that it hashes.
const iterations = 4096

// newSecret is a random password and what the server stores of it. The server gets
// only the second, so the password can stand in no log of it.
func newSecret() (secret, verifier string, err error) {
	raw, salt := make([]byte, 32), make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	_, _ = rand.Read(salt)
	secret = base64.RawURLEncoding.EncodeToString(raw)
	verifier, err = scram(secret, salt)
	return secret, verifier, err
}

// scram is the verifier of RFC 5802 and 7677 in PostgreSQL's form. The secret must
// be ASCII: nothing is normalized.
func scram(secret string, salt []byte) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, secret, salt, iterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("scram: %w", err)
	}
	stored := sha256.Sum256(sign(salted, "Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt), b64(stored[:]), b64(sign(salted, "Server Key"))), nil
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
