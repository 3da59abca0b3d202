package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Counts are how many rows a case has.
type Counts struct {
	Connections, Accounts, Grants, Plans, Steps, Proofs, Tasks, Events int
}

// Counts counts the rows of a case.
func (q queries) Counts(ctx context.Context, caseID string) (Counts, error) {
	return collectOne(ctx, q.db, "count the rows of case "+caseID, func(row pgx.CollectableRow) (c Counts, err error) {
		return c, row.Scan(&c.Connections, &c.Accounts, &c.Grants, &c.Plans, &c.Steps, &c.Proofs, &c.Tasks, &c.Events)
	}, `
		select (select count(*) from case_connections where case_id = @case),
		       (select count(*) from case_accounts where case_id = @case),
		       (select count(*) from case_grants g join case_accounts a on a.id = g.account_id where a.case_id = @case),
		       (select count(*) from plans where case_id = @case),
		       (select count(*) from steps where case_id = @case),
		       (select count(*) from proofs where case_id = @case),
		       (select count(*) from tasks where case_id = @case),
		       (select count(*) from audit_events where chain = @case)`, pgx.NamedArgs{"case": caseID})
}
