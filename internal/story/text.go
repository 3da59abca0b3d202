// Package story tells the audit trail of a case in sentences: who did what to whom, when
// and why. It reads rows and nothing else, so what it tells is what the trail holds.
package story

import (
	"strings"
	"unicode"
)

// Printable is foreign text as a terminal may have it: names and messages come from
// other systems, and an escape sequence among them must not reach the terminal.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return '\uFFFD'
		}
		return r
	}, s)
}

// OneLine is foreign text for the middle of a line.
func OneLine(s string) string {
	return Printable(strings.Join(strings.Fields(s), " "))
}
