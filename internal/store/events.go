package store

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/severhq/sever/internal/audit"
)

// Events streams a chain from row fromSeq on. It holds a connection until the
// loop over it ends. A row that was tampered with is passed on for what it is; an
// error ends the sequence.
func (q queries) Events(ctx context.Context, chain string, fromSeq int64) iter.Seq2[audit.Row, error] {
	op := "read the audit trail of " + chain
	return func(yield func(audit.Row, error) bool) {
		rows, err := q.db.Query(ctx, `
			select chain, seq, key, at, kind, actor, object, attempt, outcome, words, request_id, data, prev, hash
			from audit_events where chain = @chain and seq >= @from order by seq`,
			pgx.NamedArgs{"chain": chain, "from": fromSeq})
		if err != nil {
			yield(audit.Row{}, wrap(op, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanEvent(rows)
			if err != nil {
				yield(audit.Row{}, wrap(op, err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(audit.Row{}, wrap(op, err))
		}
	}
}

// Event is the row of a chain with a key, or ErrNotFound.
func (q queries) Event(ctx context.Context, chain, key string) (audit.Row, error) {
	return collectOne(ctx, q.db, "read the audit trail of "+chain, scanEvent, `
		select chain, seq, key, at, kind, actor, object, attempt, outcome, words, request_id, data, prev, hash
		from audit_events where chain = @chain and key = @key`, pgx.NamedArgs{"chain": chain, "key": key})
}

// LastOfKind are the newest rows of one kind in a chain, oldest first, at most so many.
func (q queries) LastOfKind(ctx context.Context, chain, kind string, most int) ([]audit.Row, error) {
	rows, err := collect(ctx, q.db, "read the audit trail of "+chain, scanEvent, `
		select chain, seq, key, at, kind, actor, object, attempt, outcome, words, request_id, data, prev, hash
		from audit_events where chain = @chain and kind = @kind order by seq desc limit @most`,
		pgx.NamedArgs{"chain": chain, "kind": kind, "most": most})
	slices.Reverse(rows)
	return rows, err
}

func scanEvent(rows pgx.CollectableRow) (r audit.Row, err error) {
	var at pgtype.Timestamptz
	var data []byte
	err = rows.Scan(&r.Chain, &r.Seq, &r.Key, &at, &r.Kind, &r.Actor, &r.Object, &r.Attempt, &r.Outcome, &r.Words, &r.RequestID, &data, &r.Prev, &r.Hash)
	r.At, r.Data = moment(at), audit.ParseData(data)
	return r, err
}

// moment is a time as we write it; infinity is none of ours and has no hash.
func moment(t pgtype.Timestamptz) time.Time {
	if t.InfinityModifier != pgtype.Finite {
		return time.Time{}
	}
	return t.Time.UTC()
}

// Heads are the ends of all chains, as kept beside the rows.
func (q queries) Heads(ctx context.Context) ([]audit.Head, error) {
	return collect(ctx, q.db, "heads of the audit trail", scanHead, `select chain, seq, hash from audit_heads order by chain`, pgx.NamedArgs{})
}

func scanHead(row pgx.CollectableRow) (h audit.Head, err error) {
	return h, row.Scan(&h.Chain, &h.Seq, &h.Hash)
}

// Chains are the names of all chains that have rows.
func (q queries) Chains(ctx context.Context) ([]string, error) {
	return collect(ctx, q.db, "chains of the audit trail", pgx.RowTo[string], `select distinct chain from audit_events order by chain`, pgx.NamedArgs{})
}
