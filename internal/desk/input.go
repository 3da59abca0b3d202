package desk

import (
	"crypto/rand"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// How long texts may be, in bytes.
const (
	MaxName      = 256  // longer than any name that the systems we know allow
	MaxPrincipal = 240  // keeps "offboard/" and the id within what Temporal can index
	MaxText      = 2000 // the longest reason or ticket
)

// ValidName refuses what cannot be a name and could do harm as one: nothing, too
// much, control characters, and characters that nobody can see.
func ValidName(what, s string) error { return ValidText(what, s, MaxName) }

// ValidText is ValidName with a limit of its own, in bytes.
func ValidText(what, s string, limit int) error {
	switch {
	case strings.TrimSpace(s) == "":
		return Invalidf("%s is empty", what)
	case len(s) > limit:
		return Invalidf("%s is %d bytes long; at most %d are allowed", what, len(s), limit)
	case !utf8.ValidString(s):
		return Invalidf("%s is not UTF-8 text", what)
	case strings.TrimSpace(s) != s:
		return Invalidf("%s begins or ends with a space: %q", what, s)
	}
	for i, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return Invalidf("%s has a character at byte %d that cannot be seen: %U", what, i+1, r)
		}
	}
	return nil
}

// NewCaseID is a fresh id that a person can read aloud: the day, and ten characters
// that nobody mistakes for others.
func NewCaseID(now time.Time) string {
	return "C-" + now.UTC().Format("060102") + "-" + Random(10)
}

// Random is n characters of an alphabet without i, l, o and u.
func Random(n int) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b)
}
