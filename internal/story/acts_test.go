package story_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/story"
)

// step is a row about a step of plan 1.
func step(kind string, no int, attempt int, outcome, words string, data map[string]any) audit.Event {
	all := map[string]any{"plan": int64(1), "step": int64(no)}
	maps.Copy(all, data)
	head := "step"
	if strings.HasPrefix(kind, "restore") {
		head = "undo"
	}
	return audit.Event{Key: fmt.Sprintf("%s/1/%d/%d/%s", head, no, attempt, kind), Kind: kind, Actor: "sever", Object: "do/ada", Attempt: attempt, Outcome: outcome, Words: words, Data: all}
}

func TestAStoryTellsEveryRowOnce(t *testing.T) {
	t.Parallel()
	contain := map[string]any{"action": "contain", "resource": "one", "mode": "kill"}
	other := map[string]any{"action": "contain", "resource": "two", "mode": "kill"}
	shop := map[string]any{"action": "revoke", "database": "shop", "resource": "one"}
	till := map[string]any{"action": "revoke", "database": "till", "resource": "one"}
	remove := map[string]any{"action": "delete", "resource": "one"}
	back := map[string]any{"action": "contain", "resource": "one", "missing_1": "role: never shown"}
	account := map[string]any{"account": "do/ada", "resource": "one", "exists": true, "grants": int64(1), "evidence": "imported"}
	events := []audit.Event{
		{Kind: audit.CaseOpened, Actor: "hr", Object: "E1", Data: map[string]any{"reason": "hr", "connections": int64(1)}},
		{Kind: audit.ConnectionUnknown, Actor: "sever", Object: "do", Attempt: 1, Outcome: "unknown", Words: "refused"},
		{Kind: audit.ConnectionUnknown, Actor: "sever", Object: "do", Attempt: 2, Outcome: "unknown", Words: "refused"},
		{Kind: audit.ConnectionDiscovered, Actor: "sever", Object: "do", Words: "9 accounts listed", Data: map[string]any{"accounts": []any{account}}},
		step(audit.StepIntent, 1, 1, "", "", contain),
		step(audit.StepIntent, 2, 1, "", "", other),
		step(audit.StepResult, 1, 1, "throttled", "slow down", contain),
		step(audit.StepResult, 2, 1, "done", "a new password", other),
		step(audit.StepIntent, 1, 2, "", "", contain),
		step(audit.StepResult, 1, 2, "done", "a new password", contain),
		step(audit.StepIntent, 3, 1, "", "", shop),
		step(audit.StepResult, 3, 1, "done", "2 entries", shop),
		step(audit.StepIntent, 4, 1, "", "", till),
		step(audit.StepResult, 4, 1, "accepted", "later", till),
		step(audit.StepIntent, 4, 2, "", "", till),
		step(audit.StepResult, 4, 2, "already", "it is gone", till),
		step(audit.StepIntent, 5, 1, "", "", remove),
		{Kind: audit.DecisionCancel, Actor: "hr", Object: "C-1", Words: "she stays"},
		step(audit.StepResult, 5, 1, "transient", "no answer", remove),
		{Kind: "something.new", Actor: "eve", Object: "x\x1b[2J"},
		step(audit.RestoreIntent, 1, 1, "", "", back),
		step(audit.RestoreResult, 1, 1, "partly", "opened", back),
		{Kind: audit.CaseClosed, Actor: "sever", Outcome: "cancelled"},
	}
	rows := make([]audit.Row, len(events))
	for i, e := range events {
		e.At = time.Date(2026, 5, 1, 12, 0, i, 0, time.UTC)
		rows[i] = audit.Row{Event: e, Seq: int64(i + 1)}
	}
	var out []string
	told := map[int64]int{}
	for _, a := range story.Of(rows) {
		out = append(out, a.Title)
		for _, l := range a.Lines {
			out = append(out, strings.TrimSpace(fmt.Sprintf("  %s %s", l.Actor, l.Words)))
			for _, d := range l.Details {
				out = append(out, "    "+d)
			}
			for _, n := range l.Rows {
				told[n]++
			}
		}
	}
	require.Equal(t, strings.Split(`Opened
hr opened the case for E1, reason hr; 1 connection to ask
Found
do could not be asked, 2 times: refused
do answered: 9 accounts listed
    do/ada on one: 1 grant, imported
Contained
do/ada on one was contained, and its credential ended: a new password
    failed once before (throttled): slow down
do/ada on two was contained, and its credential ended: a new password
Removed
do/ada on one lost what it held in shop: 2 entries
do/ada on one lost what it held in till, after a while: it is gone
do/ada on one was deleted (asked for; there is no answer yet)
Cancelled
hr cancelled the case: she stays
Blocked
do/ada on one could not be deleted yet (transient): no answer
Noted
eve something.new x�[2J
Given back
do/ada on one was opened again, but not all of it: opened
    not given back: role: never shown
Closed
the case is closed: cancelled`, "\n"), out)
	for _, r := range rows {
		require.Equal(t, 1, told[r.Seq], "row %d", r.Seq)
	}
}

func TestAnEmptyTrailHasNoStory(t *testing.T) {
	t.Parallel()
	require.Empty(t, story.Of(nil))
}

// Many accounts with the same answer are one sentence, and not a page.
func TestManyAlikeAreOneSentence(t *testing.T) {
	t.Parallel()
	var rows []audit.Row
	for i := range 100 {
		e := step(audit.StepResult, i, 1, "done", "ok", map[string]any{"action": "delete"})
		e.Object = fmt.Sprintf("pg/ada%02d", i)
		rows = append(rows, audit.Row{Event: e, Seq: int64(i + 1)})
	}
	acts := story.Of(rows)
	require.Len(t, acts, 1)
	require.Len(t, acts[0].Lines, 1)
	require.Equal(t, "pg/ada00, pg/ada01, pg/ada02, pg/ada03, pg/ada04, pg/ada05, pg/ada06 and 93 more were deleted: ok", acts[0].Lines[0].Words)
	require.Len(t, acts[0].Lines[0].Rows, 100)
}
