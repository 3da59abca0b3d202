package inbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// office is a Sever with an inbox.
type office struct {
	*severtest.World
	inbox *inbox.Inbox
	conn  string
}

var pace = inbox.Pace{Every: 5 * time.Millisecond, First: 20 * time.Millisecond, Most: 200 * time.Millisecond, Settle: 100 * time.Millisecond}

// newOffice has ada, E1, with one account; roles in force when some are given.
func newOffice(t *testing.T, vars ...map[string]string) *office {
	t.Helper()
	conn, _ := severtest.InMemory(t, memory.Account{Name: "ada", Password: "hers"}, memory.Account{Name: "bob"}, memory.Account{Name: "eve"})
	o := &office{World: severtest.New(t, conn), conn: conn.Name}
	o.inbox = inbox.New(o.Parts.Store, slog.New(slog.DiscardHandler))
	require.NoError(t, o.Parts.Store.Do(o.Ctx, func(tx *store.Tx) error {
		return tx.UpsertPrincipals(o.Ctx, []access.Principal{{ID: "E1", Login: "ada", Email: "ada@example.com"}, {ID: "E2", Email: "twice@example.com"}, {ID: "E3", Email: "twice@example.com"}})
	}))
	o.Owns("E1", access.Ref{Connection: conn.Name, Name: "ada"})
	for _, v := range vars {
		r, err := roles.Parse(v)
		require.NoError(t, err)
		o.Parts.Roles = r
	}
	return o
}

// dispatches runs so many dispatchers until the returned function is called.
func (o *office) dispatches(n int, pace inbox.Pace) (stop func()) {
	ctx, cancel := context.WithCancel(o.Ctx)
	var running sync.WaitGroup
	for range n {
		d := inbox.Dispatcher{Desk: o.Desk(), Log: slog.New(slog.DiscardHandler), Pace: pace}
		running.Go(func() { d.Run(ctx) })
	}
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	o.T.Cleanup(stop)
	return stop
}

func order(who access.PrincipalID) inbox.Order {
	return inbox.Order{Principal: who, Act: inbox.Offboard, Reason: access.Incident, By: "webhook:hris", Ticket: "T-1", Why: "terminated"}
}

func (o *office) takes(id string, what inbox.Order) store.Delivery {
	o.T.Helper()
	got, err := o.inbox.Take(o.Ctx, inbox.Message{Kind: inbox.Webhook, Source: "hris", ID: id, Body: []byte(id), Order: what})
	require.NoError(o.T, err)
	return got.Delivery
}

// stands waits until a delivery stands as wanted.
func (o *office) stands(id int64, want func(store.Delivery) bool) store.Delivery {
	o.T.Helper()
	var d store.Delivery
	require.Eventually(o.T, func() bool {
		var err error
		d, err = o.Parts.Store.Delivery(o.Ctx, id)
		return err == nil && want(d)
	}, 2*time.Minute, 10*time.Millisecond, "%+v", &d)
	return d
}

func is(state store.DeliveryState) func(store.Delivery) bool {
	return func(d store.Delivery) bool { return d.State == state }
}

// house are the kinds of the rows of the house, and proof that its chain is whole.
func (o *office) house() (kinds []string) {
	o.T.Helper()
	for row, err := range o.Parts.Store.Events(o.Ctx, audit.House, 1) {
		require.NoError(o.T, err)
		kinds = append(kinds, row.Kind)
	}
	require.Empty(o.T, audit.VerifyChain(audit.House, o.Parts.Store.Events(o.Ctx, audit.House, 1), nil))
	return kinds
}

func (o *office) cases() []store.Case {
	o.T.Helper()
	cases, err := o.Parts.Store.ListCases(o.Ctx, store.CaseFilter{})
	require.NoError(o.T, err)
	return cases
}

func TestADeliveryBecomesOneCaseThatEndsClean(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.takes("msg_1", order("E1"))
	again := o.takes("msg_1", order("E1"))
	o.takes("msg_1", order("E1"))
	require.Equal(t, d.ID, again.ID)
	require.Equal(t, store.DeliveryWaiting, d.State)
	o.dispatches(3, pace)
	d = o.stands(d.ID, is(store.DeliveryDone))
	require.Equal(t, "opened case "+d.CaseID, d.Words)
	require.Equal(t, access.CaseClean, o.Ends("E1").Status)
	c, err := o.Parts.Store.Case(o.Ctx, d.CaseID)
	require.NoError(t, err)
	require.Equal(t, []any{"webhook:hris", "T-1", access.Incident}, []any{c.Requester, c.Ticket, c.Reason})
	require.Equal(t, []string{audit.DeliveryReceived, audit.DeliveryRepeated, audit.DeliveryDone}, o.house(), "a repetition is told once")
	require.Len(t, o.cases(), 1)

	other := o.takes("msg_2", order("E1")) // she left once more: another message is another request
	other = o.stands(other.ID, is(store.DeliveryDone))
	require.NotEqual(t, d.CaseID, other.CaseID)
	require.Equal(t, access.CaseClean, o.Ends("E1").Status)
}

