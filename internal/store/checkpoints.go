package store

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/severhq/sever/internal/audit"
)

// checkpointLock is the advisory lock under which checkpoints are made in turn.
var checkpointLock = laneNumber("\x00checkpoints")

// AddCheckpoint signs the ends of all chains that grew since the last checkpoint,
// keeps the checkpoint and returns it for the copy outside. When no chain grew it
// returns the last checkpoint again; when there is nothing at all yet, one whose
// number is 0.
func (s *Store) AddCheckpoint(ctx context.Context, key ed25519.PrivateKey, at time.Time) (audit.Checkpoint, error) {
	var c audit.Checkpoint
	err := s.Do(ctx, func(tx *Tx) error {
		if _, err := tx.exec(ctx, "wait for the turn", `select pg_advisory_xact_lock(@lock)`, pgx.NamedArgs{"lock": checkpointLock}); err != nil {
			return err
		}
		last, err := tx.lastCheckpoint(ctx)
		if err != nil {
			return err
		}
		grown, err := tx.grownChains(ctx)
		if err != nil || len(grown) == 0 {
			c = last
			return err
		}
		if c, err = audit.Sign(key, last.No+1, at, grown, cmpOr(last.Hash, audit.Genesis)); err != nil {
			return err
		}
		return tx.insertCheckpoint(ctx, c)
	})
	return c, wrap("add a checkpoint", err)
}

// grownChains are the heads that no checkpoint has seen as they are now.
func (t *Tx) grownChains(ctx context.Context) ([]audit.Head, error) {
	return collect(ctx, t.tx, "chains that grew", scanHead, `
		select h.chain, h.seq, h.hash from audit_heads h
		left join lateral (
		    select c.hash from checkpoint_heads c where c.chain = h.chain order by c.no desc limit 1
		) as seen on true
		where h.seq > 0 and seen.hash is distinct from h.hash
		order by h.chain`, pgx.NamedArgs{})
}

func (t *Tx) insertCheckpoint(ctx context.Context, c audit.Checkpoint) error {
	if _, err := t.exec(ctx, "write the checkpoint", `
		insert into checkpoints (no, at, prev, key_id, hash, signature) values (@no, @at, @prev, @key_id, @hash, @signature)`,
		pgx.NamedArgs{"no": c.No, "at": c.At, "prev": c.Prev, "key_id": c.KeyID, "hash": c.Hash, "signature": c.Signature}); err != nil {
		return err
	}
	rows := make([][]any, len(c.Heads))
	for i, h := range c.Heads {
		rows[i] = []any{c.No, h.Chain, h.Seq, h.Hash}
	}
	_, err := t.tx.CopyFrom(ctx, pgx.Identifier{"checkpoint_heads"}, []string{"no", "chain", "seq", "hash"}, pgx.CopyFromRows(rows))
	return wrap("write the checkpoint", err)
}

func (t *Tx) lastCheckpoint(ctx context.Context) (audit.Checkpoint, error) {
	some, err := t.checkpoints(ctx, `where no = (select max(no) from checkpoints)`)
	if err != nil || len(some) == 0 {
		return audit.Checkpoint{}, err
	}
	return some[0], nil
}

// Checkpoints are all checkpoints in the database, first to last. Lines whose
// checkpoint is gone come as one without a hash, which verifies as changed.
func (q queries) Checkpoints(ctx context.Context) ([]audit.Checkpoint, error) {
	return q.checkpoints(ctx, "")
}

// CheckpointsAfter are the checkpoints with higher numbers, first to last.
func (q queries) CheckpointsAfter(ctx context.Context, no int64) ([]audit.Checkpoint, error) {
	return q.checkpoints(ctx, "where no > "+strconv.FormatInt(no, 10))
}

func (q queries) checkpoints(ctx context.Context, where string) ([]audit.Checkpoint, error) {
	all, err := collect(ctx, q.db, "read checkpoints", func(row pgx.CollectableRow) (c audit.Checkpoint, err error) {
		var at pgtype.Timestamptz
		err = row.Scan(&c.No, &at, &c.Prev, &c.KeyID, &c.Hash, &c.Signature)
		c.At, c.Heads = moment(at), []audit.Head{}
		return c, err
	}, `select no, at, prev, key_id, hash, signature from checkpoints `+where+` order by no`, pgx.NamedArgs{})
	if err != nil {
		return nil, err
	}
	place := map[int64]int{}
	for i, c := range all {
		place[c.No] = i
	}
	rows, err := q.db.Query(ctx, `select no, chain, seq, hash from checkpoint_heads `+where+` order by no, chain collate "C"`)
	if err != nil {
		return nil, wrap("read checkpoints", err)
	}
	var no int64
	var h audit.Head
	_, err = pgx.ForEachRow(rows, []any{&no, &h.Chain, &h.Seq, &h.Hash}, func() error {
		i, ok := place[no]
		if !ok {
			i, all = len(all), append(all, audit.Checkpoint{No: no})
			place[no] = i
		}
		all[i].Heads = append(all[i].Heads, h)
		return nil
	})
	slices.SortStableFunc(all, func(a, b audit.Checkpoint) int { return cmp.Compare(a.No, b.No) })
	return all, wrap("read checkpoints", err)
}
