package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// DeliveryState is how a delivery stands.
type DeliveryState string

// The states. A refused delivery waits for a person, who lets it be tried again or
// drops it.
const (
	DeliveryWaiting DeliveryState = "waiting"
	DeliveryDone    DeliveryState = "done"
	DeliveryRefused DeliveryState = "refused"
	DeliveryDropped DeliveryState = "dropped"
)

// Delivery is one message of another system that was taken.
type Delivery struct {
	ID        int64
	Kind      string // webhook, set, scim, roster
	Source    string // whose: the name of a webhook, of an issuer
	MessageID string // the sender's own
	SHA256    string // of what was sent, in hex
	// Asks is what it asks for, as JSON; Act says in a word what that is.
	Asks      json.RawMessage
	Act       string
	Principal access.PrincipalID // once it is known
	Urgent    bool               // it goes before the others
	State     DeliveryState
	Attempts  int
	Repeats   int // how often the same message came again
	Retries   int // how often a person had it tried again after it was refused
	NextTryAt time.Time
	CaseID    string
	Words     string // why it is not done, or what became of it
	At        time.Time
	EndedAt   time.Time
}

// Name is the delivery as people and keys call it: "webhook/hris/msg_1".
func (d Delivery) Name() string { return d.Kind + "/" + d.Source + "/" + d.MessageID }

// MessageReusedError says that a sender used the id of a message for another one.
type MessageReusedError struct{ Delivery Delivery }

func (e *MessageReusedError) Error() string {
	return fmt.Sprintf("message %q of %s was another one before: it came at %s as delivery %d", e.Delivery.MessageID, e.Delivery.Source,
		e.Delivery.At.UTC().Format(time.RFC3339), e.Delivery.ID)
}

const deliveryColumns = `id, kind, source, message_id, sha256, asks, act, principal, urgent, state, attempts, repeats, retries, next_try_at, case_id, words,
	received_at, ended_at`

func scanDelivery(row pgx.CollectableRow) (d Delivery, err error) {
	var asks []byte
	err = row.Scan(&d.ID, &d.Kind, &d.Source, &d.MessageID, &d.SHA256, &asks, &d.Act, &d.Principal, &d.Urgent, &d.State, &d.Attempts, &d.Repeats, &d.Retries,
		intoZero(&d.NextTryAt), &d.CaseID, &d.Words, &d.At, intoZero(&d.EndedAt))
	d.Asks = asks
	return d, err
}

// AddDelivery stores a message, to be tried at once. The same message again is
// counted, and is not fresh; another message under its id is a *MessageReusedError.
func (t *Tx) AddDelivery(ctx context.Context, d Delivery) (stored Delivery, fresh bool, err error) {
	op := "store delivery " + d.Name()
	args := pgx.NamedArgs{"kind": d.Kind, "source": d.Source, "message": d.MessageID, "sha256": d.SHA256, "asks": string(withoutZeroBytes(d.Asks)), "act": d.Act,
		"principal": d.Principal, "urgent": d.Urgent, "at": d.At}
	stored, err = collectOne(ctx, t.tx, op, scanDelivery, `
		insert into deliveries (kind, source, message_id, sha256, asks, act, principal, urgent, next_try_at, received_at)
		values (@kind, @source, @message, @sha256, @asks, @act, @principal, @urgent, clock_timestamp(), @at)
		on conflict on constraint deliveries_once do nothing returning `+deliveryColumns, args)
	if !errors.Is(err, ErrNotFound) {
		return stored, err == nil, err
	}
	stored, err = collectOne(ctx, t.tx, op, scanDelivery, `
		update deliveries set repeats = repeats + 1
		where kind = @kind and source = @source and message_id = @message and sha256 = @sha256 returning `+deliveryColumns, args)
	if !errors.Is(err, ErrNotFound) {
		return stored, false, err
	}
	stored, err = collectOne(ctx, t.tx, op, scanDelivery, `
		select `+deliveryColumns+` from deliveries where kind = @kind and source = @source and message_id = @message`, args)
	if err != nil {
		return stored, false, err
	}
	return stored, false, &MessageReusedError{stored}
}

