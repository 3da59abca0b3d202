package courier

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/store"
)

// ops is an office with one webhook.
func ops(t *testing.T) (*office, *receiver) {
	t.Helper()
	key := secret()
	r := newReceiver(t, key)
	return newOffice(t, config.Vars{"SEVER_NOTICE_WEBHOOKS": "ops", "SEVER_NOTICE_OPS_URL": r.URL + "/hook", "SEVER_NOTICE_OPS_SECRET": key}), r
}

func TestANoticeIsCarriedOnce(t *testing.T) {
	t.Parallel()
	o, r := ops(t)
	o.runs(o.store)
	o.task("account/1")
	n := o.reach(all(store.NoticeDelivered, 1))[0]
	require.Equal(t, []any{1, "204 No Content"}, []any{n.Attempts, n.Answer})
	require.Equal(t, []got{{n.Message, string(n.Body)}}, r.received())
	var m notice.Message
	require.NoError(t, json.Unmarshal([]byte(r.received()[0].body), &m))
	require.Equal(t, notice.TaskOpened, m.Type)
	require.EqualValues(t, "E1", m.Data.Principal)
	for _, never := range []string{"ada@example.com", "Lovelace"} {
		require.NotContains(t, r.received()[0].body, never)
	}
}

func TestAReceiverThatIsDownGetsItLater(t *testing.T) {
	t.Parallel()
	o, r := ops(t)
	r.answers(says(http.StatusBadGateway))
	o.runs(o.store)
	o.task("account/1")
	n := o.reach(func(l []store.Notice) bool { return len(l) == 1 && l[0].Attempts > 2 && l[0].Answer != "" })[0]
	require.Equal(t, store.NoticeWaiting, n.State)
	require.Equal(t, "502 Bad Gateway", n.Answer)
	r.answers(nil)
	n = o.reach(all(store.NoticeDelivered, 1))[0]
	for _, g := range r.received() {
		require.Equal(t, n.Message, g.id, "every attempt has the same id")
	}
}

func TestAReceiverThatAsksForARestIsLeftAlone(t *testing.T) {
	t.Parallel()
	o, r := ops(t)
	r.answers(func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	o.task("account/1")
	o.task("account/2")
	o.runs(o.store)
	rest := o.reach(func(l []store.Notice) bool {
		return len(l) == 2 && time.Until(l[0].NextAt) > 59*time.Minute && time.Until(l[1].NextAt) > 59*time.Minute
	})
	require.Len(t, r.received(), 1, "the other one is held back too")
	require.Equal(t, "429 Too Many Requests", rest[0].Answer)
}

// A worker that dies after sending leaves a message that another one sends again, under
// the same id.
func TestWhatWasSentAndNotNotedIsSentAgain(t *testing.T) {
	t.Parallel()
	o, r := ops(t)
	o.task("account/1")
	killed := o.runs(dying{o.store}, func(p *Pace) { p.Lease = 50 * time.Millisecond })
	require.Eventually(t, func() bool { return len(r.received()) > 0 }, 30*time.Second, time.Millisecond)
	killed()
	require.Equal(t, store.NoticeWaiting, o.stand()[0].State)
	before := len(r.received())
	o.runs(o.store)
	o.reach(all(store.NoticeDelivered, 1))
	require.Len(t, r.received(), before+1)
	require.Equal(t, r.received()[0], r.received()[before], "the receiver can tell")
}

func TestTwoCouriersSendOnce(t *testing.T) {
	t.Parallel()
	o, r := ops(t)
	const tasks = 30
	for i := range tasks {
		o.task("account/" + strings.Repeat("i", i+1))
	}
	for range 3 {
		o.runs(o.store)
	}
	o.reach(all(store.NoticeDelivered, tasks))
	ids := map[string]bool{}
	for _, g := range r.received() {
		ids[g.id] = true
	}
	require.Len(t, ids, tasks)
	require.Len(t, r.received(), tasks)
}

func TestASecretIsReplacedWithoutAGap(t *testing.T) {
	t.Parallel()
	before, after := secret(), secret()
	r := newReceiver(t, before)
	o := newOffice(t, config.Vars{"SEVER_NOTICE_WEBHOOKS": "ops", "SEVER_NOTICE_OPS_URL": r.URL, "SEVER_NOTICE_OPS_SECRET": after, "SEVER_NOTICE_OPS_OLD_SECRET": before})
	o.runs(o.store)
	o.task("account/1")
	o.reach(all(store.NoticeDelivered, 1))
	r.mu.Lock()
	r.key = after
	r.mu.Unlock()
	o.task("account/2")
	o.reach(all(store.NoticeDelivered, 2))
	require.Zero(t, r.forged)
}

// What nobody takes is given up in the end, and then it is a row and a task, told to
// everybody but the one that cannot be told.
func TestGivingUpIsNeverSilent(t *testing.T) {
	t.Parallel()
	key := secret()
	bad, good := newReceiver(t, secret()), newReceiver(t, key)
	o := newOffice(t, config.Vars{"SEVER_NOTICE_WEBHOOKS": "bad,good", "SEVER_NOTICE_BAD_URL": bad.URL, "SEVER_NOTICE_BAD_SECRET": key,
		"SEVER_NOTICE_GOOD_URL": good.URL, "SEVER_NOTICE_GOOD_SECRET": key, "SEVER_NOTICE_PATIENCE": "50ms"})
	o.task("account/1")
	o.task("account/2")
	stop := o.runs(o.store)
	list := o.reach(func(l []store.Notice) bool {
		failed := 0
		for _, n := range l {
			if n.State == store.NoticeFailed {
				failed++
			}
		}
		return failed == 2 && len(good.received()) == 3
	})
	require.Len(t, list, 5, "two notices to each, and the one about bad to good")
	rows := o.trail(audit.NoticeFailed)
	require.Len(t, rows, 2)
	require.Equal(t, []any{"bad", "401 Unauthorized: the signature does not fit", "task.opened"}, []any{rows[0].Object, rows[0].Words, rows[0].Data["notice"]})
	tasks, err := o.store.TasksOf(t.Context(), "c1")
	require.NoError(t, err)
	require.Len(t, tasks, 3, "one for a destination, however much it missed")
	k := tasks[2]
	require.Equal(t, "notice/bad", k.Key)
	require.True(t, k.ByHand())
	require.Contains(t, k.Next, "sever notices retry bad")
	stop()

	bad.mu.Lock()
	bad.key = key
	bad.mu.Unlock()
	o.do(func(tx *store.Tx) error {
		again, err := tx.RetryNotices(t.Context(), "bad")
		require.Len(t, again, 2)
		return err
	})
	o.runs(o.store)
	o.reach(all(store.NoticeDelivered, 5))
}

// What is about no case is carried as everything else, and given up without a task:
// tasks are those of cases. The row is one of the house, and it is listed.
func TestWhatIsAboutNoCaseIsCarriedAndGivenUp(t *testing.T) {
	t.Parallel()
	o, r := ops(t)
	tell := func(same string) {
		o.do(func(tx *store.Tx) error {
			tx.Tell(notice.RefusedRoster("hr.csv", same, "it is too small", noon))
			return nil
		})
	}
	stop := o.runs(o.store)
	tell("1")
	n := o.reach(all(store.NoticeDelivered, 1))[0]
	require.Equal(t, []got{{n.Message, string(n.Body)}}, r.received())
	stop()
	r.answers(says(http.StatusGone))
	o.settings.Patience = time.Millisecond
	o.runs(o.store)
	tell("2")
	o.reach(func(l []store.Notice) bool { return len(l) == 2 && l[0].State == store.NoticeFailed })
	require.Empty(t, o.trail(audit.NoticeFailed))
	rows, err := o.store.LastOfKind(t.Context(), audit.House, audit.NoticeFailed, 9)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, []any{"ops", "410 Gone", "roster.refused"}, []any{rows[0].Object, rows[0].Words, rows[0].Data["notice"]})
	tasks, err := o.store.ListTasks(t.Context(), store.TaskFilter{Closed: true})
	require.NoError(t, err)
	require.Empty(t, tasks)
}

