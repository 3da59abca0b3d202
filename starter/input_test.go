package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, problem string }{
		"an ordinary one":            {in: "ada"},
		"with quotes and spaces":     {in: `we ird; drop" x`},
		"beyond ASCII":               {in: "Renée"},
		"as long as it may be":       {in: strings.Repeat("x", 256)},
		"nothing":                    {in: "", problem: "it is empty"},
		"only spaces":                {in: "  ", problem: "it is empty"},
		"too long":                   {in: strings.Repeat("x", 257), problem: "it is 257 bytes long; at most 256 are allowed"},
		"a line feed":                {in: "a\nb", problem: "it has a character at byte 2 that cannot be seen: U+000A"},
		"a zero byte":                {in: "a\x00", problem: "it has a character at byte 2 that cannot be seen: U+0000"},
		"an escape sequence":         {in: "a\x1b[2J", problem: "it has a character at byte 2 that cannot be seen: U+001B"},
		"an eighth-bit control":      {in: "a\u009b", problem: "it has a character at byte 2 that cannot be seen: U+009B"},
		"the other way round":        {in: "a\u202eb", problem: "it has a character at byte 2 that cannot be seen: U+202E"},
		"a space without width":      {in: "a\u200bb", problem: "it has a character at byte 2 that cannot be seen: U+200B"},
		"a line separator":           {in: "a\u2028b", problem: "it has a character at byte 2 that cannot be seen: U+2028"},
		"no UTF-8":                   {in: "a\xff", problem: "it is not UTF-8 text"},
		"a space that nobody sees":   {in: "ada ", problem: `it begins or ends with a space: "ada "`},
		"a path is a name like many": {in: "../../etc/passwd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := validName("it", c.in)
			if c.problem == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.problem)
			require.Equal(t, exitBadInput, explain(err).code)
		})
	}
}

func TestEffectiveDate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"":                          {},
		"2026-12-24T17:00:00Z":      time.Date(2026, 12, 24, 17, 0, 0, 0, time.UTC),
		"2026-12-24T17:00:00+02:00": time.Date(2026, 12, 24, 15, 0, 0, 0, time.UTC),
		"2026-12-24 17:00":          time.Date(2026, 12, 24, 17, 0, 0, 0, time.Local).UTC(),
	} {
		at, err := parseAt(in, now)
		require.NoError(t, err, in)
		require.True(t, want.Equal(at), "%s: %s", in, at)
	}
	for in, problem := range map[string]string{
		"friday":               `--at "friday" is not a time`,
		"2026-13-01 10:00":     `--at "2026-13-01 10:00" is not a time`,
		"2026-05-01T12:00:00Z": "--at 2026-05-01T12:00:00Z is not in the future",
		"1999-01-01T00:00:00Z": "--at 1999-01-01T00:00:00Z is not in the future",
	} {
		_, err := parseAt(in, now)
		require.EqualError(t, err, problem)
	}
}

func TestSuccessors(t *testing.T) {
	t.Parallel()
	known := func(name string) error {
		if name == "pg-main" || name == "pg-old" {
			return nil
		}
		return badInput("there is no connection %q", name)
	}
	for name, c := range map[string]struct {
		in      []string
		want    map[string]string
		problem string
	}{
		"none":                        {want: map[string]string{}},
		"everywhere":                  {in: []string{"grace"}, want: map[string]string{"": "grace"}},
		"at one connection":           {in: []string{"pg-main=grace", "joan"}, want: map[string]string{"pg-main": "grace", "": "joan"}},
		"a name with an equals sign":  {in: []string{"=a=b"}, want: map[string]string{"": "a=b"}},
		"the same twice":              {in: []string{"grace", "grace"}, want: map[string]string{"": "grace"}},
		"two for one":                 {in: []string{"pg-old=a", "pg-old=b"}, problem: "--successor names two accounts for pg-old: a and b"},
		"two for everywhere":          {in: []string{"a", "b"}, problem: "--successor names two accounts for every connection: a and b"},
		"a connection that is not":    {in: []string{"pg-mian=grace"}, problem: `there is no connection "pg-mian"`},
		"nobody":                      {in: []string{"pg-main="}, problem: `the account in --successor "pg-main=" is empty`},
		"nothing":                     {in: []string{""}, problem: `the account in --successor "" is empty`},
		"somebody who cannot be seen": {in: []string{"a\tb"}, problem: `the account in --successor "a\tb" has a character at byte 2 that cannot be seen: U+0009`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseSuccessors(c.in, known)
			if c.problem != "" {
				require.EqualError(t, err, c.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestCaseIDsCanBeReadAloud(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := newCaseID(time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC))
		require.Regexp(t, `^C-261121-[0-9a-hjkmnp-tv-z]{10}$`, id)
		require.False(t, seen[id])
		seen[id] = true
	}
}
