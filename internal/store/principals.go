package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// UpsertPrincipals records people and workloads. What a later record leaves empty
// keeps its earlier value.
func (t *Tx) UpsertPrincipals(ctx context.Context, people []access.Principal) error {
	var ids, logins, names, emails []string
	seen := map[access.PrincipalID]bool{}
	for _, p := range people {
		if seen[p.ID] {
			continue
		}
		seen[p.ID] = true
		ids, logins = append(ids, string(p.ID)), append(logins, p.Login)
		names, emails = append(names, p.Name), append(emails, p.Email)
	}
	_, err := t.exec(ctx, "record principals", `
		insert into principals as p (id, login, name, email)
		select * from unnest(@ids::text[], @logins::text[], @names::text[], @emails::text[])
		on conflict (id) do update set
		    login      = coalesce(nullif(excluded.login, ''), p.login),
		    name       = coalesce(nullif(excluded.name, ''), p.name),
		    email      = coalesce(nullif(excluded.email, ''), p.email),
		    updated_at = now()
		where (excluded.login, excluded.name, excluded.email) is distinct from (p.login, p.name, p.email)`,
		pgx.NamedArgs{"ids": ids, "logins": logins, "names": names, "emails": emails})
	return err
}

// Principal is one principal by id.
func (q queries) Principal(ctx context.Context, id access.PrincipalID) (access.Principal, error) {
	return collectOne(ctx, q.db, "principal "+string(id), func(row pgx.CollectableRow) (p access.Principal, err error) {
		return p, row.Scan(&p.ID, &p.Login, &p.Name, &p.Email)
	}, `select id, login, name, email from principals where id = @id`, pgx.NamedArgs{"id": id})
}