// The dispatcher dies between asking for the case and writing that down.
func TestACrashOpensNoSecondCase(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.takes("msg_1", order("E1"))
	var claimed store.Delivery
	require.NoError(t, o.Parts.Store.Do(o.Ctx, func(tx *store.Tx) (err error) {
		claimed, err = tx.ClaimDelivery(o.Ctx, 50*time.Millisecond)
		return err
	}))
	require.Eventually(t, func() bool { return o.Desk().Awake(o.Ctx) == nil }, time.Minute, 20*time.Millisecond, "a worker")
	opened, err := o.Desk().Offboard(o.Ctx, desk.Order{Principal: "E1", Reason: access.Incident, By: "webhook:hris", Key: claimed.Name()})
	require.NoError(t, err)
	require.Equal(t, access.CaseClean, o.Ends("E1").Status)

	o.dispatches(2, pace)
	d = o.stands(d.ID, is(store.DeliveryDone))
	require.Equal(t, opened.Case, d.CaseID)
	require.Equal(t, "its case "+opened.Case+" is over", d.Words)
	require.Len(t, o.cases(), 1)
}

func TestWhatIsAwayIsTriedAgainUntilItIsThere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.Stop()
	d := o.takes("msg_1", order("E1"))
	o.dispatches(1, pace)
	d = o.stands(d.ID, func(d store.Delivery) bool { return d.Attempts > 1 && d.Words != "" })
	require.Equal(t, store.DeliveryWaiting, d.State)
	o.StartWorker()
	o.stands(d.ID, is(store.DeliveryDone))
	require.Equal(t, access.CaseClean, o.Ends("E1").Status)
	require.Equal(t, []string{audit.DeliveryReceived, audit.DeliveryDone}, o.house())
}

// What makes no sense whenever it is tried starts nothing, and waits for a person.
func TestRefusedDeliveriesStartNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.dispatches(1, pace)
	by := func(format, value, field string) inbox.Order {
		w := order("")
		w.Subject = &inbox.Subject{Format: format, Value: value, Field: field}
		return w
	}
	late := order("E1")
	late.At = time.Now().Add(time.Hour)
	for words, asks := range map[string]inbox.Order{
		`there is no principal "E9" on record`:                                               order("E9"),
		"no account is known to belong to E2: every connection would answer that it has non": order("E2"),
		`no principal on record has the email "eve@example.com" in email`:                    by("email", "eve@example.com", "email"),
		`the email "twice@example.com" is that of 2 principals (E2, E3): nobody is guessed`:  by("email", "twice@example.com", "email"),
		"a time to begin makes no sense with reason incident":                                late,
	} {
		d := o.takes(words[:20]+severtest.Unique(), asks)
		d = o.stands(d.ID, is(store.DeliveryRefused))
		require.Contains(t, d.Words, words)
		require.False(t, d.EndedAt.IsZero())
	}
	require.Empty(t, o.cases())
	told := 0
	for _, kind := range o.house() {
		if kind == audit.DeliveryRefused {
			told++
		}
	}
	require.Equal(t, 5, told)

	// The person is imported meanwhile, and somebody has it tried again.
	d := o.takes("early", by("login", "new", "login"))
	d = o.stands(d.ID, is(store.DeliveryRefused))
	require.NoError(t, o.Parts.Store.Do(o.Ctx, func(tx *store.Tx) error {
		return tx.UpsertPrincipals(o.Ctx, []access.Principal{{ID: "E4", Login: "new"}})
	}))
	o.Owns("E4", access.Ref{Connection: o.conn, Name: "bob"})
	_, err := inbox.Retry(o.Ctx, o.Parts.Store, d.ID, "dba", "she is on the roster now")
	require.NoError(t, err)
	d = o.stands(d.ID, is(store.DeliveryDone))
	require.Equal(t, access.PrincipalID("E4"), d.Principal)
	require.Equal(t, access.CaseClean, o.Ends("E4").Status)
}

