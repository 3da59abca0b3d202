package store

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/notice"
)

// told is a world whose store tells two destinations.
func told(t *testing.T) *Store {
	t.Helper()
	w := migrated(t)
	s := w.open(t, Options{Subscribers: []notice.Subscriber{{Name: "ops"}, {Name: "siem", Kinds: []notice.Kind{notice.CaseClosed}}}})
	newCase(t, s, "c1", "E1")
	return s
}

// outbox is what is kept for whom, oldest first.
func outbox(t *testing.T, s *Store) []string {
	t.Helper()
	list, err := s.ListNotices(t.Context(), true, 100)
	require.NoError(t, err)
	out := []string{}
	for _, n := range list {
		out = append([]string{n.Destination + " " + string(n.Kind)}, out...)
	}
	return out
}

func closing() audit.Event {
	return audit.Event{Chain: "c1", Key: "closed", At: noon, Kind: audit.CaseClosed, Actor: "sever", Object: "c1", Outcome: "clean"}
}

func TestNoticesAreWrittenWithWhatTheyTellOf(t *testing.T) {
	t.Parallel()
	s := told(t)
	task := Task{CaseID: "c1", Key: "account/1", Connection: "pg-main", Subject: "pg-main/ada", Words: "refused", Next: "sever retry c1", Owner: "dba", OpenedAt: noon}
	open := func(k Task) { s.do(t, func(tx *Tx) error { return tx.OpenTask(t.Context(), k) }) }

	require.ErrorIs(t, s.Do(t.Context(), func(tx *Tx) error {
		require.NoError(t, tx.OpenTask(t.Context(), task))
		require.NoError(t, tx.Append(t.Context(), closing()))
		return context.Canceled
	}), context.Canceled)
	require.Empty(t, outbox(t, s), "what did not happen is not told")

	open(task)
	task.Words, task.OpenedAt = "refused again", noon.Add(time.Minute)
	open(task)
	require.Equal(t, []string{"ops task.opened"}, outbox(t, s), "reported again, it is the same task")
	s.do(t, func(tx *Tx) error { return tx.CloseTask(t.Context(), "c1", "account/1", "", "removed") })
	open(task)
	require.Equal(t, []string{"ops task.opened", "ops task.opened"}, outbox(t, s), "opened again, it is another one")

	s.do(t, func(tx *Tx) error { // every connection has answered, and there is nothing to contain
		conns, err := tx.ConnectionsOf(t.Context(), "c1")
		require.NoError(t, err)
		require.NoError(t, tx.MarkContained(t.Context(), "c1", noon), "not yet")
		for _, c := range conns {
			c.State, c.DiscoveredAt = ConnDiscovered, noon
			require.NoError(t, tx.SetConnection(t.Context(), c))
		}
		require.NoError(t, tx.MarkContained(t.Context(), "c1", noon))
		return tx.MarkContained(t.Context(), "c1", noon.Add(time.Hour))
	})
	appendAll(t, s, closing())
	appendAll(t, s, closing()) // an attempt that did not learn that it was written
	appendAll(t, s, event(audit.House, "k"), event("c1", "k"))
	require.Equal(t, []string{"ops task.opened", "ops task.opened", "ops case.contained", "ops case.closed", "siem case.closed"}, outbox(t, s))

	n, ok, err := s.ClaimNotice(t.Context(), "siem", time.Minute)
	require.NoError(t, err)
	require.True(t, ok)
	var m notice.Message
	require.NoError(t, json.Unmarshal(n.Body, &m))
	require.Equal(t, notice.Of([]audit.Row{{Event: closing()}}, nil)[0].For(notice.Subject{Principal: "E1", Reason: access.HR}), m)
	require.Equal(t, notice.Of([]audit.Row{{Event: closing()}}, nil)[0].ID(), n.Message)
}

// What belongs to no case is told as well; of what happens often, the first within the
// hour at once, and the rest together when the next one begins.
func TestWhatIsAboutNoCaseIsTold(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	s := w.open(t, Options{Subscribers: []notice.Subscriber{{Name: "ops"}, {Name: "siem", Kinds: []notice.Kind{notice.RosterRefused}}}})
	hour := time.Now().Truncate(time.Hour)
	tell := func(all ...notice.Notice) {
		for _, n := range all {
			s.do(t, func(tx *Tx) error { tx.Tell(n); return nil })
		}
	}
	tell(notice.RefusedRoster("hr.csv", "1", "too small", noon), notice.RefusedRoster("hr.csv", "1", "too small still", noon))
	require.Equal(t, []string{"ops roster.refused", "siem roster.refused"}, outbox(t, s), "the same refusal")
	for i := range 5 {
		tell(notice.RefusedDelivery("webhook/hris", int64(i), hour.Add(time.Duration(i)*time.Minute)))
	}
	tell(notice.RefusedDelivery("set/okta", 9, hour))
	list, err := s.ListNotices(t.Context(), true, 100)
	require.NoError(t, err)
	require.Len(t, list, 5)
	first, rest, other := list[2], list[1], list[0]
	require.Contains(t, string(first.Body), "delivery 0, a message of webhook/hris")
	require.Contains(t, string(rest.Body), "delivery 1, a message of webhook/hris")
	require.Contains(t, string(other.Body), "set/okta")
	require.Empty(t, first.CaseID)
	require.WithinDuration(t, hour.Add(time.Hour), rest.NextAt, 0)
	require.Equal(t, rest.NextAt, rest.Since, "it is believed in from then on")
	require.False(t, first.NextAt.After(first.CreatedAt.Add(time.Minute)))

	tell(notice.RefusedDelivery("webhook/hris", 6, hour.Add(time.Hour)))
	list, err = s.ListNotices(t.Context(), true, 1)
	require.NoError(t, err)
	require.WithinDuration(t, hour.Add(2*time.Hour), list[0].NextAt, 0, "the next hour has one already")
}

