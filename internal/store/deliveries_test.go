package store

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

// message is one of hris with a body.
func message(id, body string) Delivery {
	return Delivery{Kind: "webhook", Source: "hris", MessageID: id, SHA256: strings.Repeat(body, 32), Asks: []byte(`{"principal": "E1"}`),
		Act: "offboard", Principal: "E1", At: noon}
}

func (s *Store) deliver(t *testing.T, d Delivery) (out Delivery, fresh bool, err error) {
	t.Helper()
	err = s.Do(t.Context(), func(tx *Tx) error {
		out, fresh, err = tx.AddDelivery(t.Context(), d)
		return err
	})
	return out, fresh, err
}

func (s *Store) claim(t *testing.T, lease time.Duration) (out Delivery, err error) {
	t.Helper()
	err = s.Do(t.Context(), func(tx *Tx) error {
		out, err = tx.ClaimDelivery(t.Context(), lease)
		return err
	})
	return out, err
}

func TestADeliveryIsStoredOnce(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	var together sync.WaitGroup
	var mu sync.Mutex
	news := 0
	for range 8 {
		together.Go(func() {
			_, fresh, err := s.deliver(t, message("msg_1", "aa"))
			mu.Lock()
			defer mu.Unlock()
			if fresh && err == nil {
				news++
			}
		})
	}
	together.Wait()
	require.Equal(t, 1, news)
	d, fresh, err := s.deliver(t, message("msg_1", "aa"))
	require.NoError(t, err)
	require.False(t, fresh)
	require.Equal(t, 8, d.Repeats)

	_, _, err = s.deliver(t, message("msg_1", "bb"))
	var reused *MessageReusedError
	require.ErrorAs(t, err, &reused)
	require.ErrorContains(t, err, `message "msg_1" of hris was another one before: it came at 2026-05-01T12:00:00Z as delivery`)

	other := message("msg_1", "bb") // of another sender it is another message
	other.Source = "payroll"
	_, fresh, err = s.deliver(t, other)
	require.NoError(t, err)
	require.True(t, fresh)
}

func TestADeliveryIsTakenUpByOneAtATime(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	_, err := s.claim(t, time.Minute)
	require.ErrorIs(t, err, ErrNotFound)
	first, _, err := s.deliver(t, message("msg_1", "aa"))
	require.NoError(t, err)
	urgent := message("jti_1", "bb")
	urgent.Kind, urgent.Urgent = "set", true
	second, _, err := s.deliver(t, urgent)
	require.NoError(t, err)

	a, err := s.claim(t, time.Minute)
	require.NoError(t, err)
	require.Equal(t, second.ID, a.ID, "the urgent one goes first")
	b, err := s.claim(t, 0)
	require.NoError(t, err)
	require.Equal(t, first.ID, b.ID)
	again, err := s.claim(t, time.Minute)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID, "who took it up died of it")
	require.Equal(t, 2, again.Attempts)
	_, err = s.claim(t, time.Minute)
	require.ErrorIs(t, err, ErrNotFound)

	move := func(d Delivery, to DeliveryState, words string) (moved bool) {
		d.State, d.Words, d.CaseID = to, words, "C-1"
		s.do(t, func(tx *Tx) (err error) {
			moved, err = tx.MoveDelivery(t.Context(), d, time.Hour)
			return err
		})
		return moved
	}
	require.False(t, move(b, DeliveryDone, ""), "somebody else has it by now")
	require.True(t, move(again, DeliveryWaiting, "no worker"))
	_, err = s.claim(t, time.Minute)
	require.ErrorIs(t, err, ErrNotFound, "its time has not come")
	require.True(t, move(a, DeliveryRefused, "nobody is called that"))
	require.False(t, move(a, DeliveryDone, ""))
	got, err := s.Delivery(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, []any{DeliveryRefused, "nobody is called that", "C-1", false}, []any{got.State, got.Words, got.CaseID, got.EndedAt.IsZero()})

	set := func(id int64, to DeliveryState) error {
		return s.Do(t.Context(), func(tx *Tx) error {
			_, err := tx.SetDelivery(t.Context(), id, to)
			return err
		})
	}
	require.ErrorIs(t, set(first.ID, DeliveryDropped), ErrNotFound, "it is not refused")
	require.NoError(t, set(a.ID, DeliveryWaiting))
	a, err = s.claim(t, time.Minute)
	require.NoError(t, err)
	require.True(t, move(a, DeliveryDone, ""))

	open, err := s.Arrivals(t.Context())
	require.NoError(t, err)
	open.Oldest = open.Oldest.UTC()
	require.Equal(t, Arrivals{Waiting: 1, Oldest: noon}, open)
	some, err := s.Deliveries(t.Context(), DeliveryFilter{States: []DeliveryState{DeliveryDone}, Kind: "set", Source: "hris", Principal: "E1"}, Page{Limit: 5})
	require.NoError(t, err)
	require.Len(t, some, 1)
}

func TestDoubtsStandUntilAPersonSettlesThem(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	d, _, err := s.deliver(t, message("msg_1", "aa"))
	require.NoError(t, err)
	for range 2 { // a delivery that is tried again doubts once
		s.do(t, func(tx *Tx) error {
			return tx.RaiseDoubt(t.Context(), Doubt{Principal: "E1", Identifier: "email/Ada@Example.com", Words: "recycled", DeliveryID: d.ID, RaisedAt: noon})
		})
	}
	open, err := s.DoubtsOf(t.Context(), "E1")
	require.NoError(t, err)
	require.Len(t, open, 1)
	_, err = s.DoubtOf(t.Context(), "email/ADA@example.com")
	require.NoError(t, err)
	settle := func(who access.PrincipalID) error {
		return s.Do(t.Context(), func(tx *Tx) error {
			_, err := tx.SettleDoubts(t.Context(), who, "dba", "she is the same")
			return err
		})
	}
	require.ErrorIs(t, settle("E2"), ErrNotFound)
	require.NoError(t, settle("E1"))
	require.ErrorIs(t, settle("E1"), ErrNotFound)
	_, err = s.DoubtOf(t.Context(), "email/ada@example.com")
	require.ErrorIs(t, err, ErrNotFound)
}

func TestPrincipalsAreFoundByWhatIsExactlyTheirs(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	s.do(t, func(tx *Tx) error {
		_, err := tx.AcceptRoster(t.Context(), Roster{Source: "people.csv", SHA256: "1", By: "hr"}, []Entry{
			{Principal: access.Principal{ID: "E1", Login: "ada", Email: "Ada@example.com"}, Attributes: map[string]string{"okta": "00u1"}},
			{Principal: access.Principal{ID: "E2", Login: "Ada", Email: "ada@EXAMPLE.com"}, Attributes: map[string]string{"okta": "00u2"}},
			{Principal: access.Principal{ID: "E3"}},
		})
		return err
	})
	for _, c := range []struct {
		field, value string
		want         []access.PrincipalID
	}{
		{"id", "E1", []access.PrincipalID{"E1"}}, {"login", "ada", []access.PrincipalID{"E1"}}, {"login", "", nil},
		{"email", "ada@example.com", []access.PrincipalID{"E1", "E2"}}, {"email", "%", []access.PrincipalID{}},
		{"attr.okta", "00u2", []access.PrincipalID{"E2"}}, {"attr.entra", "00u2", []access.PrincipalID{}},
	} {
		got, err := s.PrincipalsBy(t.Context(), c.field, c.value)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s %s", c.field, c.value)
	}
	_, err := s.PrincipalsBy(t.Context(), "name", "Ada")
	require.ErrorContains(t, err, "choose id, login, email or attr.NAME")
}
