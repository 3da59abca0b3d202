package activities

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
)

// doubt is what is known of requests that were sent about an account and may still take
// effect: those of a worker that died, or those that the system queues. What is given
// back before they have arrived may be taken again by them.
type doubt struct {
	any    bool
	left   time.Duration // until none of them can arrive any more
	queues bool          // they may arrive even later than that
}

func doubtOf(s store.Step, sent map[int64]time.Duration, conn *catalog.Connection) doubt {
	ago, there := sent[s.AccountID]
	return doubt{any: there, left: conn.Limits.Settle - ago, queues: conn.Spec.Queues}
}

// again is an error while an undo has to be repeated although it succeeded: the next
// attempt sees whether something arrived after it. A new password is not made twice for
// that, nor is anything looked at that cannot be undone.
func (d doubt) again(s store.Step, done provider.Restored) error {
	if !d.any || d.left <= 0 || s.Action == access.Rotate || s.Action == access.Contain && done.Secret != "" {
		return nil
	}
	return unsettledError{s.Account, done.Words, d.left, s.UndoAttempts}
}

// late is what a person has to know of an account that a queued order may still delete.
func (d doubt) late(s store.Step, done provider.Restored) *access.Gap {
	carriedOut := s.State == store.StepDone || !done.Already
	if !d.any || !d.queues || carriedOut || s.Action != access.Delete {
		return nil
	}
	return &access.Gap{Object: s.Account.String(),
		Why:    "an order to delete it was sent and had no effect so far; the system may carry it out later, and does not show whether it will",
		Remedy: "look whether it is still there, above all when its server was down and has come back"}
}

// unsettledError says that an account was given back while something that was sent
// before may still be on its way to it.
type unsettledError struct {
	account access.Ref
	words   string
	left    time.Duration
	looks   int // before this one
}

func (e unsettledError) Error() string {
	return fmt.Sprintf("restore %s: given back: %s; what was sent about it before may still take effect, so it is looked at again for %v",
		e.account, e.words, e.left.Round(time.Second))
}

func (e unsettledError) Unwrap() error { return errNotYet }

// delay is when to look again: soon, and then less and less often.
func (e unsettledError) delay() time.Duration {
	return min(max(e.left, 100*time.Millisecond), 2*time.Second<<min(e.looks, 5))
}

// pressing are the errors that decide when to come again: what is only looked at again, less
// and less often, keeps nothing waiting that is not given back yet.
func pressing(failed []error) []error {
	looks := func(err error) bool { return errors.As(err, new(unsettledError)) }
	if rest := slices.DeleteFunc(slices.Clone(failed), looks); len(rest) > 0 {
		return rest
	}
	return failed
}
