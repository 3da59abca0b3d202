package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Diff counts what an import changed.
type Diff struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
}

// IdentityFilter narrows a list of identities; empty fields do not.
type IdentityFilter struct {
	Principal  access.PrincipalID
	Connection string
	Account    string
}

// Page is a part of a list. No limit means all.
type Page struct {
	Limit, Offset int
}

// rank orders evidence; a weaker one never replaces a stronger.
var rank = map[access.Evidence]int{access.Confirmed: 3, access.Imported: 2, access.ByRule: 1}

// ImportIdentities records which accounts belong to whom. It may be repeated: what
// is known with the same or stronger evidence is unchanged. Principals that are
// not on record yet are recorded by their id alone. Nothing is ever removed.
func (t *Tx) ImportIdentities(ctx context.Context, identities []access.Identity, actor string) (Diff, error) {
	const op = "import identities"
	identities = strongest(identities)
	n := len(identities)
	who, conns, accounts, hosts := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	evidence, sources := make([]string, n), make([]string, n)
	people := make([]access.Principal, n)
	for i, id := range identities {
		who[i], conns[i], accounts[i], hosts[i] = string(id.Principal), id.Connection, id.Account, id.Host
		evidence[i], sources[i] = string(id.Evidence), id.Source
		people[i].ID = id.Principal
	}
	if err := t.UpsertPrincipals(ctx, people); err != nil {
		return Diff{}, wrap(op, err)
	}
	added, err := collect(ctx, t.tx, op, pgx.RowTo[bool], `
		insert into identities as i (principal, connection, account, host, evidence, source, imported_by)
		select n.principal, n.connection, n.account, n.host, n.evidence, n.source, @actor
		from unnest(@who::text[], @conns::text[], @accounts::text[], @hosts::text[], @evidence::text[], @sources::text[])
		     as n(principal, connection, account, host, evidence, source)
		on conflict (principal, connection, account, host) do update set
		    evidence = excluded.evidence, source = excluded.source, imported_by = excluded.imported_by, imported_at = now()
		where array_position(array['by-rule', 'imported', 'confirmed'], excluded.evidence)
		    > array_position(array['by-rule', 'imported', 'confirmed'], i.evidence)
		   or (excluded.evidence = i.evidence and excluded.source <> i.source)
		returning xmax = 0`, // a row that was there before carries the updating transaction
		pgx.NamedArgs{"who": who, "conns": conns, "accounts": accounts, "hosts": hosts, "evidence": evidence, "sources": sources, "actor": actor})
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

// strongest keeps one of the identities that name the same account of the same
// principal: the one with the strongest evidence, and of equals the first.
func strongest(in []access.Identity) []access.Identity {
	type link struct {
		who              access.PrincipalID
		conn, name, host string
	}
	at := map[link]int{}
	var out []access.Identity
	for _, id := range in {
		k := link{id.Principal, id.Connection, id.Account, id.Host}
		i, dup := at[k]
		switch {
		case !dup:
			at[k] = len(out)
			out = append(out, id)
		case rank[id.Evidence] > rank[out[i].Evidence]:
			out[i] = id
		}
	}
	return out
}

const identityColumns = `principal, connection, account, host, evidence, source`

func scanIdentity(row pgx.CollectableRow) (i access.Identity, err error) {
	return i, row.Scan(&i.Principal, &i.Connection, &i.Account, &i.Host, &i.Evidence, &i.Source)
}

// IdentitiesOf are the accounts that belong to a principal at one connection, or
// at all of them when connection is empty.
func (q queries) IdentitiesOf(ctx context.Context, principal access.PrincipalID, connection string) ([]access.Identity, error) {
	return q.ListIdentities(ctx, IdentityFilter{Principal: principal, Connection: connection}, Page{})
}

// ListIdentities lists identities by principal, connection and account.
func (q queries) ListIdentities(ctx context.Context, f IdentityFilter, p Page) ([]access.Identity, error) {
	return collect(ctx, q.db, "list identities", scanIdentity, `
		select `+identityColumns+` from identities
		where (@principal = '' or principal = @principal)
		  and (@connection = '' or connection = @connection)
		  and (@account = '' or account = @account)
		order by principal, connection, account, host
		limit nullif(@limit::bigint, 0) offset @offset`,
		pgx.NamedArgs{"principal": string(f.Principal), "connection": f.Connection, "account": f.Account, "limit": p.Limit, "offset": p.Offset})
}

// Claims are all identities, of whichever principal, that name one of the accounts
// at a connection. Names are compared exactly.
func (q queries) Claims(ctx context.Context, connection string, names []string) ([]access.Identity, error) {
	return collect(ctx, q.db, "claims on accounts of "+connection, scanIdentity, `
		select `+identityColumns+` from identities
		where connection = @connection and account = any(@names)
		order by account, host, principal`,
		pgx.NamedArgs{"connection": connection, "names": list(names)})
}