// People outside are told that a message waits for them, and not whom it calls what.
func TestARefusedDeliveryIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var err error
	o.Parts.Store, err = store.Open(o.Ctx, o.Database, store.Options{Subscribers: []notice.Subscriber{{Name: "ops"}}})
	require.NoError(t, err)
	t.Cleanup(o.Parts.Store.Close)
	o.dispatches(1, pace)
	unknown := order("")
	unknown.Subject = &inbox.Subject{Format: "opaque", Value: "eve-lovelace", Field: "login"}
	d := o.takes("msg_1", unknown)
	o.stands(d.ID, is(store.DeliveryRefused))
	list, err := o.Parts.Store.ListNotices(o.Ctx, true, 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, notice.DeliveryRefused, list[0].Kind)
	require.Contains(t, string(list[0].Body), fmt.Sprintf("delivery %d, a message of webhook/hris, cannot be followed", d.ID))
	require.NotContains(t, string(list[0].Body), "lovelace")

	o.stands(o.takes("msg_2", order("E1")).ID, is(store.DeliveryDone))
	require.Equal(t, access.CaseClean, o.Ends("E1").Status)
	list, err = o.Parts.Store.ListNotices(o.Ctx, true, 10)
	require.NoError(t, err)
	for _, n := range list[:len(list)-1] {
		require.NotEqual(t, notice.DeliveryRefused, n.Kind, "what is followed")
	}
}

// A sender is somebody to the roles. The worker judges by its own, and is believed.
func TestASenderNeedsTheRoleOfARequester(t *testing.T) {
	t.Parallel()
	o := newOffice(t, map[string]string{"SEVER_ROLE_REQUESTER": "hr"})
	stop := o.dispatches(1, pace)
	d := o.takes("msg_1", order("E1"))
	d = o.stands(d.ID, is(store.DeliveryRefused))
	require.Contains(t, d.Words, "webhook:hris may not request the end of somebody's access")
	stop()

	o.Stop() // a worker that knows of the roles, and a dispatcher that does not
	o.StartWorker()
	o.Parts.Roles = roles.Roles{}
	stop = o.dispatches(1, pace)
	d = o.takes("msg_2", order("E1"))
	d = o.stands(d.ID, is(store.DeliveryRefused))
	require.Contains(t, d.Words, "webhook:hris may not request the end of somebody's access")
	require.Empty(t, o.cases())
	stop()

	o.Stop()
	o.StartWorker() // and now one that lets it
	o.dispatches(1, pace)
	_, err := inbox.Retry(o.Ctx, o.Parts.Store, d.ID, "dba", "it has the role now")
	require.NoError(t, err)
	o.stands(d.ID, is(store.DeliveryDone))
	require.Equal(t, access.CaseClean, o.Ends("E1").Status)
}

// An identifier that belongs to somebody else now starts nothing. It holds what is open,
// and what begins later, until a person says that the links can be trusted.
func TestARecycledIdentifierStops(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.dispatches(2, pace)
	recycled := inbox.Order{Subject: &inbox.Subject{Format: "email", Value: "ada@example.com", Field: "email"}, Act: inbox.Hold, Recycled: true,
		By: "set:okta", Why: "her address belongs to somebody else now"}
	none := o.takes("jti_1", recycled)
	none = o.stands(none.ID, is(store.DeliveryDone))
	require.Equal(t, "no case is open; one that begins is held before it removes anything", none.Words)
	require.Empty(t, o.cases())

	mail := order("")
	mail.Subject = recycled.Subject
	d := o.takes("jti_2", mail)
	d = o.stands(d.ID, is(store.DeliveryRefused))
	require.Contains(t, d.Words, "this email led to E1, and is in doubt since")

	o.stands(o.takes("msg_1", order("E1")).ID, is(store.DeliveryDone)) // by her number she is known all the same
	o.Reaches("E1", "held", severtest.InPhase(workflows.PhaseHeld))
	held := o.takes("jti_3", recycled)
	held = o.stands(held.ID, is(store.DeliveryDone))
	require.Equal(t, "case "+held.CaseID+" was held already", held.Words)
	require.NoError(t, o.Say("E1", workflows.UpdateResume, workflows.Decision{By: "dba", Why: "it is she"}))
	require.Equal(t, access.CaseClean, o.Ends("E1").Status)

	_, err := inbox.Settle(o.Ctx, o.Parts.Store, "E1", "dba", "the address is hers again")
	require.NoError(t, err)
	_, err = inbox.Retry(o.Ctx, o.Parts.Store, d.ID, "dba", "the address is hers again")
	require.NoError(t, err)
	o.stands(d.ID, is(store.DeliveryDone))
	require.Equal(t, access.CaseClean, o.Ends("E1").Status, "nothing is held any more")
}
