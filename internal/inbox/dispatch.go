package inbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/store"
)

// Dispatcher puts stored deliveries to the desk. Any number of them may run, in any
// number of processes.
type Dispatcher struct {
	Desk *desk.Desk
	Log  *slog.Logger
	Pace Pace // the zero value is good
}

// Pace is how often a dispatcher looks and tries.
type Pace struct {
	Every time.Duration // looks for deliveries; half a second if zero
	First time.Duration // before the second try, and then twice as long each time; a second if zero
	Most  time.Duration // before any try; five minutes if zero
	// Settle is how long a hold looks for a case that is about to begin; half a minute if
	// zero.
	Settle time.Duration
}

const (
	side  = 4                // deliveries that one dispatcher handles side by side
	lease = 2 * time.Minute  // longer than any try
	quick = 90 * time.Second // the longest a try may take
)

func (p Pace) or() Pace {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&p.Every, 500*time.Millisecond)
	set(&p.First, time.Second)
	set(&p.Most, 5*time.Minute)
	set(&p.Settle, 30*time.Second)
	return p
}

// wait is how long to wait after so many attempts.
func (p Pace) wait(attempts int) time.Duration {
	d := p.First
	for range attempts - 1 {
		if d *= 2; d >= p.Most {
			return p.Most
		}
	}
	return min(d, p.Most)
}

// Run dispatches until the context ends. What is under way then goes back to the others
// at once.
func (d *Dispatcher) Run(ctx context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	pace := d.Pace.or()
	slots := make(chan struct{}, side)
	troubled := false
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		one, err := d.claim(ctx)
		if err == nil {
			troubled = false
			under.Go(func() {
				defer func() { <-slots }()
				d.handle(ctx, one, pace)
			})
			continue
		}
		<-slots
		none := errors.Is(err, store.ErrNotFound)
		if !none && ctx.Err() == nil && !troubled { // once, not twice a second
			d.Log.Error("deliveries cannot be taken up", "error", err)
		}
		troubled = !none
		select {
		case <-ctx.Done():
			return
		case <-time.After(pace.Every):
		}
	}
}

func (d *Dispatcher) claim(ctx context.Context) (one store.Delivery, err error) {
	err = d.Desk.Store.Do(ctx, func(tx *store.Tx) error {
		one, err = tx.ClaimDelivery(ctx, lease)
		return err
	})
	return one, err
}

// handle tries a delivery and writes down what became of it.
func (d *Dispatcher) handle(ctx context.Context, one store.Delivery, pace Pace) {
	o, err := OrderOf(one.Asks)
	var r result
	if err != nil {
		r = refused(err.Error())
	} else {
		tried, cancel := context.WithTimeout(ctx, quick)
		r = d.try(tried, one, o, pace)
		cancel()
	}
	if r.failed != nil {
		r.words, r.again = r.failed.Error(), pace.wait(one.Attempts)
		if ctx.Err() != nil {
			r.words, r.again = one.Words, 0 // it was us who went away
		} else {
			d.Log.Warn("a delivery will be tried again", "delivery", one.Name(), "attempt", one.Attempts, "in", r.again, "error", r.failed)
		}
	}
	one.State, one.Words = r.state, r.words
	if r.principal != "" {
		one.Principal = r.principal
	}
	if r.caseID != "" {
		one.CaseID = r.caseID
	}
	if err := d.move(ctx, one, o, r); err != nil { // the lease ends, and somebody tries again
		d.Log.Error("what became of a delivery could not be written", "delivery", one.Name(), "state", one.State, "error", err)
	}
}

// move writes what became of an attempt. It does so also when everything ends.
func (d *Dispatcher) move(ctx context.Context, one store.Delivery, o Order, r result) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return d.Desk.Store.Do(ctx, func(tx *store.Tx) error {
		moved, err := tx.MoveDelivery(ctx, one, r.again)
		if err != nil || !moved {
			return err
		}
		switch one.State {
		case store.DeliveryDone:
			return tx.Append(ctx, event(one, o, audit.DeliveryDone, "done", one.Words))
		case store.DeliveryRefused:
			tx.Tell(notice.RefusedDelivery(one.Kind+"/"+one.Source, one.ID, time.Now()))
			return tx.Append(ctx, event(one, o, audit.DeliveryRefused, "refused/"+desk.Random(8), one.Words))
		}
		return nil
	})
}
