package story_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/story"
)

// TestTell: every kind of row has words of its own, and none lets an escape sequence by.
func TestTell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		event audit.Event
		says  string
	}{
		{audit.Event{Kind: audit.CaseOpened, Object: "E1", Data: map[string]any{"reason": "hr", "ticket": "HR-7", "connections": int64(2)}},
			"opened the case for E1, reason hr, ticket HR-7; 2 connections to ask"},
		{audit.Event{Kind: audit.ConnectionDiscovered, Object: "pg", Words: "3 accounts"}, "pg answered: 3 accounts"},
		{audit.Event{Kind: audit.ConnectionUnknown, Object: "pg", Attempt: 2, Words: "refused\x1b[2J\n"}, "pg could not be asked (attempt 2): refused\uFFFD[2J"},
		{audit.Event{Kind: audit.PlanMade, Object: "plan 1", Words: "1 account", Data: map[string]any{"hash": "0123456789abcdef", "waits_for_approval": true}},
			"made plan 1 (0123456789ab): 1 account; it waits for approval"},
		{audit.Event{Kind: audit.GuardTripped, Object: "plan 1", Words: "too many"}, "a guard stopped plan 1: too many"},
		{audit.Event{Kind: audit.PlanApproved, Object: "plan 1", Words: "ok", Data: map[string]any{"hash": "0123456789abcdef"}}, "approved plan 1 (0123456789ab): ok"},
		{audit.Event{Kind: audit.StepIntent, Object: "pg/ada", Attempt: 2, Data: map[string]any{"action": "reassign", "database": "shop", "successor": "grace"}},
			"begins to reassign pg/ada in shop to grace (attempt 2)"},
		{audit.Event{Kind: audit.StepResult, Object: "pg/ada", Attempt: 1, Outcome: "done", Words: "NOLOGIN", Data: map[string]any{"action": "contain", "mode": "kill"}},
			"contain pg/ada with its credential done: NOLOGIN"},
		{audit.Event{Kind: audit.StepRefused, Object: "pg/ada", Outcome: "skipped", Words: "step 1", Data: map[string]any{"action": "delete"}},
			"delete pg/ada was not tried (skipped): step 1"},
		{audit.Event{Kind: audit.AccountProven, Object: "pg/ada", Outcome: "gone", Words: "no such role", Data: map[string]any{"look": int64(2)}},
			"looked again at pg/ada (look 2): gone: no such role"},
		{audit.Event{Kind: audit.DecisionRetry, Data: map[string]any{"successor pg": "grace", "successor ": "joan"}}, "asked to try again, with successor joan, pg=grace"},
		{audit.Event{Kind: audit.CaseClosed, Outcome: "closed_with_exceptions"}, "the case is closed: closed with exceptions"},
		{audit.Event{Kind: audit.DeliveryDone, Object: "set/okta/j1", Data: map[string]any{"case": "C-1"}}, "followed set/okta/j1: case C-1"},
		{audit.Event{Kind: "something.new", Object: "x", Words: "y"}, "something.new x: y"},
	} {
		require.Equal(t, c.says, story.Tell(audit.Row{Event: c.event}))
	}
	for _, kind := range []string{
		audit.CaseOpened, audit.CaseJoined, audit.CaseEscalated, audit.CaseContained, audit.CaseProven, audit.CaseReopened, audit.CaseClosed, audit.ConnectionAsked,
		audit.ConnectionDiscovered, audit.ConnectionUnknown, audit.ConnectionWaived, audit.PlanMade, audit.PlanApproved, audit.PlanDenied, audit.PlanSuperseded,
		audit.GuardTripped, audit.StepIntent, audit.StepResult, audit.StepInterrupted, audit.StepRefused, audit.AccountProven, audit.AccountOutcome, audit.DecisionHold,
		audit.DecisionResume, audit.DecisionRetry, audit.DecisionCancel, audit.DecisionWaive, audit.DecisionReinstate, audit.RestoreIntent, audit.RestoreResult,
		audit.SecretDelivered, audit.IdentitiesImported, audit.DecisionRefused, audit.CaseRefused, audit.ApprovalLapsed, audit.CaseRecalled, audit.DecisionWithdraw,
		audit.DeliveryReceived, audit.DeliveryRepeated, audit.DeliveryRejected, audit.DeliveryDone, audit.DeliveryRefused, audit.DeliveryRetried,
		audit.DeliveryDropped, audit.DoubtRaised, audit.DoubtSettled,
		audit.TaskOpened, audit.TaskClosed, audit.TaskReminded, audit.EvidenceRead, audit.TokenMade, audit.TokenRevoked,
		audit.RequestRefused, audit.NoticeFailed, audit.NoticesRetried,
	} {
		require.NotContains(t, story.Tell(audit.Row{Event: audit.Event{Kind: kind, Object: "x", Data: map[string]any{}}}), kind, "no words for %s", kind)
	}
}