// A destination that was taken out of the settings does not take its notices with it.
func TestWhatNobodyCarriesIsGivenUpToo(t *testing.T) {
	t.Parallel()
	o, _ := ops(t)
	o.task("account/1")
	o.settings = Settings{Patience: time.Millisecond}
	o.runs(o.store, func(p *Pace) { p.Lease = time.Millisecond })
	n := o.reach(func(l []store.Notice) bool { return len(l) > 0 && l[0].State == store.NoticeFailed })[0]
	require.Contains(t, n.Answer, "it may be in nobody's settings any more")
	require.Len(t, o.trail(audit.NoticeFailed), 1)
}

func TestHowItGoesOn(t *testing.T) {
	t.Parallel()
	p := Pace{First: time.Second, Most: time.Minute}
	refused := errors.New("refused")
	rest := func(d time.Duration) error { return &LaterError{d, refused} }
	for name, c := range map[string]struct {
		attempts int
		age      time.Duration
		err      error
		want     verdict
	}{
		"the first time":               {1, 0, refused, verdict{pause: time.Second}},
		"the third":                    {3, 0, refused, verdict{pause: 4 * time.Second}},
		"often":                        {1000, 0, refused, verdict{pause: time.Minute}},
		"a rest":                       {1, 0, rest(time.Hour), verdict{pause: time.Hour, all: true}},
		"a rest that is shorter":       {3, 0, rest(0), verdict{pause: 4 * time.Second, all: true}},
		"a rest without end":           {1, 0, rest(1000 * time.Hour), verdict{pause: 24 * time.Hour, all: true}},
		"nearly too long":              {1, 72*time.Hour - time.Second, refused, verdict{pause: time.Second}},
		"too long":                     {1, 72*time.Hour - time.Second + 1, refused, verdict{giveUp: true, pause: time.Second}},
		"no use in waiting for a rest": {1, 72*time.Hour - time.Minute, rest(time.Hour), verdict{giveUp: true, pause: time.Hour, all: true}},
	} {
		require.Equal(t, c.want, decide(store.Notice{Attempts: c.attempts, Since: noon.Add(-c.age)}, noon, 72*time.Hour, p, c.err), name)
	}
}
