package store

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
)

// rowsOf reads a chain and requires that it is whole.
func rowsOf(t *testing.T, s *Store, chain string) []audit.Row {
	t.Helper()
	require.Empty(t, audit.VerifyChain(chain, s.Events(t.Context(), chain, 0), nil))
	var out []audit.Row
	for r, err := range s.Events(t.Context(), chain, 1) {
		require.NoError(t, err)
		out = append(out, r)
	}
	return out
}

func keys(rows []audit.Row) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, r.Key)
	}
	return out
}

func TestAppendKeepsWhatWasSaid(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	e := event("case-1", "k1")
	e.Words = "a\x00b \U0001F600 \u2028 <&>"
	e.Data = map[string]any{"n": int64(1<<53 - 1), "minus": -1, "ok": true, "list": []any{"x", 1, map[string]any{"b": "\x00", "a": ""}}, "\u00e9": "\"\\"}
	appendAll(t, s, e)
	want, err := audit.Seal(audit.Genesis, 1, e)
	require.NoError(t, err)
	require.Equal(t, []audit.Row{want}, rowsOf(t, s, "case-1"))
	heads, err := s.Heads(t.Context())
	require.NoError(t, err)
	require.Equal(t, []audit.Head{want.Head()}, heads)
}

func TestARetriedAppendIsOneRow(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	appendAll(t, s, event("c", "k1"), event("c", "k2"))
	heads, err := s.Heads(t.Context())
	require.NoError(t, err)
	again := event("c", "k1")
	again.At, again.Words = noon.Add(time.Hour), "another attempt"
	appendAll(t, s, again, again)
	after, err := s.Heads(t.Context())
	require.NoError(t, err)
	require.Equal(t, heads, after)
	appendAll(t, s, again, event("c", "k3"), event("c", "k3"), event("c", "k2"))
	rows := rowsOf(t, s, "c")
	require.Equal(t, []string{"k1", "k2", "k3"}, keys(rows))
	require.Equal(t, "NOTICE", rows[0].Words)
}

func TestAppendIsPartOfItsTransaction(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	failure := errors.New("no")
	require.ErrorIs(t, s.Do(t.Context(), func(tx *Tx) error {
		require.NoError(t, tx.Append(t.Context(), event("c", "k1")))
		return failure
	}), failure)
	require.Empty(t, rowsOf(t, s, "c"))
	heads, err := s.Heads(t.Context())
	require.NoError(t, err)
	require.Empty(t, heads)
	require.Error(t, s.Do(t.Context(), func(tx *Tx) error {
		return tx.Append(t.Context(), audit.Event{Chain: "c"})
	}))
}

func TestAppendFromManyPlacesKeepsTheChainWhole(t *testing.T) {
	t.Parallel()
	w, s := open(t)
	other := w.open(t, Options{Conns: 4})
	const writers, each = 12, 10
	var wg sync.WaitGroup
	for n := range writers {
		from := []*Store{s, other}[n%2]
		wg.Go(func() {
			for i := range each {
				// In either order of chains, and every event twice.
				events := []audit.Event{event(audit.House, fmt.Sprintf("%d/%d", n/2, i)), event("case", fmt.Sprintf("%d/%d", n, i))}
				if n%3 == 0 {
					slices.Reverse(events)
				}
				if err := from.Do(t.Context(), func(tx *Tx) error {
					return errors.Join(tx.Append(t.Context(), events[0]), tx.Append(t.Context(), events[1]))
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, rowsOf(t, s, "case"), writers*each)
	require.Len(t, rowsOf(t, s, audit.House), writers*each/2, "two writers shared each key")
	report, err := s.VerifyAudit(t.Context(), nil, nil)
	require.NoError(t, err)
	require.Empty(t, report.Findings)
}

func TestVerifyingWhileOthersWrite(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		for i := range 100 {
			if err := s.Do(t.Context(), func(tx *Tx) error { return tx.Append(t.Context(), event("c", strconv.Itoa(i))) }); err != nil {
				t.Error(err)
			}
		}
	})
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		_, err := s.AddCheckpoint(t.Context(), testKey(1), noon)
		require.NoError(t, err)
		report, err := s.VerifyAudit(t.Context(), nil, nil)
		require.NoError(t, err)
		require.Empty(t, report.Findings)
	}
	wg.Wait()
}

func TestEventsFromAPlace(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	appendAll(t, s, event("c", "k1"), event("c", "k2"), event("c", "k3"))
	for r, err := range s.Events(t.Context(), "c", 2) {
		require.NoError(t, err)
		require.Equal(t, "k2", r.Key)
		break // and the connection is free again
	}
	require.Zero(t, s.pool.Stat().AcquiredConns())
}

// The trail refuses changes twice: the application has no right to make them, and
// a trigger refuses them to whoever has.
func TestTheTrailOnlyGrows(t *testing.T) {
	t.Parallel()
	w, s := open(t)
	appendAll(t, s, event("c", "k1"))
	_, err := s.AddCheckpoint(t.Context(), testKey(1), noon)
	require.NoError(t, err)
	for _, who := range []struct {
		name string
		url  config.Secret
		code string
		says string
	}{
		{"application", w.app, "42501", "permission denied"},
		{"owner", w.owner, "23001", "is append-only"},
		{"superuser", w.super, "23001", "is append-only"},
		{"superuser as a replica", w.super, "23001", "is append-only"},
	} {
		conn := connect(t, who.url)
		if who.name == "superuser as a replica" {
			_, err := conn.Exec(t.Context(), `set session_replication_role = replica`)
			require.NoError(t, err)
		}
		for _, table := range []string{"audit_events", "checkpoints", "checkpoint_heads"} {
			column := map[string]string{"audit_events": "chain", "checkpoints": "hash", "checkpoint_heads": "chain"}[table]
			for _, sql := range []string{
				fmt.Sprintf("update %s set %s = %[2]s", table, column), "delete from " + table, "truncate " + table + " cascade",
				"delete from " + table + " where false",
			} {
				_, err := conn.Exec(t.Context(), sql)
				pg, ok := errors.AsType[*pgconn.PgError](err)
				require.True(t, ok, "%s: %v", sql, err)
				require.Equal(t, who.code, pg.Code, "%s: %v", sql, err)
				require.Contains(t, pg.Message, who.says)
			}
		}
		for _, sql := range []string{"delete from audit_heads", "truncate audit_heads"} {
			_, err := conn.Exec(t.Context(), sql)
			require.Error(t, err, sql)
		}
	}
	require.Len(t, rowsOf(t, s, "c"), 1)
}
