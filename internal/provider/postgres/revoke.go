package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Revoke ends every privilege in one database, in one transaction. It refuses when
// the role owns something there.
func (s *Server) Revoke(ctx context.Context, step access.Step) (access.Receipt, error) {
	return s.clear(ctx, op(access.Revoke, step.Account, step.Database), step, "")
}

// clear takes from a role all that it has in step.Database, and when there is a
// successor it hands over first what the role owns there.
func (s *Server) clear(ctx context.Context, op string, step access.Step, successor string) (access.Receipt, error) {
	t, err := planned(op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	if err := checkName("database", step.Database); err != nil {
		return access.Receipt{}, refuse(op, err)
	}
	var receipt access.Receipt
	in := func(database string) error {
		return s.conns.act(ctx, t.oid, database, func(conn *pgx.Conn) error {
			c := clearing{server: s, op: op, database: step.Database, target: t, successor: successor}
			err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
				receipt, err = c.run(ctx, tx)
				return err
			})
			switch {
			case code(err) == "55P03":
				return s.lockedBy(ctx, conn, op, c.found, err)
			case errors.Is(err, errOwner):
				return c.refuseOwner(ctx, conn)
			}
			return err
		})
	}
	err = in(step.Database)
	if turnedAway(err) && step.Database != s.home {
		// Privileges on the database itself can be taken from outside of it. What is
		// inside is found by pg_shdepend, and refused.
		if outside := in(s.home); !turnedAway(outside) {
			err = outside
		}
	}
	if errors.Is(err, errGone) {
		return access.Receipt{Already: true, Words: errGone.Error()}, nil
	}
	if err != nil {
		return access.Receipt{}, s.classified(op, err)
	}
	return receipt, nil
}
