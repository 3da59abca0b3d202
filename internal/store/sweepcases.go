package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/sweep"
)

// SweepCase is a case that a sweep asked for.
type SweepCase struct {
	CaseID    string
	Principal access.PrincipalID
	Run       int
	OpenedAt  time.Time
	Status    access.CaseStatus // empty: the case was asked for and is not on record
}

// SweepCases are the cases that a sweep asked for, newest first.
func (q queries) SweepCases(ctx context.Context, id int64) ([]SweepCase, error) {
	return collect(ctx, q.db, fmt.Sprintf("cases of sweep %d", id), func(row pgx.CollectableRow) (c SweepCase, err error) {
		return c, row.Scan(&c.CaseID, &c.Principal, &c.Run, &c.OpenedAt, &c.Status)
	}, `
		select s.case_id, s.principal, s.run, s.opened_at, coalesce(c.status, '')
		from sweep_cases s left join cases c on c.id = s.case_id
		where s.sweep_id = @sweep order by s.opened_at desc, s.case_id`, pgx.NamedArgs{"sweep": id})
}

// LockSweep makes whoever opens cases for a sweep take turns, until the transaction ends.
func (t *Tx) LockSweep(ctx context.Context, id int64) error {
	_, err := collectOne(ctx, t.tx, fmt.Sprintf("lock sweep %d", id), pgx.RowTo[int64], `select id from sweeps where id = @id for update`, pgx.NamedArgs{"id": id})
	return err
}

// SweepTrust is what decides how many cases a sweep may open now. Plans count as approved
// when a person approved them. A case that was asked for a moment ago counts as open.
func (q queries) SweepTrust(ctx context.Context, id int64, run int) (sweep.Trust, error) {
	return collectOne(ctx, q.db, fmt.Sprintf("standing of sweep %d", id), func(row pgx.CollectableRow) (s sweep.Trust, err error) {
		return s, row.Scan(&s.Approved, &s.First, &s.InRun, &s.InHour)
	}, `
		select exists (select from sweep_cases s join plans p on p.case_id = s.case_id
		               where s.sweep_id = @sweep and p.needs_word and p.decided_at is not null and p.status in ('approved', 'superseded')),
		       coalesce((select s.case_id from sweep_cases s left join cases c on c.id = s.case_id
		                 where s.sweep_id = @sweep and (c.status = 'open' or c.id is null and s.opened_at > clock_timestamp() - interval '1 minute')
		                 order by s.opened_at limit 1), ''),
		       (select count(*) from sweep_cases where sweep_id = @sweep and run = @run),
		       (select count(*) from sweep_cases where sweep_id = @sweep and opened_at > clock_timestamp() - interval '1 hour')`,
		pgx.NamedArgs{"sweep": id, "run": run})
}

// SweepCandidates are the principals who have left, whose accounts a run found, and for
// whom nobody has decided anything yet: there is no open case, and none that a person
// ended otherwise than clean since they left. What the run found may be from before a case
// ended clean while it was under way: the next run looks again.
func (q queries) SweepCandidates(ctx context.Context, id int64, run int) ([]access.PrincipalID, error) {
	return collect(ctx, q.db, fmt.Sprintf("leavers of sweep %d", id), pgx.RowTo[access.PrincipalID], `
		select f.principal from findings f join principals p on p.id = f.principal
		where f.sweep_id = @sweep and f.kind = 'left' and f.gone_run is null and f.last_run = @run and p.standing = 'left'
		  and not exists (select from cases c where c.principal = p.id
		      and (c.status = 'open' or c.status in ('closed_with_exceptions', 'cancelled', 'reinstated') and c.closed_at >= p.left_at
		           or c.status = 'clean' and c.closed_at >= (select started_at from sweep_runs where sweep_id = @sweep and no = @run)))
		group by f.principal order by min(f.first_at), f.principal`, pgx.NamedArgs{"sweep": id, "run": run})
}

// NoteSweepCase records that a case is asked for, before it is: what may have been opened
// counts.
func (t *Tx) NoteSweepCase(ctx context.Context, id int64, run int, caseID string, who access.PrincipalID) error {
	_, err := t.exec(ctx, "note a case of the sweep", `
		insert into sweep_cases (sweep_id, principal, case_id, run) values (@sweep, @who, @case, @run)
		on conflict do nothing`, pgx.NamedArgs{"sweep": id, "who": who, "case": caseID, "run": run})
	return err
}
