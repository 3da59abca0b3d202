package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const connectionColumns = `case_id, connection, kind, state, why, next_try_at, attempts, listed, accounts, grants, discovered_at`

func scanConnection(row pgx.CollectableRow) (c CaseConnection, err error) {
	return c, row.Scan(&c.CaseID, &c.Connection, &c.Kind, &c.State, &c.Why, intoZero(&c.NextTryAt), &c.Attempts, &c.Listed, &c.Accounts, &c.Grants,
		intoZero(&c.DiscoveredAt))
}

// SetConnection notes how a connection stands within a case.
//
// What was counted is kept until it is counted again, that is by a record in the
// state discovered; an empty kind keeps the known one. A connection that was waived
// stays waived until it is discovered after all.
func (t *Tx) SetConnection(ctx context.Context, c CaseConnection) error {
	if c.State == ConnUnknown && c.Why == "" {
		c.Why = "no reason is known"
	}
	_, err := t.exec(ctx, "note connection "+c.Connection+" of case "+c.CaseID, `
		insert into case_connections as c (`+connectionColumns+`) values
		    (@case_id, @connection, @kind, @state, @why, @next_try_at, @attempts, @listed, @accounts, @grants, @discovered_at)
		on conflict (case_id, connection) do update set
		    kind = coalesce(nullif(excluded.kind, ''), c.kind), state = excluded.state, why = excluded.why,
		    next_try_at = excluded.next_try_at, attempts = greatest(excluded.attempts, c.attempts),
		    listed        = case when excluded.state = 'discovered' then excluded.listed else c.listed end,
		    accounts      = case when excluded.state = 'discovered' then excluded.accounts else c.accounts end,
		    grants        = case when excluded.state = 'discovered' then excluded.grants else c.grants end,
		    discovered_at = case when excluded.state = 'discovered' then excluded.discovered_at else c.discovered_at end
		where c.state <> 'waived' or excluded.state in ('waived', 'discovered')`,
		pgx.NamedArgs{
			"case_id": c.CaseID, "connection": c.Connection, "kind": c.Kind, "state": c.State, "why": words(c.Why), "next_try_at": orNull(c.NextTryAt),
			"attempts": c.Attempts, "listed": c.Listed, "accounts": c.Accounts, "grants": c.Grants, "discovered_at": orNull(c.DiscoveredAt),
		})
	return err
}

// ConnectionsOf are the connections of a case, by name.
func (q queries) ConnectionsOf(ctx context.Context, caseID string) ([]CaseConnection, error) {
	return collect(ctx, q.db, "connections of case "+caseID, scanConnection,
		`select `+connectionColumns+` from case_connections where case_id = @case order by connection`, pgx.NamedArgs{"case": caseID})
}
