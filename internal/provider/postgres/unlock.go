package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// unlock undoes Contain. Where the password is gone a new one is made, and it is in
// the result once.
func (r *restoration) unlock(ctx context.Context, tx pgx.Tx) error {
	now, err := r.find(ctx, tx)
	if err != nil {
		return err
	}
	if !r.was.Role.Login || now.Login {
		r.out.Already = true
		r.out.Words = "nothing to unlock"
		return nil
	}
	lost, err := r.passwordLost(ctx, tx, now)
	if err != nil {
		return err
	}
	sql := "alter role " + quote(now.Name) + " login"
	if lost {
		secret, verifier, err := newSecret()
		if err != nil {
			return err
		}
		r.out.Secret = secret
		sql += " password " + literal(verifier)
	}
	if _, err := tx.Exec(ctx, sql); err != nil {
		return err
	}
	r.out.Words = "ALTER ROLE: login"
	if lost {
		r.out.Words += ", new password"
	}
	return nil
}

// passwordLost reports whether the role had a password and has none now. Who may
// not read pg_authid goes by what was done.
func (r *restoration) passwordLost(ctx context.Context, tx pgx.Tx, now role) (bool, error) {
	if r.was.Password != nil && !*r.was.Password {
		return false, nil
	}
	var may bool
	if err := tx.QueryRow(ctx, `select has_table_privilege('pg_authid', 'select')`).Scan(&may); err != nil {
		return false, err
	}
	if !may {
		return r.step.Mode == access.Kill || now.id() != r.first, nil
	}
	var none bool
	err := tx.QueryRow(ctx, `select rolpassword is null from pg_authid where oid = $1::int8::oid`, now.OID).Scan(&none)
	return none, err
}
