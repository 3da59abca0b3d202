package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	firstPause = 200 * time.Millisecond // before a program is started again, doubled each time
	mostPause  = 10 * time.Second
	steady     = 30 * time.Second // a run of this length starts the count anew
	mostDeaths = 8                // in a row; then it is somebody's turn to look
)

var errEndedByItself = errors.New("it ended by itself")

// part is something that runs, and can be run again when it has ended.
type part interface {
	Done() <-chan struct{} // of the present run
	Err() error            // how it ended
	Restart(context.Context) error
	Stop() error
	Kill() error
}

// kept is a part that is started again whenever it dies.
type kept struct {
	part
	name string
	// mayEnd is for programs that may come to a good end. For a server every end is a bad one.
	mayEnd bool
	log    *slog.Logger
	lost   func(error) // hears of a part that cannot be kept

	cancel  context.CancelFunc
	stopped chan struct{} // closed when the part is stopped for good
	err     error         // of stopping; valid once stopped is closed
}

// start keeps the part until ctx ends, and then stops it.
func (k *kept) start(ctx context.Context) *kept {
	ctx, k.cancel = context.WithCancel(ctx)
	k.stopped = make(chan struct{})
	go func() {
		defer close(k.stopped)
		k.watch(ctx)
		<-ctx.Done()
		k.err = k.Stop()
	}()
	return k
}

// end stops the part; when ctx ends before it has stopped, it is killed.
func (k *kept) end(ctx context.Context) error {
	k.cancel()
	select {
	case <-k.stopped:
	case <-ctx.Done():
		_ = k.Kill() // it may be gone by now
		<-k.stopped
	}
	return k.err
}

// watch returns when the part need not be watched any more, for whichever reason.
func (k *kept) watch(ctx context.Context) {
	for deaths := 0; ; {
		began := time.Now()
		select {
		case <-ctx.Done():
			return
		case <-k.Done():
		}
		reason := k.Err()
		if reason == nil && k.mayEnd {
			return
		} else if reason == nil {
			reason = errEndedByItself
		}
		if time.Since(began) > steady {
			deaths = 0
		}
		for running := false; !running; running = reason == nil {
			deaths++
			if deaths > mostDeaths {
				k.lost(fmt.Errorf("%s has ended %d times in a row and is not started again: %w", k.name, deaths, reason))
				return
			}
			pause := min(firstPause<<(deaths-1), mostPause)
			k.log.Warn("a program has ended and is started again", "program", k.name, "error", reason, "in", pause)
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			reason = k.Restart(ctx)
		}
	}
}
