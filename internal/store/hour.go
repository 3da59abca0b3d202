package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// LastHour are the accounts of each connection that any case began to change within
// the last hour, by this database's clock, and those that another case will change
// by a plan that was approved within it. Dry runs, looks and plans that wait for a
// word do not count. References come without ids; an account stands once.
//
// It holds the connections until the transaction ends: who makes a plan after
// reading this is not overtaken by another plan over the same connection.
func (t *Tx) LastHour(ctx context.Context, caseID string, connections []string) (map[string][]access.Ref, error) {
	const op = "count the accounts of the last hour"
	inTurn := slices.Sorted(slices.Values(connections)) // or two of us wait for each other
	for _, c := range inTurn {
		if _, err := t.exec(ctx, op, `select pg_advisory_xact_lock(@number)`, pgx.NamedArgs{"number": laneNumber("plan/" + c)}); err != nil {
			return nil, err
		}
	}
	refs, err := collect(ctx, t.tx, op, func(row pgx.CollectableRow) (r access.Ref, err error) {
		return r, row.Scan(&r.Connection, &r.Resource, &r.Name, &r.Host)
	}, `
		with recent as (
		    select s.account_id from steps s
		    where s.started_at > clock_timestamp() - interval '1 hour' and s.action <> 'confirm'
		    union
		    select s.account_id from plans p join steps s on s.case_id = p.case_id and s.plan_no = p.no
		    where p.status = 'approved' and p.decided_at > clock_timestamp() - interval '1 hour' and p.case_id <> @case
		      and s.state = 'pending' and s.action <> 'confirm')
		select distinct a.connection, a.resource, a.name, a.host from recent join case_accounts a on a.id = recent.account_id
		where a.connection = any(@connections)
		order by 1, 2, 3, 4`, pgx.NamedArgs{"case": caseID, "connections": list(connections)})
	out := map[string][]access.Ref{}
	for _, r := range refs {
		out[r.Connection] = append(out[r.Connection], r)
	}
	return out, err
}
