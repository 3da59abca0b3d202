package inbox

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/store"
)

// Rejection is a message that is not taken. Nothing that the message says is believed,
// so nothing of it is kept but its hash.
type Rejection struct {
	Kind   string
	Source string // the name of a sender that is configured; empty when it is none
	Why    string // in our words
	From   string // the address that it came from, as the server saw it
	Body   []byte
}

// Nobody stands for senders that are not configured.
const Nobody = "nobody known"

// Reject leaves a row in the trail of the house. Of one sender only some are written
// within a minute; a last one says how many there were more. People outside are told once
// an hour, unless nobody of that name is configured.
func (b *Inbox) Reject(ctx context.Context, r Rejection) {
	now := time.Now()
	object := r.Kind + "/" + Nobody
	if r.Source != "" {
		object = r.Kind + "/" + r.Source
	}
	rows := b.gate.close(now)
	passes, first := b.gate.pass(object, now)
	if first { // nobody else may come to end this window
		time.AfterFunc(gateEvery, func() { b.write(context.Background(), b.gate.close(time.Now())) })
	}
	if passes {
		data := map[string]any{"sha256": sum(r.Body), "bytes": len(r.Body)}
		if r.From != "" {
			data["from"] = r.From
		}
		rows = append(rows, rejected(object, now, r.Why, data))
	}
	b.write(ctx, rows)
}

// Failed notes in the log that a message could not be stored. The sender was told to
// send it again.
func (b *Inbox) Failed(r Rejection, err error) {
	b.log.Error("a message could not be stored", "kind", r.Kind, "source", r.Source, "error", err)
}

// Close writes how many rejections have no row of their own yet.
func (b *Inbox) Close() {
	b.write(context.Background(), b.gate.close(time.Now().Add(gateEvery)))
}

func (b *Inbox) write(ctx context.Context, rows []audit.Event) {
	if len(rows) == 0 {
		return
	}
	// Who sent it may be gone by now; the row is written all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := b.store.Do(ctx, func(tx *store.Tx) error {
		for _, e := range rows {
			if err := tx.Append(ctx, e); err != nil {
				return err
			}
			if _, sender, _ := strings.Cut(e.Object, "/"); sender != Nobody {
				tx.Tell(notice.RejectedDelivery(e.Object, e.At))
			}
		}
		return nil
	})
	if err != nil {
		b.log.Error("a rejection could not be written into the trail", "object", rows[0].Object, "words", rows[0].Words, "error", err)
	}
}

func rejected(object string, at time.Time, why string, data map[string]any) audit.Event {
	return audit.Event{Chain: audit.House, Key: "rejected/" + desk.Random(20), At: at, Kind: audit.DeliveryRejected, Actor: "sever", Object: object,
		Outcome: "rejected", Words: why, Data: data}
}

const (
	gateEvery = time.Minute
	gateRows  = 10 // of one sender within gateEvery
)

// gate bounds the rows about rejections: nobody can flood the trail by sending rubbish.
type gate struct {
	mu     sync.Mutex
	seen   map[string]int // of the window, by object
	begins time.Time
}

func newGate() *gate { return &gate{seen: map[string]int{}} }

// pass counts a rejection, and reports whether it gets a row, and whether a window
// begins with it.
func (g *gate) pass(object string, now time.Time) (passes, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if first = len(g.seen) == 0; first {
		g.begins = now
	}
	g.seen[object]++
	return g.seen[object] <= gateRows, first
}

// close ends a window that is over: a row for every object with rejections that got none.
func (g *gate) close(now time.Time) (rows []audit.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.seen) == 0 || now.Before(g.begins.Add(gateEvery)) {
		return nil
	}
	for object, n := range g.seen {
		if more := n - gateRows; more > 0 {
			rows = append(rows, rejected(object, now, fmt.Sprintf("%d more like these within a minute", more),
				map[string]any{"more": more, "since": g.begins.UTC().Format(time.RFC3339)}))
		}
	}
	clear(g.seen)
	return rows
}
