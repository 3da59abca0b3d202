package netim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/netim/simulator"
)

// polled repeats a call as the activity does, until nothing is pending or it fails.
func polled(t *testing.T, call func() (access.Receipt, error)) (receipt access.Receipt, err error) {
	t.Helper()
	for range 20 {
		receipt, err = call()
		if err != nil || !receipt.Pending {
			return receipt, err
		}
		require.NotEmpty(t, receipt.RequestID)
	}
	t.Fatal("pending for ever")
	return receipt, err
}

func TestAnOrderIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	for _, forgets := range []bool{false, true} {
		w := newWorld(t, "webhosting", simulator.Switches{Rounds: 3, Forgets: forgets})
		for _, db := range []string{"shop", "blog", "stats"} {
			_, err := polled(t, func() (access.Receipt, error) { return w.unlinker().Unlink(t.Context(), unlink("ada", db)) })
			require.NoError(t, err)
		}
		_, err := polled(t, func() (access.Receipt, error) { return w.deleter().Delete(t.Context(), remove("ada")) })
		require.NoError(t, err)
		require.Len(t, w.Orders(), 4, "each was ordered once")
		seen, err := w.p.Look(t.Context(), ref("ada"))
		require.NoError(t, err)
		require.True(t, seen.Gone())
	}
}

func TestAnOrderThatEndsBadly(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"Failed", "Cancelled"} {
		w := newWorld(t, "webhosting", simulator.Switches{Rounds: 2, Ends: end})
		_, err := polled(t, func() (access.Receipt, error) { return w.unlinker().Unlink(t.Context(), unlink("ada", "shop")) })
		require.Equal(t, provider.Rejected, provider.KindOf(err), "%v", err)
		require.ErrorContains(t, err, end)
		require.ErrorContains(t, err, "could not be completed")
		var e *provider.Error
		require.ErrorAs(t, err, &e)
		require.Len(t, e.Blockers, 1)
		require.NotEmpty(t, e.Blockers[0].Remedy)
		require.Len(t, w.Orders(), 1)

		// A person retries: that is a new order.
		receipt, err := w.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
		require.NoError(t, err)
		require.True(t, receipt.Pending)
		require.Len(t, w.Orders(), 2)
	}
}

func TestAnOrderThatEndsBadlyAndIsDoneAnyway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{Rounds: 1, Ends: "Failed"})
	receipt, err := w.deleter().Delete(t.Context(), remove("idle"))
	require.NoError(t, err)
	require.True(t, receipt.Pending)
	w.drop("NW1024_idle")
	receipt, err = w.deleter().Delete(t.Context(), remove("idle"))
	require.NoError(t, err, "what counts is what is there")
	require.True(t, receipt.Already)
}

// A worker that died after it ordered is followed by one that remembers nothing.
func TestAnotherProcessFindsTheOrder(t *testing.T) {
	t.Parallel()
	for _, list := range []simulator.PendingList{simulator.PendingObjects, simulator.PendingTexts} {
		w := newWorld(t, "webhosting", simulator.Switches{Rounds: forever, PendingList: list})
		w.Fail(simulator.Fault{Action: "UnlinkUser", After: true})
		_, err := w.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
		require.Equal(t, provider.Transient, provider.KindOf(err), "%v", err)
		w.p.Close()

		next := world{w.Server, connected(t, w.url+"/1.0/", nil), w.url, w.engine}
		receipt, err := next.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
		require.NoError(t, err)
		require.True(t, receipt.Pending)
		require.NotEmpty(t, receipt.RequestID)
		require.Len(t, w.Orders(), 1, "it was not ordered again")

		receipt, err = next.unlinker().Unlink(t.Context(), unlink("adam", "shop"))
		require.NoError(t, err, "an order for ada is none for adam")
		require.True(t, receipt.Pending)
		require.Len(t, w.Orders(), 2)

		w.Settle()
		receipt, err = next.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
		require.NoError(t, err)
		require.True(t, receipt.Already)
	}
}

func TestDeletingWaitsForAnUnlinkThatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{Rounds: forever})
	_, err := w.unlinker().Unlink(t.Context(), unlink("adam", "shop"))
	require.NoError(t, err)
	for _, p := range []provider.Provider{w.p, connected(t, w.url+"/1.0/", nil)} {
		_, err = p.(provider.Deleter).Delete(t.Context(), remove("adam"))
		require.Equal(t, provider.Throttled, provider.KindOf(err), "%v", err)
		require.Positive(t, retryAfter(err))
	}
}

// A password that nobody was told must not be taken for one that somebody was.
func TestALostPasswordIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting+password", simulator.Switches{Rounds: forever})
	before, err := w.p.Look(t.Context(), ref("idle"))
	require.NoError(t, err)
	step := access.Step{Action: access.Contain, Account: ref("idle"), Mode: access.Kill}
	w.Fail(simulator.Fault{Action: "SetPassword", After: true})
	_, err = w.restorer().Restore(t.Context(), before.Account, step)
	require.Error(t, err)
	_, err = w.restorer().Restore(t.Context(), before.Account, step)
	require.Equal(t, provider.Throttled, provider.KindOf(err), "the first password may still be on its way: %v", err)
	w.Settle()
	back, err := w.restorer().Restore(t.Context(), before.Account, step)
	require.NoError(t, err)
	w.Settle()
	require.True(t, w.Login(hosting, "NW1024_idle", back.Secret))
}

func TestKillEndsRightsAndCredentialAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting+rights", simulator.Switches{Rounds: forever})
	receipt, err := w.container().Contain(t.Context(), ref("idle"), access.Kill)
	require.NoError(t, err)
	require.True(t, receipt.Pending)
	require.Len(t, w.Orders(), 2, "the second does not wait for the first")
	_, err = w.container().Contain(t.Context(), ref("idle"), access.Kill)
	require.NoError(t, err)
	require.Len(t, w.Orders(), 2)
	w.Settle()
	require.False(t, w.Login(hosting, "NW1024_idle", theOthers))
	w.Change(hosting, func(h *simulator.Hosting) {
		for _, u := range h.Users {
			if u.Name == "NW1024_idle" {
				require.NotEqual(t, theOthers, u.Password)
				require.Equal(t, "NO", u.Internal)
				require.Equal(t, "NO", u.External)
			}
		}
	})
}

func retryAfter(err error) int64 {
	e, ok := err.(*provider.Error) //nolint:errorlint // it is not wrapped
	if !ok {
		return 0
	}
	return int64(e.RetryAfter)
}
