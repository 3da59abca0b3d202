package notice_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/notice"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const hash = "0123456789abcdef0123"

func row(kind, object, words, outcome string, data map[string]any) audit.Row {
	return audit.Row{Event: audit.Event{Chain: "c1", Key: "k/" + kind, At: noon, Kind: kind, Actor: "sever", Object: object, Words: words, Outcome: outcome, Data: data}}
}

// made is the row of a plan that waits for approval.
func made(more map[string]any) audit.Row {
	data := map[string]any{"hash": hash, "waits_for_approval": true}
	maps.Copy(data, more)
	return row(audit.PlanMade, "plan 1", "2 accounts", "", data)
}

func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	guard := row(audit.GuardTripped, "plan 1", "too many", "", map[string]any{"hash": hash})
	second := row(audit.GuardTripped, "plan 1", "too fast", "", map[string]any{"hash": hash})
	others := row(audit.GuardTripped, "plan 2", "of another plan", "", nil)
	task := notice.Task{ID: 7, Case: "c1", Key: "account/1", Connection: "pg-main", Owner: "dba", Subject: "pg-main/ada", Words: "owns a table", Next: "sever retry c1", Due: noon, OpenedAt: noon}
	plan := notice.Task{ID: 8, Case: "c1", Key: "plan/1", Owner: "ciso", Subject: "plan 1", Words: "plan 1 waits", Next: "sever approve c1", Due: noon, OpenedAt: noon}
	elsewhere := plan
	elsewhere.Case = "c2"
	approval := notice.About{Case: "c1", Task: "plan/1", Plan: hash, Words: "plan 1 waits", AskedOf: "ciso", Next: "sever approve c1", Due: noon}
	stopped, unknown := approval, approval
	stopped.Words, unknown.Case, unknown.Plan = "plan 1 is in quarantine: too many; too fast", "c2", ""
	for name, c := range map[string]struct {
		rows  []audit.Row
		tasks []notice.Task
		want  []notice.Notice
	}{
		"nothing": {},
		"what nobody has to hear of": {rows: []audit.Row{row(audit.CaseOpened, "E1", "", "", nil), row(audit.StepResult, "pg/ada", "", "done", nil), made(nil),
			row(audit.PlanApproved, "plan 1", "", "", nil), row(audit.TaskOpened, "pg/ada", "", "", nil), row(audit.TaskClosed, "pg/ada", "", "", nil)}},
		"a guard of a dry run, or of what was approved before": {rows: []audit.Row{made(map[string]any{"waits_for_approval": false}), guard}},
		"a task": {tasks: []notice.Task{task}, want: []notice.Notice{{Key: "task/7/1777636800000000", Kind: notice.TaskOpened, At: noon,
			About: notice.About{Case: "c1", Task: "account/1", Connection: "pg-main", AskedOf: "dba", Words: "owns a table", Next: "sever retry c1", Due: noon}}}},
		"a plan that waits": {rows: []audit.Row{made(nil)}, tasks: []notice.Task{plan},
			want: []notice.Notice{{Key: "task/8/1777636800000000", Kind: notice.ApprovalNeeded, At: noon, About: approval}}},
		"a plan in quarantine": {rows: []audit.Row{made(map[string]any{"quarantine": true}), guard, second, others}, tasks: []notice.Task{plan},
			want: []notice.Notice{{Key: "task/8/1777636800000000/guards", Kind: notice.GuardTripped, At: noon, About: stopped},
				{Key: "task/8/1777636800000000", Kind: notice.ApprovalNeeded, At: noon, About: approval}}},
		"a plan of another case": {rows: []audit.Row{made(map[string]any{"quarantine": true}), guard}, tasks: []notice.Task{elsewhere},
			want: []notice.Notice{{Key: "task/8/1777636800000000", Kind: notice.ApprovalNeeded, At: noon, About: unknown}}},
		"open again": {rows: []audit.Row{row(audit.CaseReopened, "c1", "found again", "", nil)},
			want: []notice.Notice{{Key: "k/case.reopened", Kind: notice.CaseReopened, At: noon, About: notice.About{Case: "c1", Words: "found again", Next: "sever status c1"}}}},
		"closed": {rows: []audit.Row{row(audit.CaseClosed, "c1", "1 task for a person", "closed_with_exceptions", nil)},
			want: []notice.Notice{{Key: "k/case.closed", Kind: notice.CaseClosed, At: noon, About: notice.About{Case: "c1", Outcome: "closed_with_exceptions",
				Words: "the case is closed: closed with exceptions: 1 task for a person", Next: "sever evidence c1"}}}},
		"overdue": {rows: []audit.Row{row(audit.TaskReminded, "pg/ada", "refused", "", map[string]any{"task": "account/1", "owner": "dba", "due": "2026-05-01T11:00:00Z", "reminder": int64(2)})},
			want: []notice.Notice{{Key: "k/task.reminded", Kind: notice.TaskOverdue, At: noon, About: notice.About{Case: "c1", Task: "account/1", AskedOf: "dba",
				Due: noon.Add(-time.Hour), Words: "overdue, reminder 2: refused", Next: "sever status c1"}}}},
	} {
		require.Equal(t, c.want, notice.Of(c.rows, c.tasks), name)
	}
}

