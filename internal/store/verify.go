package store

import (
	"context"
	"crypto/ed25519"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/audit"
)

// VerifyAudit verifies the whole audit trail as it stands at one moment, while
// others go on writing. outside is the copy of the checkpoints that is kept
// elsewhere; it must have been read before this call.
func (s *Store) VerifyAudit(ctx context.Context, keys []ed25519.PublicKey, outside []audit.Checkpoint) (audit.Report, error) {
	var report audit.Report
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
		q := queries{tx}
		book, err := q.book(ctx)
		if err != nil {
			return err
		}
		book.Keys, book.Outside = keys, outside
		report = audit.VerifyAll(book)
		return nil
	})
	return report, wrap("verify the audit trail", err)
}

func (q queries) book(ctx context.Context) (b audit.Book, err error) {
	if b.Chains, err = q.Chains(ctx); err != nil {
		return b, err
	}
	if b.Heads, err = q.Heads(ctx); err != nil {
		return b, err
	}
	if b.Checkpoints, err = q.Checkpoints(ctx); err != nil {
		return b, err
	}
	if b.Expected, err = collect(ctx, q.db, "cases on record", pgx.RowTo[string], `select id from cases order by id`, pgx.NamedArgs{}); err != nil {
		return b, err
	}
	b.Heads = list(b.Heads)
	b.Rows = func(chain string) iter.Seq2[audit.Row, error] { return q.Events(ctx, chain, 0) }
	return b, nil
}
