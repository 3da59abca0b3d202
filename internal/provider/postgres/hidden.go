package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// A session shows in pg_stat_activity with its role only when its start is over, and
// its right to log in was checked before. In between it is hidden, for as long as
// the client likes: anybody may connect with post_auth_delay=3600. NOLOGIN comes too
// late for such a session, and nobody sees it. But it has begun a transaction, and
// pg_locks knows that.
const hiddenSessions = `
select distinct pid::int8
from pg_locks l
where locktype = 'virtualxid' and pid is not null and pid <> pg_backend_pid()
  and not exists (select from pg_stat_activity a where a.pid = l.pid
                     and (a.usesysid is not null or a.backend_type not in ('client backend', 'walsender')))
order by 1`

func hidden(ctx context.Context, conn querier) ([]int64, error) {
	rows, err := conn.Query(ctx, hiddenSessions)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// endHidden ends those hidden sessions that are the role's, and counts them. Whose
// they are stands in no view. But a role may terminate its own sessions and no
// others, and the server asks for that before it sends the signal: so the role
// itself does it, and is refused wherever the session is not its own. Sessions that
// have not logged in yet are nobody's; NOLOGIN stops them.
func endHidden(ctx context.Context, conn *pgx.Conn, r role) (int, error) {
	pids, err := hidden(ctx, conn)
	if err != nil || len(pids) == 0 {
		return 0, err
	}
	if r.Super || r.Signals {
		return outwait(ctx, conn, pids)
	}
	hers, err := endAs(ctx, conn, r, pids)
	if code(err) == "42501" { // we may not act as the role
		return outwait(ctx, conn, pids)
	}
	return hers, err
}

func endAs(ctx context.Context, conn *pgx.Conn, r role, pids []int64) (hers int, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, err
	}
	// A signal cannot be rolled back; all else here shall be.
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var l loans
	for _, sql := range append(l.take(conn, r), "set local role "+quote(r.Name)) {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return 0, err
		}
	}
	for _, pid := range pids {
		var sent bool
		err := pgx.BeginFunc(ctx, tx, func(one pgx.Tx) error {
			return one.QueryRow(ctx, `select pg_terminate_backend($1::int4)`, pid).Scan(&sent)
		})
		if err != nil && code(err) != "42501" {
			return 0, err
		}
		if sent {
			hers++
		}
	}
	return hers, nil
}

// outwait is for roles that may terminate any session, so that asking as the role
// tells nothing, and for logins that cannot act as the role. A start is over in milliseconds: the hidden sessions of now must
// all have come out, or be gone. Who stays is counted as the role's.
func outwait(ctx context.Context, conn *pgx.Conn, pids []int64) (int, error) {
	const reads = 20
	for range reads {
		now, err := hidden(ctx, conn)
		if err != nil {
			return 0, err
		}
		pids = slices.DeleteFunc(pids, func(pid int64) bool { return !slices.Contains(now, pid) })
		if len(pids) == 0 {
			return 0, nil
		}
	}
	return len(pids), nil
}
