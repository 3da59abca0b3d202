package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// SharedSecret is something that a principal could know and that outlives her accounts:
// the password of a team, an API key. Only its name is on record, never its value.
type SharedSecret struct {
	Principal  access.PrincipalID
	Name       string
	Owner      string // who rotates it
	How        string // in words or as a URL, for the owner
	ImportedBy string
	ImportedAt time.Time
}

const secretColumns = `principal, name, owner, how, imported_by, imported_at`

func scanSecret(row pgx.CollectableRow) (s SharedSecret, err error) {
	return s, row.Scan(&s.Principal, &s.Name, &s.Owner, &s.How, &s.ImportedBy, &s.ImportedAt)
}

// ImportSecrets records which shared secrets principals could know. It may be repeated:
// who rotates a secret and how is brought up to date, and nothing is removed. Principals
// that are not on record yet are recorded by their id alone. Each secret of a principal
// may be there once.
func (t *Tx) ImportSecrets(ctx context.Context, secrets []SharedSecret, actor string) (Diff, error) {
	const op = "import shared secrets"
	n := len(secrets)
	who, names, owners, hows := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	people := make([]access.Principal, n)
	for i, s := range secrets {
		who[i], names[i], owners[i], hows[i] = string(s.Principal), s.Name, s.Owner, s.How
		people[i].ID = s.Principal
	}
	if err := t.UpsertPrincipals(ctx, people); err != nil {
		return Diff{}, wrap(op, err)
	}
	added, err := collect(ctx, t.tx, op, pgx.RowTo[bool], `
		insert into shared_secrets as s (principal, name, owner, how, imported_by)
		select n.principal, n.name, n.owner, n.how, @actor
		from unnest(@who::text[], @names::text[], @owners::text[], @hows::text[]) as n(principal, name, owner, how)
		on conflict (principal, name) do update set
		    owner = excluded.owner, how = excluded.how, imported_by = excluded.imported_by, imported_at = now()
		where (excluded.owner, excluded.how) is distinct from (s.owner, s.how)
		returning xmax = 0`, // a row that was there before carries the updating transaction
		pgx.NamedArgs{"who": who, "names": names, "owners": owners, "hows": hows, "actor": actor})
	d := Diff{Unchanged: n - len(added)}
	for _, isNew := range added {
		if isNew {
			d.Added++
		} else {
			d.Changed++
		}
	}
	return d, err
}

// SharedSecrets are those of a principal, or all when it is empty, by principal and name.
func (q queries) SharedSecrets(ctx context.Context, principal access.PrincipalID) ([]SharedSecret, error) {
	return collect(ctx, q.db, "list shared secrets", scanSecret, `
		select `+secretColumns+` from shared_secrets where @principal = '' or principal = @principal order by principal, name`,
		pgx.NamedArgs{"principal": string(principal)})
}
