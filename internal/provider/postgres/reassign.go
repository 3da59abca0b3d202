package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Reassign hands over to step.Successor what the role owns in one database, and
// then does what Revoke does, in the same transaction. REASSIGN OWNED moves with it
// what the role owns of the server: databases, tablespaces. Those are in the plan,
// with the same successor, each under the database that it counts to.
func (s *Server) Reassign(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Reassign, step.Account, step.Database)
	if err := checkName("successor", step.Successor); err != nil {
		return access.Receipt{}, refuse(op, err)
	}
	if step.Successor == step.Account.Name {
		return access.Receipt{}, refuse(op, errors.New("the successor is the role itself"))
	}
	return s.clear(ctx, op, step, step.Successor)
}

// checkSuccessor refuses those who must not own what a leaver made.
func (c *clearing) checkSuccessor(ctx context.Context, tx pgx.Tx) (role, error) {
	rows, err := tx.Query(ctx, roleByNameOrID, c.successor, 0)
	if err != nil {
		return role{}, err
	}
	n, err := readNamesakes(rows, access.Ref{Name: c.successor})
	if err != nil {
		return role{}, err
	}
	switch to := n.byName; {
	case to == nil:
		return role{}, refuse(c.op, fmt.Errorf("the successor %s does not exist", readable(c.successor)))
	case strings.HasPrefix(to.Name, "pg_"):
		return role{}, refuse(c.op, fmt.Errorf("the successor %s is built-in", readable(c.successor)))
	case to.Super && !c.role.Super:
		return *to, c.refuseCode(ctx, tx)
	default:
		return *to, nil
	}
}

// refuseCode keeps a superuser from inheriting code. A function with SECURITY
// DEFINER, a view, a rule: they act with the rights of their owner, and the leaver
// wrote them.
func (c *clearing) refuseCode(ctx context.Context, tx pgx.Tx) error {
	code, err := c.owned(ctx, tx, major(tx.Conn()))
	if err != nil {
		return err
	}
	code = slices.DeleteFunc(code, func(o object) bool {
		return !slices.Contains([]string{"function", "procedure", "aggregate", "view", "materialized view"}, o.Kind)
	})
	if len(code) == 0 {
		return nil
	}
	return refuse(c.op, fmt.Errorf("the successor %s is a superuser, and would run what the leaver wrote with all rights", readable(c.successor)),
		listed(code, func(o object) access.Blocker {
			return access.Blocker{Object: cleanWords(o), Why: "acts with the rights of its owner",
				Remedy: "name a successor that is no superuser, or read it and move it by hand"}
		})...)
}

func isSuperuser(conn *pgx.Conn) bool { return conn.PgConn().ParameterStatus("is_superuser") == "on" }
