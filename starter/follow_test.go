package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
)

// TestStepsOfSomeConnections: of the others, trouble is told and what became of it.
func TestStepsOfSomeConnections(t *testing.T) {
	t.Parallel()
	row := func(object, outcome string, attempt int, step int64) audit.Row {
		return audit.Row{Event: audit.Event{Kind: audit.StepResult, Object: object, Outcome: outcome, Attempt: attempt, Data: map[string]any{"plan": int64(1), "step": step}}}
	}
	w := &watcher{app: &app{steps: []string{"pg-main"}}, trouble: map[string]bool{}}
	for _, c := range []struct {
		row  audit.Row
		told bool
	}{
		{row("pg-main/ada", "done", 1, 1), true},
		{row("plesk/ada", "done", 1, 2), false},
		{row("pg-main-old/ada", "done", 1, 3), false},
		{row("plesk/ada", "throttled", 1, 4), true},
		{row("plesk/ada", "throttled", 2, 4), true},
		{row("plesk/ada", "done", 3, 4), true},
		{row("plesk/ada", "done", 1, 5), false},
		{row("trove/ada@%", "accepted", 1, 6), false},
		{row("trove/ada@%", "already", 2, 6), false},
	} {
		require.Equal(t, c.told, w.worthALine(c.row), "%s %s, attempt %d", c.row.Object, c.row.Outcome, c.row.Attempt)
	}
	w = &watcher{app: &app{}, trouble: map[string]bool{}}
	require.True(t, w.worthALine(row("plesk/ada", "done", 1, 2)), "all of all, by default")
}
