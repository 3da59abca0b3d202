package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// loans are memberships that a login without superuser rights gives itself for the
// length of one transaction, so that it needs none for ever: to hand over, to take away
// what an owner granted, to end a membership that somebody else gave. Nobody else ever
// sees that it had them.
type loans struct{ back []string }

func (l *loans) take(conn *pgx.Conn, r role) []string {
	if r.Held {
		return nil
	}
	self := quote(conn.Config().User)
	give, back := "grant "+quote(r.Name)+" to "+self, "revoke "+quote(r.Name)+" from "+self
	if major(conn) >= 16 {
		give += " with inherit true"
		back += " granted by " + self
	}
	l.back = append(l.back, back)
	return []string{give}
}

// lendable are those of the roles $1 whose rights we do not have and may give ourselves:
// by the ADMIN OPTION, and before 16 by CREATEROLE. Nobody can be made a member of
// pg_database_owner, but of the role that it stands for.
const lendable = roleColumns + `
where r.oid in (select case x.rolname when 'pg_database_owner' then d.datdba else x.oid end
                  from pg_roles x join pg_database d on d.datname = current_database() where x.rolname::text = any ($1::text[]))
  and not r.rolsuper and r.rolname !~ '^pg_' and not pg_has_role(r.oid, 'USAGE')
  and (pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION') or ($2::int < 16 and (select rolcreaterole from pg_roles where rolname = current_user)))
order by r.rolname`

// borrow takes the rights of as many of the named roles as can be had, and reports
// whether there were any. What we cannot do without the others is refused by the server,
// each thing by name.
func (l *loans) borrow(ctx context.Context, tx pgx.Tx, names ...string) (some bool, err error) {
	if isSuperuser(tx.Conn()) || len(names) == 0 {
		return false, nil
	}
	rows, err := tx.Query(ctx, lendable, names, major(tx.Conn()))
	if err != nil {
		return false, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[role])
	if err != nil {
		return false, err
	}
	for _, r := range found {
		var one loans
		err := pgx.BeginFunc(ctx, tx, func(part pgx.Tx) error { return one.send(ctx, part, one.take(tx.Conn(), r)) })
		if c := code(err); c == "42501" || c == "0LP01" { // not allowed, or it is a member of us
			continue
		}
		if err != nil {
			return some, err
		}
		l.back, some = append(l.back, one.back...), true
	}
	return some, nil
}

// giveBack ends all loans, the last one first.
func (l *loans) giveBack(ctx context.Context, tx pgx.Tx) error {
	back := slices.Clone(l.back)
	slices.Reverse(back)
	return l.send(ctx, tx, back)
}

func (*loans) send(ctx context.Context, tx pgx.Tx, sql []string) error {
	for _, s := range sql {
		if _, err := tx.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
