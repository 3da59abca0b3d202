package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/notice"
)

// NoticeState is how a notice to one destination stands.
type NoticeState string

// The states of a notice.
const (
	NoticeWaiting   NoticeState = "waiting"
	NoticeDelivered NoticeState = "delivered"
	NoticeFailed    NoticeState = "failed" // given up, and a task
)

// Notice is a message on its way to one destination.
type Notice struct {
	No          int64
	Destination string
	Message     string // its id
	Kind        notice.Kind
	CaseID      string // empty: about no case
	Body        []byte // exactly as it is sent
	State       NoticeState
	Attempts    int
	Answer      string // to the last attempt
	CreatedAt   time.Time
	Since       time.Time // since when it is tried
	NextAt      time.Time // when it is tried again
	DeliveredAt time.Time
	FailedAt    time.Time
}

const noticeColumns = `no, destination, message, kind, coalesce(case_id, ''), body::text, state, attempts, answer, created_at, since, next_at, delivered_at, failed_at`

func scanNotice(row pgx.CollectableRow) (n Notice, err error) {
	var body string
	err = row.Scan(&n.No, &n.Destination, &n.Message, &n.Kind, &n.CaseID, &body, &n.State, &n.Attempts, &n.Answer,
		&n.CreatedAt, &n.Since, &n.NextAt, intoZero(&n.DeliveredAt), intoZero(&n.FailedAt))
	n.Body = []byte(body)
	return n, err
}

// ClaimNotice takes the oldest notice to a destination that is due, and counts an
// attempt. Nobody else gets it for as long as the lease says; who has not said by then
// what became of it has died, and it is due again. ok is false when none is due.
func (s *Store) ClaimNotice(ctx context.Context, destination string, lease time.Duration) (n Notice, ok bool, err error) {
	found, err := collect(ctx, s.pool, "take a notice to "+destination, scanNotice, `
		with due as (
		    select no as claimed from notices
		    where destination = @destination and state = 'waiting' and next_at <= clock_timestamp()
		    order by no limit 1 for update skip locked
		)
		update notices set attempts = attempts + 1, next_at = clock_timestamp() + @lease
		from due where no = claimed returning `+noticeColumns,
		pgx.NamedArgs{"destination": destination, "lease": lease})
	if err != nil || len(found) == 0 {
		return Notice{}, false, err
	}
	return found[0], true, nil
}

// DeliveredNotice notes that a destination took a notice, and what it said.
func (t *Tx) DeliveredNotice(ctx context.Context, n Notice, answer string) error {
	_, err := t.exec(ctx, "note that a notice is delivered", `
		update notices set state = 'delivered', delivered_at = clock_timestamp(), failed_at = null, answer = @answer
		where no = @no and state <> 'delivered'`, pgx.NamedArgs{"no": n.No, "answer": words(answer)})
	return err
}

// PostponeNotice notes that an attempt failed, and when the next one is. With all, no
// notice to the destination is tried before: it asked for that. An attempt that was
// overtaken by another changes nothing.
func (t *Tx) PostponeNotice(ctx context.Context, n Notice, answer string, until time.Duration, all bool) error {
	args := pgx.NamedArgs{"no": n.No, "attempt": n.Attempts, "answer": words(answer), "until": until, "destination": n.Destination}
	const op = "note that a notice is tried again"
	if _, err := t.exec(ctx, op, `
		update notices set next_at = clock_timestamp() + @until, answer = @answer
		where no = @no and state = 'waiting' and attempts = @attempt`, args); err != nil || !all {
		return err
	}
	_, err := t.exec(ctx, op, `
		update notices set next_at = greatest(next_at, clock_timestamp() + @until)
		where destination = @destination and state = 'waiting'`, args)
	return err
}

// FailNotice notes that nobody tries any more. It reports false when that is not so:
// somebody delivered it, or tries it right now.
func (t *Tx) FailNotice(ctx context.Context, n Notice, answer string) (bool, error) {
	changed, err := t.exec(ctx, "give up a notice", `
		update notices set state = 'failed', failed_at = clock_timestamp(), answer = @answer
		where no = @no and state = 'waiting' and attempts = @attempt`, pgx.NamedArgs{"no": n.No, "attempt": n.Attempts, "answer": words(answer)})
	return changed > 0, err
}

// AbandonedNotices are those that were due some time ago and that nobody has tried for
// as long as they are believed in: their destination is in nobody's settings any more.
func (q queries) AbandonedNotices(ctx context.Context, patience, unclaimed time.Duration) ([]Notice, error) {
	return collect(ctx, q.db, "look for notices that nobody carries", scanNotice, `select `+noticeColumns+` from notices
		where state = 'waiting' and since < clock_timestamp() - @patience::interval and next_at < clock_timestamp() - @unclaimed::interval
		order by no limit 100`, pgx.NamedArgs{"patience": patience, "unclaimed": unclaimed})
}

// RetryNotices has the notices that were given up tried again from now on, those of one
// destination or, where it is empty, all, and those that wait right now. It returns what
// had been given up.
func (t *Tx) RetryNotices(ctx context.Context, destination string) ([]Notice, error) {
	args := pgx.NamedArgs{"destination": destination}
	const op = "try notices again"
	if _, err := t.exec(ctx, op, `update notices set next_at = least(next_at, clock_timestamp())
		where state = 'waiting' and attempts > 0 and answer <> '' and (@destination = '' or destination = @destination)`, args); err != nil {
		return nil, err
	}
	return collect(ctx, t.tx, op, scanNotice, `
		update notices set state = 'waiting', failed_at = null, since = clock_timestamp(), next_at = clock_timestamp()
		where state = 'failed' and (@destination = '' or destination = @destination) returning `+noticeColumns, args)
}

// ListNotices lists what is on its way and what was given up, the newest first; all adds
// what was delivered.
func (q queries) ListNotices(ctx context.Context, all bool, most int) ([]Notice, error) {
	return collect(ctx, q.db, "list notices", scanNotice, `select `+noticeColumns+` from notices
		where @all or state <> 'delivered' order by no desc limit @most`, pgx.NamedArgs{"all": all, "most": most})
}

// NoticeNumbers is how the notices to one destination stand.
type NoticeNumbers struct {
	Destination                string
	Waiting, Delivered, Failed int64
	Oldest                     time.Time // of those that wait; zero when none does
}

// CountNotices counts the notices of every destination that ever had one.
func (q queries) CountNotices(ctx context.Context) ([]NoticeNumbers, error) {
	return collect(ctx, q.db, "count notices", func(row pgx.CollectableRow) (n NoticeNumbers, err error) {
		return n, row.Scan(&n.Destination, &n.Waiting, &n.Delivered, &n.Failed, intoZero(&n.Oldest))
	}, `
		select destination, count(*) filter (where state = 'waiting'), count(*) filter (where state = 'delivered'),
		       count(*) filter (where state = 'failed'), min(created_at) filter (where state = 'waiting')
		from notices group by destination order by destination`, pgx.NamedArgs{})
}
