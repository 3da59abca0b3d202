package severtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

// Outcomes are how the accounts of a case ended, by name.
func (w *World) Outcomes(caseID string) map[string]access.Outcome {
	w.T.Helper()
	accounts, err := w.Parts.Store.AccountsOf(w.Ctx, caseID, nil)
	require.NoError(w.T, err)
	out := map[string]access.Outcome{}
	for _, a := range accounts {
		out[a.Name] = a.Outcome
	}
	return out
}

// Tale is the audit trail in short words, and proof that its chain is whole.
func (w *World) Tale(caseID string) []string {
	w.T.Helper()
	require.Empty(w.T, audit.VerifyChain(caseID, w.Parts.Store.Events(w.Ctx, caseID, 1), nil))
	var out []string
	for row, err := range w.Parts.Store.Events(w.Ctx, caseID, 1) {
		require.NoError(w.T, err)
		line := []string{row.Kind}
		if a, ok := row.Data["action"]; ok {
			line = append(line, fmt.Sprint(a))
		}
		if row.Outcome != "" {
			line = append(line, row.Outcome)
		}
		out = append(out, strings.Join(line, " "))
	}
	return out
}

// Paired checks that every intent has exactly one end, and comes before it.
func (w *World) Paired(caseID string) {
	w.T.Helper()
	open := map[string]int64{}
	for row, err := range w.Parts.Store.Events(w.Ctx, caseID, 1) {
		require.NoError(w.T, err)
		at := strings.LastIndex(row.Key, "/")
		if at < 0 {
			continue
		}
		switch step := row.Key[:at]; row.Kind {
		case audit.StepIntent, audit.RestoreIntent:
			require.NotContains(w.T, open, step, "two intents of one attempt")
			open[step] = row.Seq
		case audit.StepResult, audit.StepInterrupted, audit.RestoreResult:
			require.Contains(w.T, open, step, "a result without an intent: %s", row.Key)
			delete(open, step)
		}
	}
	require.Empty(w.T, open, "intents without a result")
}

// Rows are those of one kind in a chain, oldest first.
func (w *World) Rows(chain, kind string) []audit.Row {
	w.T.Helper()
	var out []audit.Row
	for row, err := range w.Parts.Store.Events(w.Ctx, chain, 1) {
		require.NoError(w.T, err)
		if row.Kind == kind {
			out = append(out, row)
		}
	}
	return out
}
