package wiring_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/story"
)

// theTrailReadsLikeAStory compares how sever audit show tells the present case with the
// text in testdata. SEVER_GOLDEN=write writes it anew.
func (s *telling) theTrailReadsLikeAStory(file string) {
	s.Helper()
	if s.golden == nil {
		return
	}
	var rows []audit.Row
	for row, err := range s.w.Parts.Store.Events(s.w.Ctx, s.id, 1) {
		require.NoError(s, err)
		rows = append(rows, row)
	}
	got := s.golden.Replace(s.text(rows))
	for _, n := range []struct{ what, as string }{
		{`case-[0-9a-f]{12}`, "CASE"}, {`\([0-9a-f]{12}\)`, "(HASH)"}, {`\d+ accounts listed`, "N accounts listed"}, {`oid \d+`, "oid N"},
		{`file \S+`, "file F"}, {`(?m)^( +)\+\S.*?  `, "$1+T  "},
	} {
		got = regexp.MustCompile(n.what).ReplaceAllString(got, n.as)
	}
	path := filepath.Join("testdata", file)
	if os.Getenv("SEVER_GOLDEN") == "write" {
		require.NoError(s, os.MkdirAll("testdata", 0o755))
		require.NoError(s, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(s, err)
	require.Equal(s, string(want), got)
	require.Less(s, strings.Count(got, "\n"), 80, "lines that a person reads")
}

// text is a story as it is printed, with every row of the trail in it once.
func (s *telling) text(rows []audit.Row) string {
	var b strings.Builder
	told := map[int64]bool{}
	for _, act := range story.Of(rows) {
		fmt.Fprintln(&b, act.Title)
		for _, l := range act.Lines {
			fmt.Fprintf(&b, "  +%s  %s\n", story.Span(l.At.Sub(rows[0].At)), strings.TrimSpace(l.Actor+" "+l.Words))
			for _, d := range l.Details {
				fmt.Fprintln(&b, "        "+d)
			}
			for _, seq := range l.Rows {
				require.False(s, told[seq], "row %d is told twice", seq)
				told[seq] = true
			}
		}
	}
	require.Len(s, told, len(rows), "every row is told")
	return b.String()
}
