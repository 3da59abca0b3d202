package set_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
	"github.com/severhq/sever/workflows"
)

// TestASignedEventGoesBeforeSweeps: three sweeps fill every slot of a connection, and
// what waits in its queue, when an identity provider says that a session was revoked.
// The person is contained while they are still at it.
func TestASignedEventGoesBeforeSweeps(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, memory.Account{Name: "ada"})
	for i := range 2000 {
		system.Add(memory.Account{Name: fmt.Sprintf("other%d", i)})
	}
	conn.Limits.Parallel = 4
	system.Intercept(func(ctx context.Context, _ memory.Call) error {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	w := severtest.New(t, conn)
	require.NoError(t, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		return tx.UpsertPrincipals(w.Ctx, []access.Principal{{ID: "E1", Login: "ada", Email: "ada@example.com"}})
	}))
	w.Owns("E1", system.Ref("ada"))
	ctx, cancel := context.WithCancel(w.Ctx)
	d := inbox.Dispatcher{Desk: w.Desk(), Log: slog.New(slog.DiscardHandler), Pace: inbox.Pace{Every: 5 * time.Millisecond}}
	ended := make(chan struct{})
	go func() { defer close(ended); d.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })

	var sweeps []store.Sweep
	for range 3 {
		s := w.NewSweep(sweep.Rule{Kind: sweep.ACL, Most: 1})
		id := workflows.SweepID + w.Queue + "-" + severtest.Unique()
		_, err := w.Parts.Temporal.ExecuteWorkflow(w.Ctx, client.StartWorkflowOptions{ID: id, TaskQueue: w.Queue, Priority: temporal.Priority{PriorityKey: 5}},
			"Sweep", workflows.SweepState{Sweep: s.ID})
		require.NoError(t, err)
		t.Cleanup(func() {
			_ = w.Parts.Temporal.TerminateWorkflow(context.WithoutCancel(w.Ctx), id, "", "the test is over")
		})
		sweeps = append(sweeps, s)
	}
	looks := func() int { return len(system.Journal()) }
	require.Eventually(t, func() bool { return looks() > 100 }, time.Minute, 5*time.Millisecond, "the sweeps fill the queue")

	i := newIDP(t, w.Parts.Store, config.Vars{"SEVER_EVENT_OKTA_HOLD": "forensics first"})
	begun, before := time.Now(), looks()
	status, said := i.push("okta", i.sign(i.claims(with("iat", begun.Unix()))))
	require.Equal(t, 202, status, said)
	contained := func() bool {
		for _, seen := range system.World() {
			if seen.Account.Name == "ada" {
				return seen.Account.Contained
			}
		}
		return false
	}
	require.Eventually(t, contained, time.Minute, 5*time.Millisecond)
	t.Logf("contained %s after the token was sent, with %d calls of sweeps in between", time.Since(begun).Round(time.Millisecond), looks()-before)
	for _, s := range sweeps {
		run, err := w.Parts.Store.LastSweepRun(w.Ctx, s.ID)
		require.NoError(t, err)
		require.Equal(t, store.SweepRunning, run.Result, "the sweeps are still at it")
	}
	w.Reaches("E1", "held", severtest.InPhase(workflows.PhaseHeld))
}
