package inbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestRejectionsOfAMinuteGetSomeRowsAndASum(t *testing.T) {
	t.Parallel()
	g := newGate()
	rows := 0
	for i := range 1000 {
		passes, first := g.pass("webhook/hris", noon.Add(time.Duration(i)*time.Millisecond))
		require.Equal(t, i == 0, first)
		if passes {
			rows++
		}
	}
	require.Equal(t, gateRows, rows)
	passes, first := g.pass("set/okta", noon.Add(time.Second))
	require.True(t, passes, "each sender has rows of its own")
	require.False(t, first)

	require.Empty(t, g.close(noon.Add(gateEvery-time.Second)), "the minute is not over")
	sums := g.close(noon.Add(gateEvery))
	require.Len(t, sums, 1, "who had a row for each gets no sum")
	require.Equal(t, "webhook/hris", sums[0].Object)
	require.Equal(t, "990 more like these within a minute", sums[0].Words)
	require.Equal(t, map[string]any{"more": 990, "since": "2026-05-01T12:00:00Z"}, sums[0].Data)
	require.Empty(t, g.close(noon.Add(time.Hour)), "it is said once")
	passes, first = g.pass("webhook/hris", noon.Add(2*gateEvery))
	require.True(t, passes && first, "another minute begins")
}

func TestTriesAreFurtherAndFurtherApart(t *testing.T) {
	t.Parallel()
	p := Pace{}.or()
	for attempts, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 8: 128 * time.Second, 9: 256 * time.Second, 10: 5 * time.Minute,
		100000: 5 * time.Minute} {
		require.Equal(t, want, p.wait(attempts), "%d", attempts)
	}
}
