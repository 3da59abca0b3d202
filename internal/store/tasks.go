package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/notice"
)

// How the keys of those tasks begin that no system can show to be done. A person says
// so, and gives a reason.
const (
	TaskOfSecret = "secret/"         // a shared secret that the leaver could know
	TaskOfUndo   = "undo/"           // what could not be given back
	TaskOfNotice = notice.TaskPrefix // a destination that could not be told of the case
	TaskOfReturn = "return/"         // somebody is back whose case is open
)

// How the keys of those tasks begin that end with a person's word about the case.
const (
	taskOfPlan   = notice.PlanPrefix // a plan that waits for approval
	taskOfDenied = "denied/"         // a plan that was denied, of which nothing is done
)

// PlanTask is the key of the task that a plan is while it waits for approval.
func PlanTask(no int) string { return fmt.Sprintf("%s%d", taskOfPlan, no) }

// DeniedTask is the key of the task that a plan leaves behind that was denied.
func DeniedTask(no int) string { return fmt.Sprintf("%s%d", taskOfDenied, no) }

// OfPlan reports whether the task is about a plan: it closes when somebody decides, and
// when nothing waits for a decision any more.
func (k Task) OfPlan() bool {
	return strings.HasPrefix(k.Key, taskOfPlan) || strings.HasPrefix(k.Key, taskOfDenied)
}

// ByHand reports whether a person says that the task is done. Every other task closes by
// itself when the systems agree, or when its subject is waived.
func (k Task) ByHand() bool {
	return slices.ContainsFunc([]string{TaskOfSecret, TaskOfUndo, TaskOfNotice, TaskOfReturn}, func(p string) bool { return strings.HasPrefix(k.Key, p) })
}

const taskColumns = `id, case_id, key, connection, subject, words, next, owner, due, opened_at, closed_at, closed_by, closed_why, reminders, reminded_at`

func scanTask(row pgx.CollectableRow) (k Task, err error) {
	return k, row.Scan(&k.ID, &k.CaseID, &k.Key, &k.Connection, &k.Subject, &k.Words, &k.Next, &k.Owner, intoZero(&k.Due),
		&k.OpenedAt, intoZero(&k.ClosedAt), &k.ClosedBy, &k.ClosedWhy, &k.Reminders, intoZero(&k.RemindedAt))
}

// OpenTask reports something that only a person can do. There is one task for a
// key of a case: reporting it again brings its words up to date, keeps the time it
// was opened and its due date, and opens it anew when it was closed.
func (t *Tx) OpenTask(ctx context.Context, k Task) error {
	saved, err := collectOne(ctx, t.tx, "open task "+k.Key+" of case "+k.CaseID, scanTask, `
		insert into tasks as t (case_id, key, connection, subject, words, next, owner, due, opened_at)
		values (@case, @key, @connection, @subject, @words, @next, @owner, @due, @opened_at)
		on conflict on constraint tasks_once do update set
		    connection = excluded.connection, subject = excluded.subject, words = excluded.words, next = excluded.next, owner = excluded.owner,
		    due        = case when t.closed_at is null then coalesce(t.due, excluded.due) else excluded.due end,
		    opened_at  = case when t.closed_at is null then t.opened_at else excluded.opened_at end,
		    reminders   = case when t.closed_at is null then t.reminders else 0 end,
		    reminded_at = case when t.closed_at is null then t.reminded_at end,
		    closed_at  = null, closed_by = '', closed_why = ''
		returning `+taskColumns,
		pgx.NamedArgs{
			"case": k.CaseID, "key": k.Key, "connection": k.Connection, "subject": k.Subject, "words": words(k.Words), "next": words(k.Next),
			"owner": k.Owner, "due": orNull(k.Due), "opened_at": k.OpenedAt,
		})
	if err == nil {
		t.tell.tasks = append(t.tell.tasks, notice.Task{ID: saved.ID, Case: saved.CaseID, Key: saved.Key, Connection: saved.Connection, Owner: saved.Owner,
			Subject: saved.Subject, Words: saved.Words, Next: saved.Next, Due: saved.Due, OpenedAt: saved.OpenedAt})
	}
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

// FinishTask closes an open task because a person has done it. It is ErrNotFound when
// there is no such task, or not any more: of two who say it at once one is told.
func (t *Tx) FinishTask(ctx context.Context, caseID, key, by, why string) error {
	op := "finish task " + key + " of case " + caseID
	n, err := t.exec(ctx, op, `
		update tasks set closed_at = clock_timestamp(), closed_by = @by, closed_why = @why
		where case_id = @case and key = @key and closed_at is null`,
		pgx.NamedArgs{"case": caseID, "key": key, "by": by, "why": words(why)})
	if err == nil && n == 0 {
		err = wrap(op, ErrNotFound)
	}
	return err
}

// TaskFilter narrows a list of tasks; empty fields do not.
type TaskFilter struct {
	Owner  string // exactly, or one of several
	Closed bool   // closed ones too
}

// ListTasks lists tasks of all cases: open ones first, those that are due soonest before.
func (q queries) ListTasks(ctx context.Context, f TaskFilter) ([]Task, error) {
	return collect(ctx, q.db, "list tasks", scanTask, `
		select `+taskColumns+` from tasks
		where (@owner = '' or owner = @owner or @owner = any(string_to_array(owner, ', '))) and (@closed or closed_at is null)
		order by closed_at desc nulls first, due nulls last, id`, pgx.NamedArgs{"owner": f.Owner, "closed": f.Closed})
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
