package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/notice"
)

// schema is where everything of ours lives; public stays empty.
const schema = "sever"

// Options are how a Store uses its server. The zero value is good.
type Options struct {
	// Conns are the connections for reads and transactions; 8 if zero.
	Conns int32
	// Lanes are how many lanes this process can hold at a time, each with a
	// connection of its own; 16 if zero.
	Lanes int32
	// Name is what the server shows as the application's name; "sever" if empty.
	Name string
	// Privileged accepts a role that could rewrite the audit trail. Only tests and
	// tools that read set it.
	Privileged bool
	// Appended, if set, is told of every row that joined the audit trail, after its
	// transaction was committed. It must be quick.
	Appended func(audit.Row)
	// Subscribers are told of what this process writes.
	Subscribers []notice.Subscriber
}

// Store is the records in one database. It is safe for concurrent use.
type Store struct {
	queries
	pool  *pgxpool.Pool
	lanes *pgxpool.Pool
	after after

	mu    sync.Mutex
	turns map[string]*turn // of lanes, by key
}

// Open connects to a migrated database as the application's role. It refuses a
// schema that is not the one this program speaks, and a role that could change the
// audit trail.
func Open(ctx context.Context, url config.Secret, o Options) (*Store, error) {
	pool, err := newPool(ctx, url, o.Name, cmpOr(o.Conns, 8), nil)
	if err != nil {
		return nil, err
	}
	// The server notices within a minute that the holder of a lane is gone, even
	// when its machine died without a word.
	keepalive := map[string]string{"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}
	lanes, err := newPool(ctx, url, o.Name, cmpOr(o.Lanes, 16), keepalive)
	if err != nil {
		pool.Close()
		return nil, err
	}
	s := &Store{queries: queries{pool}, pool: pool, lanes: lanes, after: after{o.Appended, o.Subscribers}, turns: map[string]*turn{}}
	if err := s.check(ctx, o.Privileged); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends all connections. It waits for transactions and lanes that are in use.
func (s *Store) Close() {
	s.lanes.Close()
	s.pool.Close()
}

// Ping asks the server for a sign of life.
func (s *Store) Ping(ctx context.Context) error {
	return wrap("ping the database", s.pool.Ping(ctx))
}

// Do runs one transaction. It is committed when do returns nil, audit rows last;
// otherwise nothing of it stays. An error of the commit itself may mean either:
// repeat the whole, every write can be repeated.
func (s *Store) Do(ctx context.Context, do func(*Tx) error) error {
	return transact(ctx, s.pool, s.after, do)
}

// Tx is a transaction. It is not safe for concurrent use.
type Tx struct {
	queries
	tx     pgx.Tx
	events pendingEvents
	added  []audit.Row // rows that this transaction has written

	after after
	tell  toTell // waits for the end of the transaction
}

// after is who hears of a transaction: told at once, when it was committed, the
// subscribers by notices, which are part of it.
type after struct {
	told        func(audit.Row)
	subscribers []notice.Subscriber
}

type beginner interface {
	BeginTx(context.Context, pgx.TxOptions) (pgx.Tx, error)
}

// transact relies on read committed: Append must see, behind the lock of a chain,
// what the transaction before it wrote. It does not ask for the right to write: where
// somebody made the database read-only, that is obeyed, and nothing goes on.
func transact(ctx context.Context, b beginner, after after, do func(*Tx) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.ReadCommitted}
	var added []audit.Row
	err := pgx.BeginTxFunc(ctx, b, options, func(ptx pgx.Tx) error {
		tx := &Tx{queries: queries{ptx}, tx: ptx, after: after}
		if err := do(tx); err != nil {
			return err
		}
		if err := tx.writeEvents(ctx); err != nil {
			return err
		}
		added = tx.added
		return tx.writeNotices(ctx)
	})
	if err == nil && after.told != nil {
		for _, row := range added {
			after.told(row)
		}
	}
	return err
}

// exec runs a statement and says how many rows it changed.
func (t *Tx) exec(ctx context.Context, op, sql string, args pgx.NamedArgs) (int64, error) {
	tag, err := t.tx.Exec(ctx, sql, args)
	return tag.RowsAffected(), wrap(op, err)
}

// queries are the reads, over a pool or a transaction.
type queries struct{ db reader }

type reader interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func collect[T any](ctx context.Context, db reader, op string, scan pgx.RowToFunc[T], sql string, args pgx.NamedArgs) ([]T, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, wrap(op, err)
	}
	out, err := pgx.CollectRows(rows, scan)
	return out, wrap(op, err)
}

func collectOne[T any](ctx context.Context, db reader, op string, scan pgx.RowToFunc[T], sql string, args pgx.NamedArgs) (T, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		var zero T
		return zero, wrap(op, err)
	}
	out, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	return out, wrap(op, err)
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}

// violates reports whether an error is the violation of a named constraint.
func violates(err error, constraint string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.ConstraintName == constraint
}

// Now is the time by the clock of the records, which what people say is noted by.
func (q queries) Now(ctx context.Context) (time.Time, error) {
	return collectOne(ctx, q.db, "ask the records for the time", pgx.RowTo[time.Time], `select clock_timestamp()`, nil)
}
