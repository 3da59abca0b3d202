package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Numbers are how everything stands, counted.
type Numbers struct {
	OpenCases []OpenCases
	// Unknown are the connections of open cases that could not be asked.
	Unknown int
	Tasks   int // open
	Overdue int // of them, past their due date
	// Lag is how many rows of the audit trail no checkpoint covers, and Unsigned since
	// when the oldest of those chains has grown; zero when all is covered.
	Lag      int64
	Unsigned time.Time
	// Stuck are steps that began long ago and have no result yet.
	Stuck int
	// LateLooks are second looks whose time passed long ago.
	LateLooks int
	Contained []Contained
	// Notices are how those stand that tell people outside.
	Notices []NoticeNumbers
	// Arrivals are how those deliveries of other systems stand that are not over.
	Arrivals Arrivals
	Sweeps   []SweepNumbers
}

// OpenCases counts the open cases of a reason by age: opened within the hour, the day,
// the week, or earlier.
type OpenCases struct {
	Reason                 access.Reason
	Hour, Day, Week, Older int
}

// Contained is how long the cases of a reason took until nobody could log in any more.
type Contained struct {
	Reason  access.Reason
	Count   int64
	Seconds float64 // all together
	// Within counts those that took at most as long as the bucket of the same index.
	Within []int64
}

// Numbers counts how everything stands. Late is what counts as stuck and as late.
func (q queries) Numbers(ctx context.Context, now time.Time, late time.Duration, buckets []float64) (Numbers, error) {
	const op = "count how everything stands"
	args := pgx.NamedArgs{"now": now, "late": now.Add(-late)}
	n, err := collectOne(ctx, q.db, op, func(row pgx.CollectableRow) (n Numbers, err error) {
		return n, row.Scan(&n.Unknown, &n.Tasks, &n.Overdue, &n.Lag, intoZero(&n.Unsigned), &n.Stuck, &n.LateLooks)
	}, `
		select (select count(*) from case_connections k join cases c on c.id = k.case_id where c.status = 'open' and k.state = 'unknown'),
		       (select count(*) from tasks where closed_at is null),
		       (select count(*) from tasks where closed_at is null and due < @now),
		       (select coalesce(sum(h.seq - coalesce(s.seq, 0)), 0)::bigint from audit_heads h left join lateral (
		           select seq from checkpoint_heads where chain = h.chain order by no desc limit 1) s on true),
		       (select min(e.at) from audit_heads h left join lateral (
		           select seq from checkpoint_heads where chain = h.chain order by no desc limit 1) s on true
		        join audit_events e on e.chain = h.chain and e.seq = coalesce(s.seq, 0) + 1),
		       (select count(*) from steps s join cases c on c.id = s.case_id where c.status = 'open' and s.state = 'running' and s.started_at < @late),
		       (select count(*) from cases where status = 'open' and second_look_at < @late)`, args)
	if err != nil {
		return n, err
	}
	n.OpenCases, err = collect(ctx, q.db, op, func(row pgx.CollectableRow) (o OpenCases, err error) {
		return o, row.Scan(&o.Reason, &o.Hour, &o.Day, &o.Week, &o.Older)
	}, `
		select reason, count(*) filter (where age < interval '1 hour'), count(*) filter (where age >= interval '1 hour' and age < interval '1 day'),
		       count(*) filter (where age >= interval '1 day' and age < interval '7 days'), count(*) filter (where age >= interval '7 days')
		from (select reason, @now::timestamptz - opened_at as age from cases where status = 'open') as open
		group by reason order by reason`, args)
	if err != nil {
		return n, err
	}
	args["buckets"] = buckets
	n.Contained, err = collect(ctx, q.db, op, func(row pgx.CollectableRow) (c Contained, err error) {
		return c, row.Scan(&c.Reason, &c.Count, &c.Seconds, &c.Within)
	}, `
		with took as (
		    select reason, greatest(extract(epoch from contained_at - greatest(opened_at, coalesce(effective_at, opened_at))), 0)::float8 as seconds
		    from cases where contained_at is not null and status <> 'dry_run'
		)
		select reason, count(*), sum(seconds), (
		    select array_agg(within order by bucket) from (
		        select b.bucket, (select count(*) from took t where t.reason = took.reason and t.seconds <= b.bucket) as within
		        from unnest(@buckets::float8[]) as b(bucket)) as counted)
		from took group by reason order by reason`, args)
	if err != nil {
		return n, err
	}
	if n.Notices, err = q.CountNotices(ctx); err != nil {
		return n, err
	}
	n.Sweeps, err = q.CountSweeps(ctx)
	return n, err
}

// Stuck are steps of open cases that began before a moment and have no result.
func (q queries) Stuck(ctx context.Context, before time.Time) ([]Step, error) {
	return collect(ctx, q.db, "steps that are stuck", scanStep, `select `+stepColumns+stepTables+`
		join cases c on c.id = s.case_id
		where c.status = 'open' and s.state = 'running' and s.started_at < @before
		order by s.case_id, s.plan_no, s.ordinal`, pgx.NamedArgs{"before": before})
}

// LateLooks are open cases whose second look was due before a moment.
func (q queries) LateLooks(ctx context.Context, before time.Time) ([]Case, error) {
	return collect(ctx, q.db, "second looks that are late", scanCase, `select `+caseColumns+` from cases
		where status = 'open' and second_look_at < @before order by id`, pgx.NamedArgs{"before": before})
}
