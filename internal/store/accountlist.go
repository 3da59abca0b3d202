package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

const accountColumns = `id, case_id, connection, resource, name, host, foreign_id, evidence, engine, before, now, account_exists,
	gaps, shared_with, outcome, why, seen_at, proven_at`

func scanAccount(row pgx.CollectableRow) (a CaseAccount, err error) {
	var before []byte
	if err := row.Scan(&a.ID, &a.CaseID, &a.Connection, &a.Resource, &a.Name, &a.Host, &a.ForeignID, &a.Evidence, &a.Engine, &before, &a.Now, &a.Exists,
		&a.Gaps, &a.SharedWith, &a.Outcome, &a.Why, &a.SeenAt, intoZero(&a.ProvenAt)); err != nil {
		return a, err
	}
	a.Before, err = fromJSON[access.Account](before)
	return a, err
}

// Account is one account of a case by its number, with the grants it has now.
func (q queries) Account(ctx context.Context, id int64) (CaseAccount, error) {
	a, err := collectOne(ctx, q.db, fmt.Sprintf("account %d", id), scanAccount,
		`select `+accountColumns+` from case_accounts where id = @id`, pgx.NamedArgs{"id": id})
	if err != nil {
		return a, err
	}
	one := []CaseAccount{a}
	err = q.fillGrants(ctx, one)
	return one[0], err
}

// AccountsOf are the accounts of a case at some connections, or at all of them when
// connections is nil, in the order in which they were found.
func (q queries) AccountsOf(ctx context.Context, caseID string, connections []string) ([]CaseAccount, error) {
	accounts, err := collect(ctx, q.db, "accounts of case "+caseID, scanAccount, `
		select `+accountColumns+` from case_accounts
		where case_id = @case and (@connections::text[] is null or connection = any(@connections))
		order by id`, pgx.NamedArgs{"case": caseID, "connections": connections})
	if err != nil {
		return nil, err
	}
	return accounts, q.fillGrants(ctx, accounts)
}

// fillGrants reads the grants of accounts into Now.
func (q queries) fillGrants(ctx context.Context, accounts []CaseAccount) error {
	ids, at := make([]int64, len(accounts)), map[int64]*CaseAccount{}
	for i := range accounts {
		ids[i], at[accounts[i].ID] = accounts[i].ID, &accounts[i]
	}
	rows, err := q.db.Query(ctx, `
		select account_id, kind, database, object, privilege, extent, ended_by from case_grants
		where account_id = any(@ids) order by account_id, ordinal`, pgx.NamedArgs{"ids": ids})
	if err != nil {
		return wrap("grants of accounts", err)
	}
	var id int64
	var g access.Grant
	_, err = pgx.ForEachRow(rows, []any{&id, &g.Kind, &g.Database, &g.Object, &g.Privilege, &g.Extent, &g.EndedBy}, func() error {
		at[id].Now.Grants = append(at[id].Now.Grants, g)
		return nil
	})
	return wrap("grants of accounts", err)
}
