package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// HTTPRequest is a request that came with an idempotency key, and what was answered.
type HTTPRequest struct {
	Actor       string
	Key         string
	Fingerprint [32]byte // of what was asked
	Status      int      // 0: it has not been answered yet
	Answer      []byte
}

// ErrOtherRequest says that an idempotency key was used before for something else.
var ErrOtherRequest = errors.New("the idempotency key was used before for another request")

// BeginRequest notes a request, or returns what was noted of it before: with its answer
// if there was one. A key that was used for something else is ErrOtherRequest.
func (t *Tx) BeginRequest(ctx context.Context, r HTTPRequest) (HTTPRequest, error) {
	const op = "note the request"
	args := pgx.NamedArgs{"actor": r.Actor, "key": r.Key, "fingerprint": r.Fingerprint[:]}
	if _, err := t.exec(ctx, op, `
		insert into http_requests (actor, key, fingerprint) values (@actor, @key, @fingerprint)
		on conflict (actor, key) do nothing`, args); err != nil {
		return r, err
	}
	var known []byte
	was, err := collectOne(ctx, t.tx, op, func(row pgx.CollectableRow) (w HTTPRequest, err error) {
		return w, row.Scan(&w.Actor, &w.Key, &known, &w.Status, &w.Answer)
	}, `select actor, key, fingerprint, coalesce(status, 0), answer from http_requests where actor = @actor and key = @key`, args)
	if err == nil && !bytes.Equal(known, r.Fingerprint[:]) {
		return r, fmt.Errorf("%w: %s", ErrOtherRequest, r.Key)
	}
	copy(was.Fingerprint[:], known)
	return was, err
}

// EndRequest keeps the answer of a request that was begun. The first answer stays.
func (t *Tx) EndRequest(ctx context.Context, r HTTPRequest) error {
	_, err := t.exec(ctx, "keep the answer", `
		update http_requests set status = @status, answer = @answer where actor = @actor and key = @key and status is null`,
		pgx.NamedArgs{"actor": r.Actor, "key": r.Key, "status": r.Status, "answer": r.Answer})
	return err
}

// ForgetRequest frees the key of a request of which nothing came.
func (t *Tx) ForgetRequest(ctx context.Context, r HTTPRequest) error {
	_, err := t.exec(ctx, "forget the request", `delete from http_requests where actor = @actor and key = @key and status is null`,
		pgx.NamedArgs{"actor": r.Actor, "key": r.Key})
	return err
}

// ForgetRequests removes what was asked longer ago.
func (t *Tx) ForgetRequests(ctx context.Context, age time.Duration) (int64, error) {
	return t.exec(ctx, "forget old requests", `delete from http_requests where at < now() - @age::interval`, pgx.NamedArgs{"age": age})
}