func one(k notice.Task) notice.Notice { return notice.Of(nil, []notice.Task{k})[0] }

func TestATaskIsToldOnceForEveryTimeItWasOpened(t *testing.T) {
	t.Parallel()
	k := notice.Task{ID: 7, Case: "c1", Key: "account/1", Words: "owns a table", OpenedAt: noon}
	again := k
	again.Words = "owns two tables"
	require.Equal(t, one(k).ID(), one(again).ID())
	again.OpenedAt = noon.Add(time.Hour)
	require.NotEqual(t, one(k).ID(), one(again).ID())
	again = k
	again.Case = "c2"
	require.NotEqual(t, one(k).ID(), one(again).ID())
	require.Regexp(t, `^msg_[0-9a-f]{32}$`, one(k).ID())
}

func TestWhoWantsWhat(t *testing.T) {
	t.Parallel()
	task := one(notice.Task{ID: 1, Case: "c1", Key: notice.TaskOf("ops"), OpenedAt: noon})
	closed := notice.Notice{Kind: notice.CaseClosed}
	require.True(t, notice.Subscriber{Name: "mail"}.Wants(task))
	require.False(t, notice.Subscriber{Name: "ops"}.Wants(task), "that it cannot be told anything")
	require.True(t, notice.Subscriber{Name: "ops"}.Wants(closed))
	require.False(t, notice.Subscriber{Name: "mail", Kinds: []notice.Kind{notice.CaseClosed}}.Wants(task))
}

// A receiver reads this, and relies on it.
func TestTheMessage(t *testing.T) {
	t.Parallel()
	ada := notice.Subject{Principal: "E1", Reason: access.HR, Email: "ada@example.com"}
	k := notice.Task{ID: 1, Case: "c1", Key: "account/1", Connection: "pg-main", Owner: "dba@example.com", Due: noon, OpenedAt: noon.Add(time.Nanosecond),
		Words: `"ada@mail.example.com" owns a table, ada@% too`, Next: "sever retry c1"}
	text, err := json.Marshal(one(k).For(ada))
	require.NoError(t, err)
	require.JSONEq(t, `{"type": "task.opened", "timestamp": "2026-05-01T12:00:00Z", "data": {"case": "c1", "principal": "E1", "reason": "hr", "task": "account/1",
		"connection": "pg-main", "asked_of": "dba@example.com", "due": "2026-05-01T12:00:00Z", "words": "\"[address]\" owns a table, ada@% too", "next": "sever retry c1"}}`, string(text))

	next := func(k notice.Task) string { return one(k).For(ada).Data.Next }
	k.Next = "sever waive c1 do/countess@example.org"
	require.Equal(t, "sever status c1", next(k), "an account that is an address")
	k.Connection, k.Next = "", "somebody other than hr@example.com says: sever approve c1"
	require.Equal(t, k.Next, next(k))
	k.Next = "tell Ada@Example.com"
	require.Equal(t, "sever status c1", next(k))

	k.Words = strings.Repeat("ä", 2000)
	require.Len(t, []rune(one(k).For(ada).Data.Words), 501, "whole letters, and a sign that there was more")
}
