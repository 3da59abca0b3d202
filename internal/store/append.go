package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/audit"
)

// pendingEvents wait for the end of their transaction.
type pendingEvents []audit.Event

// place is a key within a chain.
type place struct{ chain, key string }

// Append adds an event to its chain when the transaction commits, in the order of
// the calls. An event whose key the chain has already is passed over, whatever it
// says: the first one stays. A zero time means now.
//
// Rows are written at the end so that a chain is locked for as short as can be,
// and several chains always in the same order. An event that has no canonical form
// is refused at once.
func (t *Tx) Append(_ context.Context, e audit.Event) error {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	if err := e.Check(); err != nil {
		return fmt.Errorf("append to the audit trail: %s %s: %w", e.Chain, e.Key, err)
	}
	t.events = append(t.events, e)
	return nil
}

// writeEvents takes the lock of every chain concerned, then seals and writes the
// events that are new. Two round trips, however many events.
func (t *Tx) writeEvents(ctx context.Context) error {
	const op = "append to the audit trail"
	if len(t.events) == 0 {
		return nil
	}
	slices.SortStableFunc(t.events, func(a, b audit.Event) int { return cmp.Compare(a.Chain, b.Chain) })
	heads, have, err := t.lockChains(ctx)
	if err != nil {
		return wrap(op, err)
	}
	var rows []audit.Row
	for _, e := range t.events {
		at := place{e.Chain, e.Key}
		if have[at] {
			continue
		}
		have[at] = true
		h := heads[e.Chain]
		row, err := audit.Seal(h.Hash, h.Seq+1, e)
		if err != nil {
			return wrap(op, err)
		}
		heads[e.Chain] = row.Head()
		rows = append(rows, row)
	}
	t.events = nil
	if len(rows) == 0 {
		return nil
	}
	t.added = append(t.added, rows...)
	return wrap(op, t.insertRows(ctx, rows, heads))
}

// lockChains locks the head of every chain, making those that are new, and then
// looks which of the keys are written. The look is a statement of its own: it must
// see what was committed while the lock was waited for.
func (t *Tx) lockChains(ctx context.Context) (map[string]audit.Head, map[place]bool, error) {
	chains, keys := make([]string, len(t.events)), make([]string, len(t.events))
	for i, e := range t.events {
		chains[i], keys[i] = e.Chain, e.Key
	}
	args := pgx.NamedArgs{"chains": chains, "keys": keys, "distinct": slices.Compact(slices.Clone(chains)), "genesis": audit.Genesis}
	heads, have := map[string]audit.Head{}, map[place]bool{}
	var batch pgx.Batch
	batch.Queue(`
		insert into audit_heads (chain, seq, hash)
		select chain, 0, @genesis from unnest(@distinct::text[]) as c(chain)
		on conflict do nothing`, args)
	batch.Queue(`
		select chain, seq, hash from audit_heads
		where chain = any(@distinct::text[]) order by chain for update`, args).Query(func(rows pgx.Rows) error {
		var h audit.Head
		_, err := pgx.ForEachRow(rows, []any{&h.Chain, &h.Seq, &h.Hash}, func() error {
			heads[h.Chain] = h
			return nil
		})
		return err
	})
	batch.Queue(`
		select chain, key from audit_events
		where (chain, key) in (select * from unnest(@chains::text[], @keys::text[]))`, args).Query(func(rows pgx.Rows) error {
		var p place
		_, err := pgx.ForEachRow(rows, []any{&p.chain, &p.key}, func() error {
			have[p] = true
			return nil
		})
		return err
	})
	return heads, have, t.tx.SendBatch(ctx, &batch).Close()
}

// insertRows writes sealed rows and moves the heads behind them.
func (t *Tx) insertRows(ctx context.Context, rows []audit.Row, heads map[string]audit.Head) error {
	var batch pgx.Batch
	for _, r := range rows {
		data, err := r.DataJSON()
		if err != nil {
			return err
		}
		batch.Queue(`
			insert into audit_events
			    (chain, seq, key, at, kind, actor, object, attempt, outcome, words, request_id, data, prev, hash)
			values
			    (@chain, @seq, @key, @at, @kind, @actor, @object, @attempt, @outcome, @words, @request_id, @data, @prev, @hash)`,
			pgx.NamedArgs{
				"chain": r.Chain, "seq": r.Seq, "key": r.Key, "at": r.At, "kind": r.Kind, "actor": r.Actor, "object": r.Object,
				"attempt": r.Attempt, "outcome": r.Outcome, "words": r.Words, "request_id": r.RequestID, "data": string(data),
				"prev": r.Prev, "hash": r.Hash,
			})
	}
	for _, chain := range slices.Sorted(maps.Keys(heads)) {
		batch.Queue(`update audit_heads set seq = @seq, hash = @hash where chain = @chain and seq < @seq`,
			pgx.NamedArgs{"chain": chain, "seq": heads[chain].Seq, "hash": heads[chain].Hash})
	}
	return t.tx.SendBatch(ctx, &batch).Close()
}
