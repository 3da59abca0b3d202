package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Provision records one person as a directory knows her, beside rosters: name, login,
// whether she is active, and those attributes that the directory speaks of. An
// attribute named in unknown is not known any more; others stay. A login, name or
// e-mail address that is empty keeps its earlier value. It returns how she stood
// before.
//
// Names cannot change behind its back: the record is locked until the transaction
// ends.
func (t *Tx) Provision(ctx context.Context, p Person, active bool, unknown []string) (was Standing, err error) {
	op := "provision principal " + string(p.ID)
	if p.Attributes == nil {
		p.Attributes = map[string]string{}
	}
	doc, err := toJSON(p.Attributes)
	if err != nil {
		return was, wrap(op, err)
	}
	args := pgx.NamedArgs{"id": p.ID, "login": p.Login, "name": p.Name, "email": p.Email, "attributes": doc, "unknown": list(unknown), "active": active}
	if _, err := t.exec(ctx, op, `insert into principals (id) values (@id) on conflict (id) do nothing`, args); err != nil {
		return was, err
	}
	was, err = collectOne(ctx, t.tx, op, func(row pgx.CollectableRow) (Standing, error) {
		var s standingRow
		err := row.Scan(s.into()...)
		return s.standing(), err
	}, `select `+standingColumns+` from principals where id = @id for update`, args)
	if err != nil {
		return was, err
	}
	_, err = t.exec(ctx, op, `
		update principals p set
		    login       = coalesce(nullif(@login, ''), login),
		    name        = coalesce(nullif(@name, ''), name),
		    email       = coalesce(nullif(@email, ''), email),
		    attributes  = attributes - @unknown::text[] || @attributes::jsonb,
		    standing    = case when @active then 'active' else 'left' end,
		    left_at     = case when not @active and standing <> 'left' then now() else left_at end,
		    returned_at = case when @active and standing = 'left' then now() else returned_at end,
		    roster_at   = now(),
		    updated_at  = now()
		where id = @id`, args)
	return was, err
}