// ClaimDelivery takes up the most urgent delivery that may be tried, and counts the
// attempt. Nobody else gets it within the lease; afterwards somebody does, unless it
// was moved on. ErrNotFound when there is none.
func (t *Tx) ClaimDelivery(ctx context.Context, lease time.Duration) (Delivery, error) {
	return collectOne(ctx, t.tx, "take up a delivery", scanDelivery, `
		update deliveries set attempts = attempts + 1, next_try_at = clock_timestamp() + @lease
		where id = (
		    select id from deliveries where state = 'waiting' and next_try_at <= clock_timestamp()
		    order by urgent desc, next_try_at, id limit 1 for update skip locked)
		returning `+deliveryColumns, pgx.NamedArgs{"lease": lease})
}

// MoveDelivery notes what became of an attempt: d.State, and with it the principal,
// the case and the words; one that waits on is tried again after a time. It moves
// nothing, and says so, when the delivery was taken up by somebody else since.
func (t *Tx) MoveDelivery(ctx context.Context, d Delivery, again time.Duration) (moved bool, err error) {
	n, err := t.exec(ctx, "move delivery "+d.Name(), `
		update deliveries set
		    state = @state, principal = @principal, case_id = @case, words = @words,
		    next_try_at = case when @state = 'waiting' then clock_timestamp() + @again end,
		    ended_at    = case when @state = 'waiting' then null else clock_timestamp() end
		where id = @id and state = 'waiting' and attempts = @attempts`,
		pgx.NamedArgs{"id": d.ID, "attempts": d.Attempts, "state": string(d.State), "principal": d.Principal, "case": d.CaseID,
			"words": words(d.Words), "again": again})
	return n == 1, err
}

// SetDelivery is a person's word about a refused delivery: that it is tried again, or
// that it is dropped. It is ErrNotFound when no delivery of that number is refused.
func (t *Tx) SetDelivery(ctx context.Context, id int64, to DeliveryState) (Delivery, error) {
	return collectOne(ctx, t.tx, fmt.Sprintf("set delivery %d", id), scanDelivery, `
		update deliveries set state = @state,
		    retries = case when @state = 'waiting' then retries + 1 else retries end,
		    case_id = case when @state = 'waiting' then '' else case_id end,
		    next_try_at = case when @state = 'waiting' then clock_timestamp() end,
		    ended_at    = case when @state = 'waiting' then null else clock_timestamp() end
		where id = @id and state = 'refused' returning `+deliveryColumns, pgx.NamedArgs{"id": id, "state": string(to)})
}

// Delivery is one by its number.
func (q queries) Delivery(ctx context.Context, id int64) (Delivery, error) {
	return collectOne(ctx, q.db, fmt.Sprintf("delivery %d", id), scanDelivery,
		`select `+deliveryColumns+` from deliveries where id = @id`, pgx.NamedArgs{"id": id})
}

// DeliveryFilter narrows a list of deliveries; empty fields do not.
type DeliveryFilter struct {
	States    []DeliveryState
	Kind      string
	Source    string
	Principal access.PrincipalID
}

// Deliveries lists deliveries, the newest first.
func (q queries) Deliveries(ctx context.Context, f DeliveryFilter, p Page) ([]Delivery, error) {
	return collect(ctx, q.db, "list deliveries", scanDelivery, `
		select `+deliveryColumns+` from deliveries
		where (cardinality(@states::text[]) = 0 or state = any(@states))
		  and (@kind = '' or kind = @kind) and (@source = '' or source = @source)
		  and (@principal = '' or principal = @principal)
		order by id desc limit nullif(@limit::bigint, 0) offset @offset`,
		pgx.NamedArgs{"states": list(f.States), "kind": f.Kind, "source": f.Source, "principal": string(f.Principal),
			"limit": p.Limit, "offset": p.Offset})
}

// Arrivals are how the deliveries stand that are not over.
type Arrivals struct {
	Waiting int
	Refused int       // each waits for a person
	Oldest  time.Time // when the oldest that waits was received; zero when none does
}

// Arrivals counts the deliveries that are not over.
func (q queries) Arrivals(ctx context.Context) (Arrivals, error) {
	return collectOne(ctx, q.db, "count deliveries", func(row pgx.CollectableRow) (a Arrivals, err error) {
		return a, row.Scan(&a.Waiting, &a.Refused, intoZero(&a.Oldest))
	}, `
		select count(*), (select count(*) from deliveries where state = 'refused'), min(received_at)
		from deliveries where state = 'waiting'`, pgx.NamedArgs{})
}
