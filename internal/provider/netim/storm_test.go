package netim_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/netim/simulator"
)

// TestStorm takes an account away while everything fails every now and then, workers
// die, and orders wait. Whatever happens, repeating what is not refused ends with the
// account gone, everybody else untouched, and nobody told that it was gone before it
// was.
func TestStorm(t *testing.T) {
	t.Parallel()
	for seed := range 25 {
		for engine := range engines {
			t.Run(fmt.Sprintf("%s, %d", engine, seed), func(t *testing.T) {
				t.Parallel()
				storm(t, engine, rand.New(rand.NewPCG(uint64(seed), 1)))
			})
		}
	}
}

func storm(t *testing.T, engine string, dice *rand.Rand) {
	w := newWorld(t, engine, simulator.Switches{
		Rounds: dice.IntN(4), NoOp: simulator.Answer(dice.IntN(4)), Linked: simulator.Linked(dice.IntN(3)), Forgets: dice.IntN(2) == 0,
		PendingList: simulator.PendingList(dice.IntN(4)), Places: 2, Overflow: simulator.OverflowDropsOldest,
	})
	before := w.World()
	steps := []access.Step{unlink("ada", "shop"), unlink("ada", "blog"), unlink("ada", "stats"), remove("ada")}
	if engine != "webhosting" {
		steps = append([]access.Step{{Action: access.Contain, Account: ref("ada"), Mode: access.Kill}}, steps...)
	}
	for _, step := range steps {
		done := false
		for try := 0; !done; try++ {
			require.Less(t, try, 200, "%s never ends", step.Action)
			w.trouble(t, dice)
			var receipt access.Receipt
			var err error
			switch step.Action {
			case access.Contain:
				receipt, err = w.container().Contain(t.Context(), step.Account, step.Mode)
			case access.Unlink:
				receipt, err = w.unlinker().Unlink(t.Context(), step)
			default:
				receipt, err = w.deleter().Delete(t.Context(), step)
			}
			require.NotEqual(t, provider.Rejected, provider.KindOf(err), "%v", err)
			require.NotEqual(t, provider.Denied, provider.KindOf(err), "%v", err)
			done = err == nil && !receipt.Pending
		}
		switch step.Action {
		case access.Contain:
			require.False(t, w.Login(hosting, "NW1024_ada", password))
		case access.Unlink:
			require.NotContains(t, w.World()[0].Links, simulator.Link{Database: step.Database, User: "NW1024_ada"})
		}
	}
	w.Calm()
	seen, err := w.p.Look(t.Context(), ref("ada"))
	require.NoError(t, err)
	require.True(t, seen.Gone(), "%+v", seen)
	want := before
	want[0].Users, want[0].Links = want[0].Users[1:], want[0].Links[3:]
	require.Equal(t, want, w.World())
}

// trouble arranges a fault now and then, and now and then the worker dies.
func (w *world) trouble(t *testing.T, dice *rand.Rand) {
	w.Calm()
	if dice.IntN(2) == 0 {
		w.Fail([]simulator.Fault{
			{Orders: true}, {Orders: true, After: true}, {Method: "GET"}, {Orders: true, Status: 500, After: true},
			{Orders: true, Status: 429, RetryAfter: 1}, {Orders: true, Status: 200, HTML: true, After: true}, {Orders: true, Status: 200, After: true},
			{Method: "GET", Status: 200, HTML: true}, {Status: 502, HTML: true}, {Path: "session"}, {Method: "GET", Status: 401},
		}[dice.IntN(11)])
	}
	switch dice.IntN(8) {
	case 0:
		w.ForgetSessions()
	case 1:
		w.p = connected(t, w.url+"/1.0/", engines[w.engine])
	}
}
