package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Contain takes LOGIN away; with Kill the password too. Whether a password is set
// is for superusers to read, so others write NULL again.
func (s *Server) Contain(ctx context.Context, ref access.Ref, mode access.Mode) (access.Receipt, error) {
	op := op(access.Contain, ref, "")
	t, err := planned(op, ref)
	if err != nil {
		return access.Receipt{}, err
	}
	change := "nologin"
	if mode == access.Kill {
		change = "nologin password null"
	}
	var receipt access.Receipt
	err = s.conns.act(ctx, t.oid, s.home, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			r, err := t.find(ctx, op, tx)
			if err != nil {
				return err
			}
			if !r.Login && (mode != access.Kill || noPassword(ctx, tx, r)) {
				receipt = access.Receipt{Already: true, Words: "it cannot log in"}
				return nil
			}
			if _, err := tx.Exec(ctx, "alter role "+quote(r.Name)+" "+change); err != nil {
				return err
			}
			// Read back by oid: had the name moved in between, another role would be locked now.
			if r, err = t.find(ctx, op, tx); err != nil {
				return err
			}
			if r.Login {
				return fmt.Errorf("the server said yes, and role %s may still log in", readable(r.Name))
			}
			receipt = access.Receipt{Words: "ALTER ROLE: " + change}
			return nil
		})
	})
	if errors.Is(err, errGone) {
		return access.Receipt{Already: true, Words: errGone.Error()}, nil
	}
	return receipt, s.classified(op, err)
}

// noPassword reports whether it is certain that the role has no password.
func noPassword(ctx context.Context, tx pgx.Tx, r role) bool {
	var may, none bool
	err := tx.QueryRow(ctx, `select has_table_privilege('pg_authid', 'select')`).Scan(&may)
	if err != nil || !may {
		return false
	}
	err = tx.QueryRow(ctx, `select rolpassword is null from pg_authid where oid = $1::int8::oid`, r.OID).Scan(&none)
	return err == nil && none
}
