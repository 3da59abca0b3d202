package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/desk"
)

func TestEffectiveDate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Time{
		"":                          {},
		"2026-12-24T17:00:00Z":      time.Date(2026, 12, 24, 17, 0, 0, 0, time.UTC),
		"2026-12-24T17:00:00+02:00": time.Date(2026, 12, 24, 15, 0, 0, 0, time.UTC),
		"2026-12-24 17:00":          time.Date(2026, 12, 24, 17, 0, 0, 0, time.Local).UTC(),
	} {
		at, err := parseAt(in)
		require.NoError(t, err, in)
		require.True(t, want.Equal(at), "%s: %s", in, at)
	}
	for in, problem := range map[string]string{
		"friday":           `--at "friday" is not a time`,
		"2026-13-01 10:00": `--at "2026-13-01 10:00" is not a time`,
	} {
		_, err := parseAt(in)
		require.EqualError(t, err, problem)
	}
}

func TestSuccessors(t *testing.T) {
	t.Parallel()
	known := func(name string) error {
		if name == "pg-main" || name == "pg-old" {
			return nil
		}
		return desk.Invalidf("there is no connection %q", name)
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
