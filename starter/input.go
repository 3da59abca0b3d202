package main

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// maxName is longer than any name that the systems we know allow.
	maxName = 256
	// maxPrincipal keeps "offboard/" and the id within what Temporal can index.
	maxPrincipal = 240
	// maxText is the longest reason or ticket.
	maxText = 2000
)

// validName refuses what cannot be a name and could do harm as one: nothing, too
// much, control characters, and characters that nobody can see.
func validName(what, s string) error { return validText(what, s, maxName) }

func validText(what, s string, limit int) error {
	switch {
	case strings.TrimSpace(s) == "":
		return badInput("%s is empty", what)
	case len(s) > limit:
		return badInput("%s is %d bytes long; at most %d are allowed", what, len(s), limit)
	case !utf8.ValidString(s):
		return badInput("%s is not UTF-8 text", what)
	case strings.TrimSpace(s) != s:
		return badInput("%s begins or ends with a space: %q", what, s)
	}
	for i, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return badInput("%s has a character at byte %d that cannot be seen: %U", what, i+1, r)
		}
	}
	return nil
}

// parseAt reads the effective date: RFC 3339, or a local date and time.
func parseAt(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		at, err = time.ParseInLocation("2006-01-02 15:04", s, time.Local)
	}
	if err != nil {
		return at, badInput("--at %q is not a time", s).then(`write it as "2026-12-24 17:00" (local time) or 2026-12-24T17:00:00Z`)
	}
	if !at.After(now) {
		return at, badInput("--at %s is not in the future", at.Format(time.RFC3339)).then("leave --at out to begin at once")
	}
	return at.UTC(), nil
}

// parseSuccessors reads [connection=]account. Without a connection it is the
// successor wherever none is named; "=account" says so for a name with a "=" in it.
func parseSuccessors(list []string, known func(connection string) error) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range list {
		connection, account, both := strings.Cut(s, "=")
		if !both {
			connection, account = "", s
		}
		if err := validName(fmt.Sprintf("the account in --successor %q", s), account); err != nil {
			return nil, err
		}
		if connection != "" {
			if err := known(connection); err != nil {
				return nil, err
			}
		}
		if was, twice := out[connection]; twice && was != account {
			where := "every connection"
			if connection != "" {
				where = connection
			}
			return nil, badInput("--successor names two accounts for %s: %s and %s", where, was, account)
		}
		out[connection] = account
	}
	return out, nil
}

// newCaseID is a fresh id that a person can read aloud: the day, and ten characters
// that nobody mistakes for others.
func newCaseID(now time.Time) string {
	return "C-" + now.UTC().Format("060102") + "-" + random(10)
}

// random is n characters of an alphabet without i, l, o and u.
func random(n int) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b)
}
