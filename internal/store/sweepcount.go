package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/sweep"
)

// SweepNumbers are how a sweep stands.
type SweepNumbers struct {
	Sweep string
	// Found are the findings of its last run that ended, by kind.
	Found map[sweep.What]int64
	// Complete is when its last run ended that listed every connection; zero if none did.
	Complete time.Time
}

// CountSweeps says how the sweeps stand that are there. What was found is counted once,
// when a run ends, and read where it was written then: in the trail.
func (q queries) CountSweeps(ctx context.Context) ([]SweepNumbers, error) {
	return collect(ctx, q.db, "count what sweeps found", func(row pgx.CollectableRow) (n SweepNumbers, err error) {
		var found []byte
		if err := row.Scan(&n.Sweep, &found, intoZero(&n.Complete)); err != nil {
			return n, err
		}
		n.Found, err = fromJSON[map[sweep.What]int64](found)
		return n, err
	}, `
		select s.name, coalesce((
		           select jsonb_object_agg(substr(d.key, 6), d.value) from jsonb_each(e.data::jsonb) d where d.key like 'kind %'), '{}'),
		       (select max(ended_at) from sweep_runs r where r.sweep_id = s.id and r.result = 'complete')
		from sweeps s
		left join lateral (select no from sweep_runs r where r.sweep_id = s.id and r.result in ('complete', 'partial', 'failed') order by no desc limit 1) last on true
		left join audit_events e on e.chain = 'house' and e.key = 'sweep/ended/' || s.id || '/' || last.no
		where s.deleted_at is null order by s.name`, pgx.NamedArgs{})
}
