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
	lost, err := r.passwordLost(ctx, tx, now)
	if err != nil {
		return err
	}
	if !r.was.Role.Login || (now.Login && !lost) {
		r.out.Already = true
		r.out.Words = "nothing to unlock"
		return nil
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

// passwordLost reports whether the role needs a new password. One that was made anew
// always does: whatever password it has by now, nobody was told. Of the recorded role
// it is asked whether the password is still there; who may not read that goes by what
// was done.
func (r *restoration) passwordLost(ctx context.Context, tx pgx.Tx, now role) (bool, error) {
	switch {
	case r.was.Password != nil && !*r.was.Password:
		return false, nil
	case r.anew():
		return true, nil
	}
	var may, none bool
	if err := tx.QueryRow(ctx, `select has_table_privilege('pg_authid', 'select')`).Scan(&may); err != nil {
		return false, err
	}
	if !may {
		return r.step.Mode == access.Kill && !now.Login, nil
	}
	err := tx.QueryRow(ctx, `select rolpassword is null from pg_authid where oid = $1::int8::oid`, now.OID).Scan(&none)
	return none && !now.Login, err
}
