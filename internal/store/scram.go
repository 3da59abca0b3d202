package store

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/config"
)

// scramRounds is what Postgres itself uses.
const scramRounds = 4096

// scramVerifier is what Postgres keeps of a password (SCRAM-SHA-256, RFC 5803).
// Passwords are printable ASCII, which is the same to every client.
func scramVerifier(password config.Secret) (string, error) {
	plain := password.Reveal()
	if plain == "" {
		return "", errors.New("no password is given")
	}
	for _, c := range []byte(plain) {
		if c < 0x20 || c > 0x7e {
			return "", errors.New("the password has characters other than printable ASCII")
		}
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("draw a salt: %w", err)
	}
	return scramWith(plain, salt)
}

func scramWith(plain string, salt []byte) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, plain, salt, scramRounds, sha256.Size)
	if err != nil {
		return "", err
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	text := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", scramRounds, text(salt), text(stored[:]), text(mac(salted, "Server Key"))), nil
}

func mac(key []byte, message string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(message))
	return h.Sum(nil)
}
