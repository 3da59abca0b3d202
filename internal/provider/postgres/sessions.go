package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// A session belongs to the role that it logged in as. SET ROLE does not change
// usesysid. Workers of a parallel query die with their leader; the workers of a
// subscription belong to no client and end when the subscription changes hands.
// Without the right to see more, backend_type is null.
const herSessions = `
from pg_stat_activity
where usesysid = $1::int8::oid and pid <> pg_backend_pid()
  and coalesce(backend_type, '') not like 'logical replication %'`

const sessionCount = `select count(*)::int ` + herSessions

// A session goes on when its role is dropped, and then has the oid of nobody.
const orphanCount = `
select count(*)::int from pg_stat_activity
where usesysid <> 0 and not exists (select from pg_roles where oid = usesysid)`

const sessionList = `select pid::int8, backend_start, coalesce(datname::text, '') ` + herSessions + `
  and coalesce(backend_type, '') <> 'parallel worker'
order by pid`

// From 14 on the server can wait for the end, which takes it a millisecond and the
// caller another round.
const awaitEnd = `select pg_terminate_backend(pid, 50) ` + herSessions + ` and pid = $2::int8 and backend_start is not distinct from $3`

// A pid is reused sooner or later, so the session is named by its start as well.
const endSession = `select pg_terminate_backend(pid) ` + herSessions + ` and pid = $2::int8 and backend_start is not distinct from $3`

// EndSessions terminates the sessions that the role started, one statement each and
// outside any transaction, so that one refusal does not save the others. Then it
// counts. It works by oid, also for a role that is gone already: DROP ROLE does not
// end sessions.
func (s *Server) EndSessions(ctx context.Context, ref access.Ref) (int, error) {
	op := op("end sessions of", ref, "")
	t, err := planned(op, ref)
	if err != nil {
		return 0, err
	}
	var alive int
	err = s.conns.act(ctx, t.oid, s.home, func(conn *pgx.Conn) error {
		r, err := t.find(ctx, op, conn)
		gone := errors.Is(err, errGone)
		if err != nil && !gone {
			return err
		}
		found, blockers, err := terminate(ctx, conn, t.oid)
		if err != nil {
			return err
		}
		unseen := 0
		if !gone {
			if unseen, err = endHidden(ctx, conn, r); err != nil {
				return err
			}
		}
		if found > 0 {
			if err := conn.QueryRow(ctx, sessionCount, t.oid).Scan(&alive); err != nil {
				return err
			}
		}
		alive += unseen
		if alive > 0 && len(blockers) > 0 {
			return refuse(op, fmt.Errorf("%d of its sessions cannot be ended by us", len(blockers)), blockers...)
		}
		return nil
	})
	return alive, s.classified(op, err)
}

type session struct {
	PID      int64
	Start    *time.Time
	Database string
}

// terminate sends the signal to each session. It tells how many there were, and names
// those that it may not end.
func terminate(ctx context.Context, conn *pgx.Conn, oid int64) (found int, blockers []access.Blocker, err error) {
	rows, err := conn.Query(ctx, sessionList, oid)
	if err != nil {
		return 0, nil, err
	}
	live, err := pgx.CollectRows(rows, pgx.RowToStructByPos[session])
	if err != nil {
		return 0, nil, err
	}
	var dying []session
	for _, l := range live {
		_, err := conn.Exec(ctx, endSession, oid, l.PID, l.Start)
		switch {
		case err == nil:
			dying = append(dying, l)
		case code(err) == "42501":
			blockers = append(blockers, access.Blocker{
				Object: "session " + strconv.FormatInt(l.PID, 10),
				Why:    "our login may not end it",
				Remedy: fmt.Sprintf("GRANT pg_signal_backend TO %s; a superuser's session needs a superuser: SELECT pg_terminate_backend(%d)",
					quote(conn.Config().User), l.PID),
			})
		default:
			return 0, nil, err
		}
	}
	if major(conn) < 14 {
		return len(live), blockers, nil
	}
	for _, l := range dying {
		if _, err := conn.Exec(ctx, awaitEnd, oid, l.PID, l.Start); err != nil {
			return 0, nil, err
		}
	}
	return len(live), blockers, nil
}
