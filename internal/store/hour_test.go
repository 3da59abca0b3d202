package store

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

// lastHour is what case c0, which has done nothing yet, is told about pg-main.
func lastHour(t *testing.T, s *Store) (names []string) {
	t.Helper()
	s.do(t, func(tx *Tx) error {
		got, err := tx.LastHour(t.Context(), "c0", []string{"pg-main", "pg-two"})
		for _, r := range got["pg-main"] {
			require.Equal(t, access.Ref{Connection: "pg-main", Resource: "srv", Name: r.Name}, r)
			names = append(names, r.Name)
		}
		return err
	})
	return names
}

func TestTheLastHourCountsWhatIsBegunAndWhatIsAboutTo(t *testing.T) {
	t.Parallel()
	w, s := open(t)
	newCase(t, s, "c0", "E0")
	require.Empty(t, lastHour(t, s))
	begin := func(caseID string, ordinal int) {
		s.do(t, func(tx *Tx) error {
			_, err := tx.BeginStep(t.Context(), caseID, 1, ordinal)
			return err
		})
	}
	plan := func(caseID string, who access.PrincipalID, status PlanStatus, name string) {
		newCase(t, s, caseID, who)
		planned(t, s, caseID, status, found(t, s, caseID, account("pg-main", name, "1"), account("pg-two", name, "2")))
	}
	plan("c1", "E1", PlanDryRun, "rehearsed")
	plan("c2", "E2", PlanWaiting, "waiting")
	plan("c3", "E3", PlanApproved, "old") // approved at noon, long ago, and not begun since
	plan("c4", "E4", PlanApproved, "begun")
	begin("c4", 1)
	begin("c4", 2)
	require.Equal(t, []string{"begun"}, lastHour(t, s), "once, however many steps")

	s.do(t, func(tx *Tx) error {
		return tx.DecidePlan(t.Context(), "c2", "hash of 2", PlanApproved, "boss", "")
	})
	require.Equal(t, []string{"begun", "waiting"}, lastHour(t, s), "an approved plan is about to begin")

	conn := connect(t, w.super)
	_, err := conn.Exec(t.Context(), `update sever.steps set started_at = started_at - interval '61 minutes' where started_at is not null`)
	require.NoError(t, err)
	require.Equal(t, []string{"waiting"}, lastHour(t, s), "an hour later")
}

// Two plans over one connection are made one after the other, whatever else they cover.
func TestPlansOverOneConnectionAreMadeInTurn(t *testing.T) {
	t.Parallel()
	w, s := open(t)
	held, other := make(chan struct{}), make(chan error, 1)
	s.do(t, func(tx *Tx) error {
		if _, err := tx.LastHour(t.Context(), "c1", []string{"pg-two", "pg-main"}); err != nil {
			return err
		}
		go func() {
			close(held)
			other <- s.Do(context.WithoutCancel(t.Context()), func(tx *Tx) error {
				_, err := tx.LastHour(context.WithoutCancel(t.Context()), "c2", []string{"pg-main"})
				return err
			})
		}()
		<-held
		conn := connect(t, w.super)
		require.Eventually(t, func() bool { return waiting(t, conn) == 1 }, 10*time.Second, 5*time.Millisecond)
		require.Empty(t, other)
		return nil
	})
	require.NoError(t, <-other)
}

// waiting is how many sessions wait for somebody else's lock.
func waiting(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), `
		select count(*) from pg_locks where locktype = 'advisory' and not granted
		  and database = (select oid from pg_database where datname = current_database())`).Scan(&n))
	return n
}
