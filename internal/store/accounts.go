package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// UpsertAccounts records how accounts of a case look now, and returns them with
// their ids and with what the records know of them from before. Of two entries for
// one account the last counts.
//
// Before is written when an account is first seen to exist, and stays for ever; an
// entry without one takes Now for it. The grants of an account are replaced by
// those of Now. Outcomes stay.
func (t *Tx) UpsertAccounts(ctx context.Context, caseID string, accounts []CaseAccount) ([]CaseAccount, error) {
	op := "record accounts of case " + caseID
	accounts = lastOfEach(accounts)
	if len(accounts) == 0 {
		return nil, nil
	}
	cols, err := accountArrays(caseID, accounts)
	if err != nil {
		return nil, wrap(op, err)
	}
	rows, err := t.tx.Query(ctx, `
		insert into case_accounts as a (case_id, connection, resource, name, host, foreign_id, evidence, engine,
		                                before, now, account_exists, gaps, shared_with, seen_at)
		select @case, n.connection, n.resource, n.name, n.host, n.foreign_id, n.evidence, n.engine,
		       n.before::jsonb, n.now::jsonb, n.account_exists, n.gaps::jsonb,
		       array(select jsonb_array_elements_text(n.shared_with::jsonb)), n.seen_at
		from unnest(@connections::text[], @resources::text[], @names::text[], @hosts::text[], @foreign_ids::text[], @evidence::text[],
		            @engines::text[], @befores::text[], @nows::text[], @exist::boolean[], @gaps::text[], @shared::text[], @seen::timestamptz[])
		     with ordinality as n(connection, resource, name, host, foreign_id, evidence,
		            engine, before, now, account_exists, gaps, shared_with, seen_at, place)
		order by n.place
		on conflict on constraint case_accounts_once do update set
		    evidence = excluded.evidence, engine = coalesce(nullif(excluded.engine, ''), a.engine),
		    before = coalesce(a.before, excluded.before), now = excluded.now, account_exists = excluded.account_exists,
		    gaps = excluded.gaps, shared_with = excluded.shared_with, seen_at = excluded.seen_at
		returning id, connection, resource, name, host, foreign_id, engine, before, outcome, why, proven_at`, cols)
	if err != nil {
		return nil, wrap(op, err)
	}
	known, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a CaseAccount, err error) {
		var before []byte
		if err := row.Scan(&a.ID, &a.Connection, &a.Resource, &a.Name, &a.Host, &a.ForeignID, &a.Engine, &before, &a.Outcome, &a.Why, intoZero(&a.ProvenAt)); err != nil {
			return a, err
		}
		a.Before, err = fromJSON[access.Account](before)
		return a, err
	})
	if err != nil {
		return nil, wrap(op, err)
	}
	byRef := map[access.Ref]CaseAccount{}
	for _, a := range known {
		byRef[a.Ref] = a
	}
	for i := range accounts {
		a, k := &accounts[i], byRef[accounts[i].Ref]
		a.CaseID, a.ID, a.Engine, a.Before, a.Outcome, a.Why, a.ProvenAt = caseID, k.ID, k.Engine, k.Before, k.Outcome, k.Why, k.ProvenAt
	}
	return accounts, wrap(op, t.replaceGrants(ctx, accounts))
}

// lastOfEach keeps the last entry of each account, in the place of the first.
func lastOfEach(in []CaseAccount) []CaseAccount {
	at := map[access.Ref]int{}
	var out []CaseAccount
	for _, a := range in {
		if i, dup := at[a.Ref]; dup {
			out[i] = a
			continue
		}
		at[a.Ref] = len(out)
		out = append(out, a)
	}
	return out
}