func TestNobodyIsToldWhereNobodyAsked(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	s.do(t, func(tx *Tx) error {
		return tx.OpenTask(t.Context(), Task{CaseID: "c1", Key: "k", Subject: "x", OpenedAt: noon})
	})
	appendAll(t, s, closing())
	require.Empty(t, outbox(t, s))
	_, ok, err := s.ClaimNotice(t.Context(), "ops", time.Minute)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestOneDispatcherAtATimeHasANotice(t *testing.T) {
	t.Parallel()
	s := told(t)
	const tasks = 20
	for i := range tasks {
		s.do(t, func(tx *Tx) error {
			return tx.OpenTask(t.Context(), Task{CaseID: "c1", Key: string(rune('a' + i)), Subject: "x", OpenedAt: noon})
		})
	}
	var mu sync.Mutex
	had := map[int64]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				n, ok, err := s.ClaimNotice(t.Context(), "ops", time.Hour)
				if err != nil || !ok {
					return
				}
				mu.Lock()
				had[n.No]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	require.Len(t, had, tasks)
	for no, times := range had {
		require.Equal(t, 1, times, "notice %d", no)
	}
}

// What one attempt says of a notice counts only while no other has overtaken it.
func TestAnAttemptThatWasOvertakenChangesNothing(t *testing.T) {
	t.Parallel()
	s := told(t)
	appendAll(t, s, closing())
	claim := func(lease time.Duration) Notice {
		n, ok, err := s.ClaimNotice(t.Context(), "ops", lease)
		require.NoError(t, err)
		require.True(t, ok)
		return n
	}
	state := func() Notice {
		list, err := s.ListNotices(t.Context(), true, 10)
		require.NoError(t, err)
		for _, n := range list {
			if n.Destination == "ops" {
				return n
			}
		}
		return Notice{}
	}
	slow := claim(0)
	quick := claim(time.Hour)
	require.Equal(t, slow.Message, quick.Message)
	require.Equal(t, 2, quick.Attempts)
	s.do(t, func(tx *Tx) error { return tx.PostponeNotice(t.Context(), slow, "late", 0, false) })
	s.do(t, func(tx *Tx) error {
		given, err := tx.FailNotice(t.Context(), slow, "late")
		require.False(t, given)
		return err
	})
	_, ok, err := s.ClaimNotice(t.Context(), "ops", 0)
	require.NoError(t, err)
	require.False(t, ok, "it belongs to the other one")
	require.Empty(t, state().Answer)

	s.do(t, func(tx *Tx) error { return tx.DeliveredNotice(t.Context(), quick, "200 OK") })
	s.do(t, func(tx *Tx) error { return tx.PostponeNotice(t.Context(), quick, "late", 0, true) })
	require.Equal(t, []any{NoticeDelivered, "200 OK"}, []any{state().State, state().Answer})
	numbers, err := s.CountNotices(t.Context())
	require.NoError(t, err)
	require.Len(t, numbers, 2)
	require.Equal(t, NoticeNumbers{Destination: "ops", Delivered: 1}, numbers[0])
	require.False(t, numbers[1].Oldest.IsZero())
	numbers[1].Oldest = time.Time{}
	require.Equal(t, NoticeNumbers{Destination: "siem", Waiting: 1}, numbers[1])
}

func TestWhatWasGivenUpIsTriedAgainWhenSomebodySaysSo(t *testing.T) {
	t.Parallel()
	s := told(t)
	appendAll(t, s, closing())
	n, _, err := s.ClaimNotice(t.Context(), "ops", time.Hour)
	require.NoError(t, err)
	s.do(t, func(tx *Tx) error {
		given, err := tx.FailNotice(t.Context(), n, "404 Not Found")
		require.True(t, given)
		return err
	})
	lost, err := s.AbandonedNotices(t.Context(), 0, 0)
	require.NoError(t, err)
	require.Len(t, lost, 1, "the one that nobody carries")
	require.Equal(t, "siem", lost[0].Destination)
	lost, err = s.AbandonedNotices(t.Context(), time.Hour, 0)
	require.NoError(t, err)
	require.Empty(t, lost)

	var again []Notice
	s.do(t, func(tx *Tx) error {
		none, err := tx.RetryNotices(t.Context(), "siem")
		require.NoError(t, err)
		require.Empty(t, none)
		again, err = tx.RetryNotices(t.Context(), "")
		return err
	})
	require.Len(t, again, 1)
	require.True(t, again[0].Since.After(n.Since), "it is believed in anew")
	m, ok, err := s.ClaimNotice(t.Context(), "ops", time.Hour)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, n.Message, m.Message)
}

// A destination that asks for a rest is left alone with all there is for it.
func TestADestinationThatAsksForARestGetsIt(t *testing.T) {
	t.Parallel()
	s := told(t)
	appendAll(t, s, closing())
	s.do(t, func(tx *Tx) error {
		return tx.OpenTask(t.Context(), Task{CaseID: "c1", Key: "k", Subject: "x", OpenedAt: noon})
	})
	n, _, err := s.ClaimNotice(t.Context(), "ops", 0)
	require.NoError(t, err)
	s.do(t, func(tx *Tx) error { return tx.PostponeNotice(t.Context(), n, "429", time.Hour, true) })
	_, ok, err := s.ClaimNotice(t.Context(), "ops", 0)
	require.NoError(t, err)
	require.False(t, ok)
	_, ok, err = s.ClaimNotice(t.Context(), "siem", 0)
	require.NoError(t, err)
	require.True(t, ok)
}
