package activities

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
)

func TestWhatIsGivenBackIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	slow := &catalog.Connection{Limits: provider.Limits{Settle: time.Minute}}
	ten := map[int64]time.Duration{7: 10 * time.Second}
	for name, c := range map[string]struct {
		sent   map[int64]time.Duration
		action access.Action
		secret string
		looks  int
		want   time.Duration // until the next look; zero: none
	}{
		"nothing is on its way":      {nil, access.Delete, "", 0, 0},
		"something may be":           {ten, access.Delete, "", 0, 2 * time.Second},
		"made anew, with a password": {ten, access.Delete, "x", 0, 2 * time.Second},
		"opened with its own":        {ten, access.Contain, "", 3, 16 * time.Second},
		"opened with a new one":      {ten, access.Contain, "x", 0, 0},
		"a rotation":                 {ten, access.Rotate, "", 0, 0},
		"many looks":                 {ten, access.Revoke, "", 90, 50 * time.Second},
		"almost over":                {map[int64]time.Duration{7: time.Minute - time.Millisecond}, access.Revoke, "", 1, 100 * time.Millisecond},
		"over":                       {map[int64]time.Duration{7: time.Minute}, access.Revoke, "", 1, 0},
		"to another account":         {map[int64]time.Duration{8: 0}, access.Revoke, "", 0, 0},
	} {
		s := store.Step{AccountID: 7, Step: access.Step{Action: c.action}, UndoAttempts: c.looks}
		err := doubtOf(s, c.sent, slow).again(s, provider.Restored{Secret: c.secret})
		if c.want == 0 {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, errNotYet, name)
		e, ok := err.(unsettledError) //nolint:errorlint // it is made here
		require.True(t, ok, name)
		require.Equal(t, c.want, e.delay(), name)
	}
}

func TestAQueuedDeletionMayComeLate(t *testing.T) {
	t.Parallel()
	there := provider.Restored{Receipt: access.Receipt{Already: true}}
	for name, c := range map[string]struct {
		any, queues bool
		action      access.Action
		state       store.StepState
		done        provider.Restored
		want        bool
	}{
		"accepted, and still there": {true, true, access.Delete, store.StepPending, there, true},
		"without an answer":         {true, true, access.Delete, store.StepRunning, there, true},
		"nothing is queued there":   {true, false, access.Delete, store.StepPending, there, false},
		"it was seen to be deleted": {true, true, access.Delete, store.StepDone, there, false},
		"made anew":                 {true, true, access.Delete, store.StepPending, provider.Restored{}, false},
		"no deletion":               {true, true, access.Revoke, store.StepPending, there, false},
		"refused at once":           {false, true, access.Delete, store.StepBlocked, there, false},
	} {
		s := store.Step{State: c.state, Step: access.Step{Action: c.action}}
		require.Equal(t, c.want, doubt{any: c.any, queues: c.queues}.late(s, c.done) != nil, name)
	}
}

func TestALookKeepsNothingElseWaiting(t *testing.T) {
	t.Parallel()
	look, pending := unsettledError{left: time.Hour, looks: 9}, fmt.Errorf("restore x: %w", errNotYet)
	require.Equal(t, []error{pending}, pressing([]error{look, pending}))
	require.Equal(t, []error{look, look}, pressing([]error{look, look}))
}
