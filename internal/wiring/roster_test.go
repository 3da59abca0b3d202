package wiring_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/provider/memory"
	people "github.com/severhq/sever/internal/roster"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
)

// A schedule takes the roster; who is missing from it loses her access.
func TestARosterIsTakenByItself(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, memory.Account{Name: "ada", Password: "hers"}, memory.Account{Name: "bob"})
	w := severtest.New(t, conn)
	file := filepath.Join(t.TempDir(), "people.csv")
	list := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	list("principal\nE1\nE2\nE3\nE4\nE5\n")
	var err error
	w.Parts.Roster, err = people.Open(config.Vars{"SEVER_ROSTER_SOURCE": file, "SEVER_ROSTER_LEAVERS": "offboard"})
	require.NoError(t, err)
	w.Stop()
	w.StartWorker()
	require.Eventually(t, func() bool { // at once, for the first time
		_, err := w.Parts.Store.LastRoster(w.Ctx)
		return err == nil
	}, time.Minute, 20*time.Millisecond)
	w.Stop()
	w.StartWorker() // which finds the schedule there

	w.Owns("E1", access.Ref{Connection: conn.Name, Name: "ada"})
	list("principal\nE1\n")
	refused := w.ImportRoster()
	require.Contains(t, refused.Refused, "4 people of the 5 active on the last accepted roster (people.csv")
	list("principal\nE2\nE3\nE4\nE5\n")
	require.Equal(t, activities.RosterTaken{Source: "people.csv", Active: 4, Left: 1}, w.For(t).ImportRoster())

	ctx, stop := context.WithCancel(w.Ctx)
	dispatcher := inbox.Dispatcher{Desk: w.Desk(), Log: slog.New(slog.DiscardHandler), Pace: inbox.Pace{Every: 5 * time.Millisecond, First: 20 * time.Millisecond}}
	var running sync.WaitGroup
	running.Go(func() { dispatcher.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	require.Eventually(t, func() bool {
		all, err := w.Parts.Store.Deliveries(w.Ctx, store.DeliveryFilter{Kind: inbox.Roster}, store.Page{})
		return err == nil && len(all) == 1 && all[0].State == store.DeliveryDone
	}, time.Minute, 20*time.Millisecond)
	require.Equal(t, access.CaseClean, w.Ends("E1").Status)
	var left []string
	for a, err := range system.Accounts(w.Ctx) {
		require.NoError(t, err)
		left = append(left, a.Name)
	}
	require.Equal(t, []string{"bob"}, left)
	rows, err := w.Parts.Store.LastOfKind(w.Ctx, audit.House, audit.RosterRefused, 9)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, people.Scheduled, rows[0].Actor)

	pace, err := wiring.LookAtRoster(w.Ctx, w.Parts.Temporal)
	require.NoError(t, err)
	require.True(t, pace.Missing, "that of another queue")
}
