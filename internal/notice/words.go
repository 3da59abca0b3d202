package notice

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// address is an e-mail address. A MariaDB account at a named host looks like one and is
// left out too; the key of the task says which it is.
var address = regexp.MustCompile(`[^\s@"'<>():;,/]+@[^\s@"'<>():;,/]+\.[A-Za-z]{2,}`)

// longest is how much of a system's words a notice repeats. The trail has all of them.
const longest = 1000

// withoutAddresses is the text for readers outside: no address, and not too long.
func withoutAddresses(s string) string {
	s = address.ReplaceAllString(s, "[address]")
	if len(s) <= longest {
		return s
	}
	cut := longest
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// pasteable is the next command if it can be told outside: one that has to name an
// account by its address, or the principal by hers, cannot. Who asked for a case, and who
// may approve it, can be named.
func (a About) pasteable(email string) bool {
	hers := email != "" && strings.Contains(strings.ToLower(a.Next), strings.ToLower(email))
	return !hers && (a.Connection == "" || !address.MatchString(a.Next))
}