// accountArrays turns accounts into one array for each column.
func accountArrays(caseID string, accounts []CaseAccount) (pgx.NamedArgs, error) {
	n := len(accounts)
	text := map[string][]string{}
	befores, exist, seen := make([]*string, n), make([]bool, n), make([]time.Time, n)
	for i, a := range accounts {
		now := a.Now
		now.Grants, now.Snapshot = nil, nil
		if a.Before.Name == "" && a.Exists {
			a.Before = a.Now
		}
		for name, v := range map[string]any{"nows": now, "gaps": list(a.Gaps), "shared": list(a.SharedWith)} {
			doc, err := toJSON(v)
			if err != nil {
				return nil, err
			}
			text[name] = append(text[name], doc)
		}
		if a.Before.Name != "" {
			doc, err := toJSON(a.Before)
			if err != nil {
				return nil, err
			}
			befores[i] = &doc
		}
		for name, v := range map[string]string{"connections": a.Connection, "resources": a.Resource, "names": a.Name, "hosts": a.Host,
			"foreign_ids": a.ForeignID, "evidence": string(a.Evidence), "engines": a.Engine} {
			text[name] = append(text[name], v)
		}
		exist[i], seen[i] = a.Exists, a.SeenAt
	}
	args := pgx.NamedArgs{"case": caseID, "befores": befores, "exist": exist, "seen": seen}
	for name, v := range text {
		args[name] = v
	}
	return args, nil
}

// replaceGrants writes the grants of the accounts anew: one statement and one copy,
// however many there are.
func (t *Tx) replaceGrants(ctx context.Context, accounts []CaseAccount) error {
	ids := make([]int64, len(accounts))
	var rows [][]any
	for i, a := range accounts {
		ids[i] = a.ID
		for n, g := range a.Now.Grants {
			rows = append(rows, []any{a.ID, n + 1, string(g.Kind), g.Database, g.Object, g.Privilege, string(g.Extent), string(g.EndedBy)})
		}
	}
	if _, err := t.tx.Exec(ctx, `delete from case_grants where account_id = any(@ids)`, pgx.NamedArgs{"ids": ids}); err != nil {
		return err
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := t.tx.CopyFrom(ctx, pgx.Identifier{"case_grants"},
		[]string{"account_id", "ordinal", "kind", "database", "object", "privilege", "extent", "ended_by"}, pgx.CopyFromRows(rows))
	return err
}

// SetOutcome notes how it ended for one account, and why.
func (t *Tx) SetOutcome(ctx context.Context, id int64, o access.Outcome, why string) error {
	return t.updateAccount(ctx, "note the outcome", `update case_accounts set outcome = @outcome, why = @why where id = @id`,
		pgx.NamedArgs{"id": id, "outcome": o, "why": words(why)})
}

// SetForeignID notes the new id of an account that Restore made again: from now on
// the record, and its steps, are about that account, and so are the links that led to
// the old one. When the case has recorded the new account by itself before, the old
// record keeps its id.
func (t *Tx) SetForeignID(ctx context.Context, id int64, foreignID string) error {
	args := pgx.NamedArgs{"id": id, "foreign_id": foreignID}
	if _, err := t.exec(ctx, fmt.Sprintf("note the new id of account %d", id), `
		update ties k set foreign_id = @foreign_id, tied_at = now()
		from case_accounts a
		where a.id = @id and a.foreign_id <> @foreign_id and @foreign_id <> ''
		  and (k.connection, k.resource, k.account, k.host, k.foreign_id) = (a.connection, a.resource, a.name, a.host, a.foreign_id)`, args); err != nil {
		return err
	}
	return t.updateAccount(ctx, "note the new id", `
		update case_accounts a set foreign_id = case when exists (
		    select from case_accounts o
		    where (o.case_id, o.connection, o.resource, o.name, o.host) = (a.case_id, a.connection, a.resource, a.name, a.host)
		      and o.foreign_id = @foreign_id) then a.foreign_id else @foreign_id end
		where a.id = @id`, args)
}

func (t *Tx) updateAccount(ctx context.Context, op, sql string, args pgx.NamedArgs) error {
	op = fmt.Sprintf("%s of account %d", op, args["id"])
	n, err := t.exec(ctx, op, sql, args)
	if err == nil && n == 0 {
		err = wrap(op, ErrNotFound)
	}
	return err
}
