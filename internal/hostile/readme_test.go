package hostile_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README promises what is tested here, in the same words.
func TestTheREADMEHasTheSameTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(text), "\n## What Sever is tested against\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	var told, played []string
	for line := range strings.Lines(section) {
		if row, ok := strings.CutPrefix(line, "| "); ok && !strings.HasPrefix(row, "---") {
			told = append(told, strings.TrimSuffix(strings.TrimSpace(row), " |"))
		}
	}
	for _, s := range scenarios {
		played = append(played, s.name+" | "+s.says)
	}
	require.NotEmpty(t, told)
	require.Equal(t, played, told[1:], "the first row is the head")
}
