package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	buckets := []float64{10, 60}
	none, err := s.Numbers(t.Context(), noon, time.Hour, buckets)
	require.NoError(t, err)
	require.Equal(t, Numbers{OpenCases: []OpenCases{}, Contained: []Contained{}, Notices: []NoticeNumbers{}, Sweeps: []SweepNumbers{}}, none)

	newCase(t, s, "c1", "E1")
	newCase(t, s, "c2", "E2")
	at := noon.Add(26 * time.Hour)
	s.do(t, func(tx *Tx) error {
		if err := tx.SetConnection(t.Context(), CaseConnection{CaseID: "c1", Connection: "pg-two", State: ConnUnknown, Why: "refused"}); err != nil {
			return err
		}
		for _, k := range []Task{{CaseID: "c1", Key: "a", Subject: "a", Due: at.Add(-time.Minute), OpenedAt: noon}, {CaseID: "c1", Key: "b", Subject: "b", Due: at.Add(time.Minute), OpenedAt: noon}} {
			if err := tx.OpenTask(t.Context(), k); err != nil {
				return err
			}
		}
		for _, key := range []string{"one", "two"} {
			if err := tx.Append(t.Context(), audit.Event{Chain: "c1", Key: key, At: noon, Kind: audit.CaseOpened, Actor: "hr", Object: "E1"}); err != nil {
				return err
			}
		}
		_, err := tx.exec(t.Context(), "contain", `update cases set contained_at = opened_at + interval '30 seconds' where id = 'c2'`, nil)
		return err
	})
	n, err := s.Numbers(t.Context(), at, time.Hour, buckets)
	require.NoError(t, err)
	require.Equal(t, Numbers{
		OpenCases: []OpenCases{{Reason: access.HR, Week: 2}}, Unknown: 1, Tasks: 2, Overdue: 1, Lag: 2, Unsigned: n.Unsigned,
		Contained: []Contained{{Reason: access.HR, Count: 1, Seconds: 30, Within: []int64{0, 1}}},
		Notices:   []NoticeNumbers{}, Sweeps: []SweepNumbers{},
	}, n)
	require.True(t, n.Unsigned.Equal(noon))
}

func TestOverdueTasksAreRemindedOfAtTheirPace(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	due := noon.Add(time.Hour)
	s.do(t, func(tx *Tx) error {
		return tx.OpenTask(t.Context(), Task{CaseID: "c1", Key: "account/1", Subject: "pg/ada", Due: due, OpenedAt: noon})
	})
	remind := func(at time.Time) (told []int) {
		s.do(t, func(tx *Tx) error {
			late, err := tx.RemindOverdue(t.Context(), at)
			for _, k := range late {
				told = append(told, k.Reminders)
			}
			return err
		})
		return told
	}
	day := 24 * time.Hour // the policy of the case names no pace
	require.Empty(t, remind(due))
	require.Equal(t, []int{1}, remind(due.Add(time.Second)))
	require.Empty(t, remind(due.Add(day)))
	require.Equal(t, []int{2}, remind(due.Add(day+time.Second)))
	s.do(t, func(tx *Tx) error { return tx.CloseTask(t.Context(), "c1", "account/1", "bob", "done") })
	require.Empty(t, remind(due.Add(10*day)))
}
