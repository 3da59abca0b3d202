package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const taskColumns = `id, case_id, key, connection, subject, words, next, owner, due, opened_at, closed_at, closed_by, closed_why, reminders, reminded_at`

func scanTask(row pgx.CollectableRow) (k Task, err error) {
	return k, row.Scan(&k.ID, &k.CaseID, &k.Key, &k.Connection, &k.Subject, &k.Words, &k.Next, &k.Owner, intoZero(&k.Due),
		&k.OpenedAt, intoZero(&k.ClosedAt), &k.ClosedBy, &k.ClosedWhy, &k.Reminders, intoZero(&k.RemindedAt))
}

// OpenTask reports something that only a person can do. There is one task for a
// key of a case: reporting it again brings its words up to date, keeps the time it
// was opened and its due date, and opens it anew when it was closed.
func (t *Tx) OpenTask(ctx context.Context, k Task) error {
	_, err := t.exec(ctx, "open task "+k.Key+" of case "+k.CaseID, `
		insert into tasks as t (case_id, key, connection, subject, words, next, owner, due, opened_at)
		values (@case, @key, @connection, @subject, @words, @next, @owner, @due, @opened_at)
		on conflict on constraint tasks_once do update set
		    connection = excluded.connection, subject = excluded.subject, words = excluded.words, next = excluded.next, owner = excluded.owner,
		    due        = case when t.closed_at is null then coalesce(t.due, excluded.due) else excluded.due end,
		    opened_at  = case when t.closed_at is null then t.opened_at else excluded.opened_at end,
		    reminders   = case when t.closed_at is null then t.reminders else 0 end,
		    reminded_at = case when t.closed_at is null then t.reminded_at end,
		    closed_at  = null, closed_by = '', closed_why = ''`,
		pgx.NamedArgs{
			"case": k.CaseID, "key": k.Key, "connection": k.Connection, "subject": k.Subject, "words": words(k.Words), "next": words(k.Next),
			"owner": k.Owner, "due": orNull(k.Due), "opened_at": k.OpenedAt,
		})
	return err
}

// CloseTask notes that a task is done, by whom and why. A task that is closed or
// was never opened is no error.
func (t *Tx) CloseTask(ctx context.Context, caseID, key, by, why string) error {
	_, err := t.exec(ctx, "close task "+key+" of case "+caseID, `
		update tasks set closed_at = clock_timestamp(), closed_by = @by, closed_why = @why
		where case_id = @case and key = @key and closed_at is null`,
		pgx.NamedArgs{"case": caseID, "key": key, "by": cmpOr(by, "sever"), "why": words(why)})
	return err
}

// TasksOf are the tasks of a case, open ones first, then by age.
func (q queries) TasksOf(ctx context.Context, caseID string) ([]Task, error) {
	return collect(ctx, q.db, "tasks of case "+caseID, scanTask,
		`select `+taskColumns+` from tasks where case_id = @case order by closed_at is not null, opened_at, id`, pgx.NamedArgs{"case": caseID})
}

// OpenTasks are all open tasks, the most urgent first.
func (q queries) OpenTasks(ctx context.Context) ([]Task, error) {
	return collect(ctx, q.db, "open tasks", scanTask,
		`select `+taskColumns+` from tasks where closed_at is null order by due nulls last, id`, pgx.NamedArgs{})
}

// RemindOverdue counts a reminder for every open task that is overdue and whose owner
// was not reminded since a whole task time of its case's policy (a day where it has
// none), and returns those tasks, the oldest first.
func (t *Tx) RemindOverdue(ctx context.Context, now time.Time) ([]Task, error) {
	return collect(ctx, t.tx, "remind of overdue tasks", scanTask, `
		with late as (
		    select k.id from tasks k join cases c on c.id = k.case_id
		    where k.closed_at is null and k.due < @now
		      and (k.reminded_at is null or k.reminded_at <= @now -
		          coalesce(nullif((c.policy->>'task_due')::bigint, 0), 86400000000000) / 1000 * interval '1 microsecond')
		    order by k.id
		    for update of k skip locked
		), told as (
		    update tasks k set reminders = k.reminders + 1, reminded_at = @now
		    from late where k.id = late.id returning k.*
		)
		select `+taskColumns+` from told order by id`, pgx.NamedArgs{"now": now})
}
