package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Tie remembers which accounts, by the system's own ids, the links of a principal lead
// to. What is remembered stays, so that an account which is made again under the name
// shows; Retie is for a person's word. Accounts without an id are passed over.
func (t *Tx) Tie(ctx context.Context, who access.PrincipalID, accounts []access.Ref, by string) error {
	return t.tie(ctx, who, accounts, by, `do nothing`)
}

// Retie remembers another account than before.
func (t *Tx) Retie(ctx context.Context, who access.PrincipalID, account access.Ref, by string) error {
	return t.tie(ctx, who, []access.Ref{account}, by,
		`do update set foreign_id = excluded.foreign_id, tied_by = excluded.tied_by, tied_at = now()`)
}

func (t *Tx) tie(ctx context.Context, who access.PrincipalID, accounts []access.Ref, by, again string) error {
	var conns, resources, names, hosts, ids []string
	for _, a := range accounts {
		if a.ForeignID != "" {
			conns, resources, names = append(conns, a.Connection), append(resources, a.Resource), append(names, a.Name)
			hosts, ids = append(hosts, a.Host), append(ids, a.ForeignID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := t.exec(ctx, "tie the links of "+string(who)+" to their accounts", `
		insert into ties (principal, connection, resource, account, host, foreign_id, tied_by)
		select @who, n.*, @by from unnest(@conns::text[], @resources::text[], @names::text[], @hosts::text[], @ids::text[]) as n
		on conflict on constraint ties_pk `+again,
		pgx.NamedArgs{"who": who, "by": by, "conns": conns, "resources": resources, "names": names, "hosts": hosts, "ids": ids})
	return err
}

// Ties are the accounts that the links of a principal at a connection were last seen to
// lead to.
func (q queries) Ties(ctx context.Context, who access.PrincipalID, connection string) ([]access.Ref, error) {
	return collect(ctx, q.db, "ties of "+string(who), func(row pgx.CollectableRow) (r access.Ref, err error) {
		return r, row.Scan(&r.Connection, &r.Resource, &r.Name, &r.Host, &r.ForeignID)
	}, `
		select connection, resource, account, host, foreign_id from ties
		where principal = @who and connection = @connection order by resource, account, host`,
		pgx.NamedArgs{"who": who, "connection": connection})
}
