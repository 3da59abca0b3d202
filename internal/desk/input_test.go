package desk

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
			err := ValidName("it", c.in)
			if c.problem == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.problem)
			require.Equal(t, Invalid, Explain(err).Kind)
		})
	}
}

func TestCaseIDsCanBeReadAloud(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := NewCaseID(time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC))
		require.Regexp(t, `^C-261121-[0-9a-hjkmnp-tv-z]{10}$`, id)
		require.False(t, seen[id])
		seen[id] = true
	}
}
