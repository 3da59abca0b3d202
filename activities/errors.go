package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/store"
)

// The types of the errors that activities return. Retry policies name them.
const (
	Denied    = "Denied"    // our credential is refused: the connection waits for a person
	Throttled = "Throttled" // the system asks for time
	Transient = "Transient" // may go away by itself
	LaneBusy  = "LaneBusy"  // another case is at work on the resource
	NotYet    = "NotYet"    // accepted, and not done yet
	BadInput  = "BadInput"  // a mistake of ours: it would fail for ever
	Refused   = "Refused"   // what was asked for cannot be done; the words say why
	Stopping  = "Stopping"  // the worker is told to stop; the rest of the batch is next
)

// errNotYet is an order that was accepted and is not carried out yet.
var errNotYet = errors.New("accepted, and not done yet")

// errBegunMeanwhile says that a step was read before another worker began it. The next
// attempt reads it, and the system, anew.
var errBegunMeanwhile = errors.New("another worker has begun it meanwhile; it is read again before it is repeated")

// asTemporal is the one place where errors become Temporal's. It is called with
// what an activity returns and with nothing else.
func asTemporal(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrLaneBusy):
		return later(ctx, LaneBusy, err, time.Second)
	case errors.As(err, new(unsettledError)):
		e, _ := errors.AsType[unsettledError](err)
		return later(ctx, NotYet, err, e.delay())
	case errors.Is(err, errNotYet):
		return later(ctx, NotYet, err, 2*time.Second)
	case errors.Is(err, errStopping):
		return temporal.NewApplicationErrorWithOptions(err.Error(), Stopping, temporal.ApplicationErrorOptions{
			Category: temporal.ApplicationErrorCategoryBenign})
	case errors.As(err, new(refused)):
		return temporal.NewNonRetryableApplicationError(err.Error(), Refused, nil)
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errBadInput), errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrDecided):
		return temporal.NewNonRetryableApplicationError(err.Error(), BadInput, nil)
	}
	switch e, _ := errors.AsType[*provider.Error](err); provider.KindOf(err) {
	case provider.Denied:
		return temporal.NewNonRetryableApplicationError(err.Error(), Denied, nil)
	case provider.Throttled:
		return later(ctx, Throttled, err, max(e.RetryAfter, time.Second))
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), Transient, temporal.ApplicationErrorOptions{})
}

// later asks to be called again after a delay that fits into what is left of the
// activity's time: a longer one would end the activity at once.
func later(ctx context.Context, kind string, err error, delay time.Duration) error {
	info := activity.GetInfo(ctx)
	if info.ScheduleToCloseTimeout > 0 {
		left := time.Until(info.ScheduledTime.Add(info.ScheduleToCloseTimeout))
		delay = min(delay, max(left/2, time.Millisecond))
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), kind, temporal.ApplicationErrorOptions{
		NextRetryDelay: delay, Category: temporal.ApplicationErrorCategoryBenign})
}

// refused says to whoever asked why it is not done.
type refused string

func (r refused) Error() string { return string(r) }

var (
	errBadInput = errors.New("bad input")
	errStopping = errors.New("the worker is stopping; the rest of the batch goes to another attempt")
)

// stopping reports why an activity should not start its next item.
func stopping(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-activity.GetWorkerStopChannel(ctx):
		return errStopping
	default:
		return nil
	}
}
