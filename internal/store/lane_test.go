package store

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// long is longer than any wait of these tests takes.
const long = 30 * time.Second

func lock(t *testing.T, s *Store, key string, wait time.Duration) *Lane {
	t.Helper()
	l, err := s.LockLane(t.Context(), key, wait)
	require.NoError(t, err)
	t.Cleanup(l.Release)
	return l
}

func TestALaneExcludes(t *testing.T) {
	t.Parallel()
	w, here := open(t)
	elsewhere := w.open(t, Options{})
	l := lock(t, here, "pg-main/srv", 0)
	for name, s := range map[string]*Store{"in this process": here, "in another": elsewhere} {
		for how, wait := range map[string]time.Duration{"without waiting": 0, "after waiting": 50 * time.Millisecond} {
			_, err := s.LockLane(t.Context(), "pg-main/srv", wait)
			require.ErrorIs(t, err, ErrLaneBusy, "%s %s", name, how)
			require.ErrorContains(t, err, "pg-main/srv")
		}
		lock(t, s, "pg-main/other of "+name, 0).Release()
	}
	l.Release()
	l.Release() // again is nothing
	lock(t, elsewhere, "pg-main/srv", 0)
	_, err := here.LockLane(t.Context(), "pg-main/srv", 0)
	require.ErrorIs(t, err, ErrLaneBusy)
}

func TestALaneIsHandedOn(t *testing.T) {
	t.Parallel()
	w, here := open(t)
	elsewhere := w.open(t, Options{})
	var holders, most atomic.Int32
	var wg sync.WaitGroup
	for _, s := range []*Store{here, elsewhere, here, elsewhere, here, elsewhere} {
		wg.Go(func() {
			for range 10 {
				l, err := s.LockLane(t.Context(), "k", long)
				if err != nil {
					t.Error(err)
					return
				}
				most.Store(max(most.Load(), holders.Add(1)))
				err = l.Do(t.Context(), func(tx *Tx) error { return tx.Append(t.Context(), event("c", "k")) })
				if err != nil {
					t.Error(err)
				}
				holders.Add(-1)
				l.Release()
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, most.Load())
	require.Empty(t, here.turns)
}

func TestManyWaitersOfOneLaneTakeOneConnection(t *testing.T) {
	t.Parallel()
	w, _ := open(t)
	s := w.open(t, Options{Lanes: 2})
	l := lock(t, s, "busy", 0)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			waiting, err := s.LockLane(t.Context(), "busy", long)
			if err != nil {
				t.Error(err)
				return
			}
			waiting.Release()
		})
	}
	lock(t, s, "free", long).Release() // is not kept waiting by them
	l.Release()
	wg.Wait()
}

func TestAllLanesInUseIsBusy(t *testing.T) {
	t.Parallel()
	w, _ := open(t)
	s := w.open(t, Options{Lanes: 1})
	lock(t, s, "one", 0)
	_, err := s.LockLane(t.Context(), "two", 20*time.Millisecond)
	require.ErrorIs(t, err, ErrLaneBusy)
}

func TestALostLaneWritesNothing(t *testing.T) {
	t.Parallel()
	w, s := open(t)
	l := lock(t, s, "k", 0)
	require.NoError(t, l.Do(t.Context(), func(tx *Tx) error { return tx.Append(t.Context(), event("c", "before")) }))

	pid := l.conn.Conn().PgConn().PID()
	_, err := connect(t, w.super).Exec(t.Context(), `select pg_terminate_backend($1, 10000)`, pid)
	require.NoError(t, err)
	lock(t, w.open(t, Options{}), "k", long) // the server gave the lock back

	called := false
	err = l.Do(t.Context(), func(tx *Tx) error {
		called = true
		return tx.Append(t.Context(), event("c", "after"))
	})
	require.ErrorIs(t, err, ErrLaneLost)
	require.False(t, called, "begin fails first")
	require.ErrorIs(t, l.Do(t.Context(), func(*Tx) error { return nil }), ErrLaneLost)
	require.Equal(t, []string{"before"}, keys(rowsOf(t, s, "c")))
	l.Release()
}

func TestALaneLostWithinATransaction(t *testing.T) {
	t.Parallel()
	w, s := open(t)
	l := lock(t, s, "k", 0)
	pid := l.conn.Conn().PgConn().PID()
	err := l.Do(t.Context(), func(tx *Tx) error {
		_, err := connect(t, w.super).Exec(t.Context(), `select pg_terminate_backend($1, 10000)`, pid)
		require.NoError(t, err)
		return tx.Append(t.Context(), event("c", "k"))
	})
	require.ErrorIs(t, err, ErrLaneLost)
	require.Empty(t, rowsOf(t, s, "c"))
}

func TestALaneOutlivesAFailedTransaction(t *testing.T) {
	t.Parallel()
	w, s := open(t)
	l := lock(t, s, "k", 0)
	failure := errors.New("no")
	require.ErrorIs(t, l.Do(t.Context(), func(*Tx) error { return failure }), failure)
	require.Error(t, l.Do(t.Context(), func(tx *Tx) error {
		_, err := tx.exec(t.Context(), "fail", "select 1/0", nil)
		return err
	}))
	require.NoError(t, l.Do(t.Context(), func(tx *Tx) error { return tx.Append(t.Context(), event("c", "k")) }))
	_, err := w.open(t, Options{}).LockLane(t.Context(), "k", 0)
	require.ErrorIs(t, err, ErrLaneBusy)
}

func TestWaitingForALaneEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	w, here := open(t)
	elsewhere := w.open(t, Options{})
	lock(t, here, "k", 0)
	for name, s := range map[string]*Store{"in this process": here, "in another": elsewhere} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		began := time.Now()
		_, err := s.LockLane(ctx, "k", long)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded, name)
		require.NotErrorIs(t, err, ErrLaneBusy, name)
		require.Less(t, time.Since(began), long/2, name)
		require.Empty(t, elsewhere.turns, name)
	}
}
