package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/store"
)

// Inbox takes messages. It is safe for concurrent use.
type Inbox struct {
	store *store.Store
	log   *slog.Logger
	gate  *gate
}

// New is an inbox over the records.
func New(s *store.Store, log *slog.Logger) *Inbox {
	return &Inbox{store: s, log: log, gate: newGate()}
}

// Taken is what became of a message.
type Taken struct {
	Delivery store.Delivery
	// Again is true when the message was taken before.
	Again bool
}

// Take stores a message and its row in the trail. After it returns without an error the
// message may be acknowledged, whatever happens next. An id that was used for another
// message is a *store.MessageReusedError, and on record.
func (b *Inbox) Take(ctx context.Context, m Message) (Taken, error) {
	var out Taken
	err := b.store.Do(ctx, func(tx *store.Tx) (err error) {
		out, err = TakeIn(ctx, tx, m)
		return err
	})
	if reused, ok := errors.AsType[*store.MessageReusedError](err); ok {
		b.Reject(ctx, Rejection{Kind: m.Kind, Source: m.Source, Why: reused.Error(), Body: m.Body})
	}
	return out, err
}

// TakeIn is Take within a transaction, for what is stored together with something else.
func TakeIn(ctx context.Context, tx *store.Tx, m Message) (Taken, error) {
	if err := m.check(); err != nil {
		return Taken{}, err
	}
	asks, err := json.Marshal(m.Order)
	if err != nil {
		return Taken{}, fmt.Errorf("write what %s asks for: %w", m.Source, err)
	}
	d, fresh, err := tx.AddDelivery(ctx, store.Delivery{Kind: m.Kind, Source: m.Source, MessageID: m.ID, SHA256: sum(m.Body), Asks: asks,
		Act: string(m.Order.Act), Principal: m.Order.Principal, Urgent: m.Order.Reason == access.Incident || m.Order.Act == Hold, At: time.Now()})
	if err != nil {
		return Taken{}, err
	}
	switch {
	case fresh:
		err = tx.Append(ctx, event(d, m.Order, audit.DeliveryReceived, "received", m.Order.Why))
	case d.Repeats == 1:
		err = tx.Append(ctx, event(d, m.Order, audit.DeliveryRepeated, "repeated", ""))
	}
	return Taken{Delivery: d, Again: !fresh}, err
}

// event is a row about a delivery. It names the principal once she is known, and no
// identifier by which she is found.
func event(d store.Delivery, o Order, kind, key, words string) audit.Event {
	data := map[string]any{"delivery": d.ID, "act": string(o.Act), "sha256": d.SHA256}
	for name, value := range map[string]string{"principal": string(d.Principal), "reason": string(o.Reason), "ticket": o.Ticket, "case": d.CaseID} {
		if value != "" {
			data[name] = value
		}
	}
	if !o.At.IsZero() {
		data["at"] = o.At.UTC().Format(time.RFC3339)
	}
	return audit.Event{Chain: audit.House, Key: fmt.Sprintf("delivery/%d/%s", d.ID, key), At: time.Now(), Kind: kind, Actor: o.By, Object: d.Name(),
		Outcome: string(d.State), Words: words, Data: data}
}

func sum(body []byte) string {
	h := sha256.Sum256(body)
	return hex.EncodeToString(h[:])
}
