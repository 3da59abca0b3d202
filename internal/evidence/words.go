package evidence

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// moment is a time for people everywhere: UTC, to the second.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// span is a length of time in two units at most.
func span(d time.Duration) string {
	two := func(big time.Duration, bigName string, small time.Duration, smallName string) string {
		out := fmt.Sprintf("%d %s", d/big, bigName)
		if rest := d % big / small; rest > 0 {
			out += fmt.Sprintf(" %d %s", rest, smallName)
		}
		return out
	}
	switch {
	case d < 0:
		return "before that"
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return two(time.Minute, "min", time.Second, "s")
	case d < 24*time.Hour:
		return two(time.Hour, "h", time.Minute, "min")
	}
	return two(24*time.Hour, "d", time.Hour, "h")
}

// spaced is a name of ours as words: "already_gone" is "already gone".
func spaced[T ~string](s T) string { return strings.ReplaceAll(string(s), "_", " ") }

// printable is text as a page may have it: what would reorder or hide other text does
// not reach the reader.
func printable(s string) string {
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

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
