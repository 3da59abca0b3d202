package courier

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/store"
)

// Parcel is one message to one destination.
type Parcel struct {
	ID   string // the same at every attempt
	Body []byte // a notice.Message as JSON
}

// Sender reaches one destination. The answer is what the other side said, in a line. An
// error says that it did not take the message, or that nobody knows.
type Sender interface {
	Send(ctx context.Context, p Parcel) (answer string, err error)
}

// LaterError is a refusal by a destination that wants to be left alone for a while.
type LaterError struct {
	After time.Duration
	Err   error
}

func (e *LaterError) Error() string { return e.Err.Error() }
func (e *LaterError) Unwrap() error { return e.Err }

// Route is how one destination is reached.
type Route struct {
	notice.Subscriber
	Means string // webhook or mail
	Where string // the other side, without anything secret
	Sender
}

// Outbox is where notices wait. A *store.Store is one.
type Outbox interface {
	ClaimNotice(ctx context.Context, destination string, lease time.Duration) (store.Notice, bool, error)
	AbandonedNotices(ctx context.Context, patience, unclaimed time.Duration) ([]store.Notice, error)
	Do(ctx context.Context, do func(*store.Tx) error) error
}

// Pace is how often a courier looks and tries.
type Pace struct {
	Look  time.Duration // how often it looks for something to carry
	Lease time.Duration // how long an attempt may take, to the note of what became of it
	First time.Duration // the pause after the first attempt; each one after it is twice as long
	Most  time.Duration // the longest pause
	Sweep time.Duration // how often it looks for what nobody carries
}

// DefaultPace is that of the worker. A lease is longer than any attempt, so that nobody
// has a message that another one is still sending.
var DefaultPace = Pace{Look: time.Second, Lease: 2 * time.Minute, First: 5 * time.Second, Most: 10 * time.Minute, Sweep: time.Minute}

// Courier carries what the outbox has for its routes.
type Courier struct {
	outbox   Outbox
	routes   []Route
	patience time.Duration
	pace     Pace
	log      *slog.Logger
}

// New makes a courier.
func New(o Outbox, s Settings, p Pace, log *slog.Logger) *Courier {
	return &Courier{o, s.Routes, s.patience(), p, log}
}

// Run carries until the context ends, and returns when the attempts under way are over.
// Each destination has a turn of its own: one that is slow delays no other.
func (c *Courier) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, r := range c.routes {
		all.Go(func() { every(ctx, c.pace.Look, func() { c.empty(ctx, r) }) })
	}
	all.Go(func() { every(ctx, c.pace.Sweep, func() { c.sweep(ctx) }) })
	all.Wait()
}

// every does something now and then again and again.
func every(ctx context.Context, pause time.Duration, do func()) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// empty carries everything that is due for a destination.
func (c *Courier) empty(ctx context.Context, r Route) {
	for ctx.Err() == nil {
		n, ok, err := c.outbox.ClaimNotice(ctx, r.Name, c.pace.Lease)
		if err != nil && ctx.Err() == nil {
			c.log.Warn("the notices cannot be read", "destination", r.Name, "error", err)
		}
		if err != nil || !ok {
			return
		}
		c.carry(ctx, r, n)
	}
}

// carry makes one attempt, and notes what became of it. It ends what it began also when
// the worker stops: a message that is half sent would be sent again.
func (c *Courier) carry(ctx context.Context, r Route, n store.Notice) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.pace.Lease)
	defer cancel()
	answer, err := r.Send(ctx, Parcel{n.Message, n.Body})
	log := c.log.With("case", n.CaseID, "destination", r.Name, "notice", n.Kind, "attempt", n.Attempts)
	if err == nil {
		err = c.outbox.Do(ctx, func(tx *store.Tx) error { return tx.DeliveredNotice(ctx, n, answer) })
		if err != nil {
			log.Warn("a notice was delivered and that cannot be noted: it is sent again", "error", err)
		}
		return
	}
	log.Warn("a notice was not taken", "error", err)
	v := decide(n, time.Now(), c.patience, c.pace, err)
	err = c.outbox.Do(ctx, func(tx *store.Tx) error {
		if v.giveUp {
			return giveUp(ctx, tx, n, err.Error())
		}
		return tx.PostponeNotice(ctx, n, err.Error(), v.pause, v.all)
	})
	if err != nil {
		log.Warn("what became of a notice cannot be noted: it is sent again", "error", err)
	}
}

// sweep gives up what nobody carries any more: its destination was taken out of the
// settings of every worker.
func (c *Courier) sweep(ctx context.Context) {
	lost, err := c.outbox.AbandonedNotices(ctx, c.patience, c.pace.Lease)
	for _, n := range lost {
		why := fmt.Sprintf("no worker has carried anything to %s for %s: it may be in nobody's settings any more", n.Destination, c.patience)
		if n.Answer != "" {
			why += "; at the last attempt: " + n.Answer
		}
		if err = c.outbox.Do(ctx, func(tx *store.Tx) error { return giveUp(ctx, tx, n, why) }); err != nil {
			break
		}
	}
	if err != nil && ctx.Err() == nil {
		c.log.Warn("notices that nobody carries cannot be given up", "error", err)
	}
}
