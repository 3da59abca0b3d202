package mysql

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what one of the plugins hashes passwords with; the password is random
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// The plugins whose hashes we make: MariaDB's, and MySQL's since 8.0.
const (
	native = "mysql_native_password" // SHA1(SHA1(password)), as 40 digits behind a *
	sha2   = "caching_sha2_password" // $A$005$, 20 characters of salt, 43 of hash
)

// Lengths of what the plugins store.
const (
	nativeLength = 1 + 2*sha1.Size
	sha2Prefix   = "$A$005$"
	sha2Salt     = 20
	sha2Length   = len(sha2Prefix) + sha2Salt + 43
)

// deadHash is a hash for which no password is known: the id, and what shows that it is
// one of these. Whoever wanted to log in with it would have to invert SHA-1 or SHA-256.
func deadHash(plugin string, i identity, id string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "no password fits this\x00%s\x00%s\x00%s", i.User, i.Host, id))
	if plugin == sha2 {
		return sha2Prefix + (id + "dead")[:sha2Salt] + crypt64(sum)
	}
	return "*" + strings.ToUpper(id + hex.EncodeToString(sum[:]))[:nativeLength-1]
}

// dead reports whether the account's only credential is a deadHash, and whose id is in it.
func (a account) dead() (id string, dead bool) {
	switch {
	case len(a.Or) > 1, a.Second:
		return "", false
	case a.Plugin == native && len(a.Text) == nativeLength:
		id = strings.ToLower(a.Text[1 : 1+idDigits])
	case a.Plugin == sha2 && len(a.Text) == sha2Length:
		id = a.Text[len(sha2Prefix) : len(sha2Prefix)+idDigits]
	default:
		return "", false
	}
	return id, a.Text == deadHash(a.Plugin, a.identity, id)
}

// markDigits are how many digits of an id the hash of a secret of ours begins with. One
// account in 65,536 that somebody else made would pass for one that we opened, and only
// in a repeated Restore.
const markDigits = 4

func (a account) marked(id string) bool {
	switch {
	case len(a.Or) > 1:
		return false
	case a.Plugin == native && len(a.Text) == nativeLength:
		return strings.EqualFold(a.Text[1:1+markDigits], id[:markDigits])
	case a.Plugin == sha2 && len(a.Text) == sha2Length:
		return strings.HasPrefix(a.Text[len(sha2Prefix):], id[:markDigits])
	}
	return false
}

// newSecret draws a password, and the hash of it that begins with the id that the
// account had. For the older plugin it draws until one does.
func newSecret(plugin, id string) (secret, hash string) {
	base := rand.Text()
	if plugin == sha2 {
		salt := (id[:markDigits] + rand.Text())[:sha2Salt]
		return base, sha2Prefix + salt + sha2Hash(base, salt)
	}
	for n := 0; ; n++ {
		secret = fmt.Sprintf("%s%06d", base, n)
		once := sha1.Sum([]byte(secret)) //nolint:gosec // see the import
		twice := sha1.Sum(once[:])       //nolint:gosec // see the import
		hash = "*" + strings.ToUpper(hex.EncodeToString(twice[:]))
		if strings.EqualFold(hash[1:1+markDigits], id[:markDigits]) {
			return secret, hash
		}
	}
}

// identified is a way to log in as it stands behind ALTER USER and CREATE USER.
func (m method) identified() string {
	if m.Text == "" {
		return m.Plugin
	}
	return m.Plugin + " as " + literal(m.Text)
}
