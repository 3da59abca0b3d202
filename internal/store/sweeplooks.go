package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/sweep"
)

// SweepLook is an account that a run has still to look at.
type SweepLook struct {
	access.Ref
	Owners []access.PrincipalID
}

// PlanLooks notes the accounts of one page, from an ordinal on. It replaces what an
// earlier attempt noted from there.
func (t *Tx) PlanLooks(ctx context.Context, id int64, run int, connection string, from int, looks []SweepLook) error {
	const op = "note accounts to look at"
	if _, err := t.exec(ctx, op, `delete from sweep_looks where sweep_id = @sweep and run = @run and connection = @connection and ordinal >= @from`,
		pgx.NamedArgs{"sweep": id, "run": run, "connection": connection, "from": from}); err != nil {
		return err
	}
	rows := make([][]any, len(looks))
	for i, l := range looks {
		rows[i] = []any{id, run, connection, from + i, l.Resource, l.Name, l.Host, l.ForeignID, list(l.Owners)}
	}
	_, err := t.tx.CopyFrom(ctx, pgx.Identifier{"sweep_looks"}, []string{"sweep_id", "run", "connection", "ordinal", "resource", "account", "host",
		"foreign_id", "owners"}, pgx.CopyFromRows(rows))
	return wrap(op, err)
}

// LooksOf are the accounts with the ordinals from and after, up to one before to.
func (q queries) LooksOf(ctx context.Context, id int64, run int, connection string, from, to int) ([]SweepLook, error) {
	return collect(ctx, q.db, "accounts to look at", func(row pgx.CollectableRow) (l SweepLook, err error) {
		l.Connection = connection
		return l, row.Scan(&l.Resource, &l.Name, &l.Host, &l.ForeignID, &l.Owners)
	}, `
		select resource, account, host, foreign_id, owners from sweep_looks
		where sweep_id = @sweep and run = @run and connection = @connection and ordinal >= @from and ordinal < @to order by ordinal`,
		pgx.NamedArgs{"sweep": id, "run": run, "connection": connection, "from": from, "to": to})
}

// TiesAmong are the ties of anybody to accounts of a connection with one of the names.
func (q queries) TiesAmong(ctx context.Context, connection string, names []string) ([]sweep.Tie, error) {
	return collect(ctx, q.db, "ties to accounts of "+connection, func(row pgx.CollectableRow) (t sweep.Tie, err error) {
		t.Connection = connection
		return t, row.Scan(&t.Principal, &t.Resource, &t.Name, &t.Host, &t.ForeignID)
	}, `select principal, resource, account, host, foreign_id from ties where connection = @connection and account = any(@names)`,
		pgx.NamedArgs{"connection": connection, "names": list(names)})
}

// PeopleAmong say how the principals with these ids stand.
func (q queries) PeopleAmong(ctx context.Context, ids []access.PrincipalID) (map[access.PrincipalID]sweep.Person, error) {
	const op = "standing of principals"
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = string(id)
	}
	rows, err := q.db.Query(ctx, `
		select p.id, p.standing, p.left_at, coalesce(c.id, '')
		from principals p left join cases c on c.principal = p.id and c.status = 'open'
		where p.id = any(@ids)`, pgx.NamedArgs{"ids": text})
	if err != nil {
		return nil, wrap(op, err)
	}
	out := map[access.PrincipalID]sweep.Person{}
	var who access.PrincipalID
	var p sweep.Person
	_, err = pgx.ForEachRow(rows, []any{&who, &p.Standing, intoZero(&p.LeftAt), &p.Case}, func() error {
		out[who] = p
		return nil
	})
	return out, wrap(op, err)
}

// IdentitiesAfter is a page of the identities at a connection, by account, host and
// principal, behind the last of the page before.
func (q queries) IdentitiesAfter(ctx context.Context, connection string, after access.Identity, limit int) ([]access.Identity, error) {
	return collect(ctx, q.db, "identities of "+connection, scanIdentity, `
		select `+identityColumns+` from identities
		where connection = @connection and (account, host, principal) > (@account, @host, @principal)
		order by account, host, principal limit @limit`,
		pgx.NamedArgs{"connection": connection, "account": after.Account, "host": after.Host, "principal": string(after.Principal), "limit": limit})
}
