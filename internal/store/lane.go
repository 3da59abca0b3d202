package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Lane is the right to change one resource, held by one connection to the
// database: when that connection ends, however it ends, the right ends with it.
type Lane struct {
	key  string
	conn *pgxpool.Conn
	turn func() // gives the turn within this process back
	once sync.Once

	after after
}

// LockLane waits for the lane at most as long as wait says and then fails with
// ErrLaneBusy; with no wait at all it tries once. The wait ends with ctx too.
//
// Within one process the wait is in memory, first come, first served: only the one
// whose turn it is holds a connection and asks the server. The lock is a session's
// advisory lock, so the database must not stand behind a pooler that shares
// sessions between transactions.
func (s *Store) LockLane(ctx context.Context, key string, wait time.Duration) (*Lane, error) {
	op := fmt.Sprintf("lock the lane %s", key)
	until := time.Now().Add(wait)
	patience, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	done, err := s.takeTurn(patience, ctx, key)
	if err != nil {
		return nil, wrap(op, err)
	}
	conn, err := s.acquireLane(patience, ctx, wait)
	if err != nil {
		done()
		return nil, wrap(op, err)
	}
	if err := advisoryLock(ctx, conn.Conn(), laneNumber(key), time.Until(until)); err != nil {
		discard(conn)
		done()
		return nil, wrap(op, err)
	}
	return &Lane{key: key, conn: conn, turn: done, after: s.after}, nil
}

// acquireLane takes a connection of the lanes' pool. All of them in use is busy.
func (s *Store) acquireLane(patience, ctx context.Context, wait time.Duration) (*pgxpool.Conn, error) {
	if wait <= 0 {
		patience = ctx // one try; connecting takes its time
	}
	conn, err := s.lanes.Acquire(patience)
	if err != nil && ctx.Err() == nil && patience.Err() != nil {
		return nil, ErrLaneBusy
	}
	if err != nil {
		return nil, connecting(s.lanes.Config().ConnConfig, err)
	}
	return conn, nil
}

// advisoryLock takes the lock for the session. The wait is the server's, bounded
// by its lock_timeout, so that a lock is never granted to somebody who left.
func advisoryLock(ctx context.Context, conn *pgx.Conn, number int64, wait time.Duration) error {
	var got bool
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, number).Scan(&got); err != nil || got {
		return err
	}
	if wait < time.Millisecond {
		return ErrLaneBusy
	}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('lock_timeout', $1, true)`, strconv.FormatInt(wait.Milliseconds(), 10)+"ms"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `select pg_advisory_lock($1)`, number)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == pgerrcode.LockNotAvailable {
		return ErrLaneBusy
	}
	return err
}

// Do runs one transaction on the connection that holds the lock. When the lock is
// lost it fails, with ErrLaneLost where that is certain, and has written nothing.
func (l *Lane) Do(ctx context.Context, do func(*Tx) error) error {
	if l.conn.Conn().IsClosed() {
		return fmt.Errorf("lane %s: %w", l.key, ErrLaneLost)
	}
	err := transact(ctx, l.conn, l.after, do)
	if err != nil && l.conn.Conn().IsClosed() {
		return fmt.Errorf("lane %s: %w: %w", l.key, ErrLaneLost, err)
	}
	return err
}

// Release gives the lane back. A connection on which that fails is closed, which
// gives the lane back as well. It may be called again.
func (l *Lane) Release() {
	l.once.Do(func() {
		defer l.turn()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		var held bool
		err := l.conn.QueryRow(ctx, `select pg_advisory_unlock($1)`, laneNumber(l.key)).Scan(&held)
		if err != nil || !held {
			discard(l.conn)
			return
		}
		l.conn.Release()
	})
}

// discard closes a connection whose session must not live on.
func discard(conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = conn.Conn().Close(ctx)
	conn.Release()
}

// laneNumber is the number that stands for a key among the advisory locks. Two
// keys with one number would merely wait for each other.
func laneNumber(key string) int64 {
	sum := sha256.Sum256([]byte("sever lane " + key))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}
