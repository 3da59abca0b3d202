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

// Unlink ends one membership: of the account in a role, of a role in the account,
// or one that the account granted. From 16 on each grantor's grant is a row of its
// own and is revoked by name. It never cascades: where somebody else's membership
// rests on this one, it is refused and says whose.
func (s *Server) Unlink(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Unlink, step.Account, "") + " from " + step.Object
	t, err := planned(op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	p, err := parsePair(step.Object, step.Account.Name)
	if err != nil {
		return access.Receipt{}, refuse(op, err)
	}
	for _, name := range []string{p.Role, p.Member} {
		if err := checkName("role", name); err != nil {
			return access.Receipt{}, refuse(op, err)
		}
	}
	var receipt access.Receipt
	err = s.conns.act(ctx, t.oid, s.home, func(conn *pgx.Conn) error {
		var at membership
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			if _, err = t.find(ctx, op, tx); err != nil {
				return err
			}
			receipt, err = unlink(ctx, op, tx, step.Account.Name, p, &at)
			return err
		})
		if code(err) == "2BP01" {
			return dependents(ctx, op, conn, at)
		}
		return err
	})
	if errors.Is(err, errGone) {
		return access.Receipt{Already: true, Words: errGone.Error()}, nil
	}
	if err != nil {
		return access.Receipt{}, s.classified(op, err)
	}
	return receipt, nil
}

// unlink revokes every grant of the pair that ends with the account named self. At
// tells, after an error, which one it was.
func unlink(ctx context.Context, op string, tx pgx.Tx, self string, p pair, at *membership) (access.Receipt, error) {
	rows, err := between(ctx, tx, p)
	if err != nil {
		return access.Receipt{}, err
	}
	rows = slices.DeleteFunc(rows, func(m membership) bool { return !m.endsWith(self) })
	if len(rows) == 0 {
		return access.Receipt{Already: true, Words: "no such membership"}, nil
	}
	var l loans
	for _, *at = range rows {
		if at.Inherit != nil { // from 16 on with the rights of the grantor
			if _, err := l.borrow(ctx, tx, at.Grantor); err != nil {
				return access.Receipt{}, err
			}
		}
		sql := at.revoke()
		if p.Role == self {
			// Every membership in the role that goes is in the plan as well, so one that
			// rests on another may end together with it.
			sql += " cascade"
		}
		if _, err := tx.Exec(ctx, sql); err != nil {
			return access.Receipt{}, err
		}
	}
	if err := l.giveBack(ctx, tx); err != nil {
		return access.Receipt{}, err
	}
	// A REVOKE that the server did not want to do is only a warning, so look.
	left, err := between(ctx, tx, p)
	if err != nil {
		return access.Receipt{}, err
	}
	for _, m := range left {
		if m.endsWith(self) {
			return access.Receipt{}, refuse(op, errors.New("the server did not take the membership away"), access.Blocker{
				Object: "membership of " + readable(m.Member) + " in " + readable(m.Role),
				Why:    "granted by " + readable(m.Grantor),
				Remedy: m.revoke(),
			})
		}
	}
	return access.Receipt{Words: fmt.Sprintf("REVOKE %s FROM %s: %s", readable(p.Role), readable(p.Member), access.Count(len(rows), "grant"))}, nil
}

// endsWith reports whether the membership ends with the account named self. Between
// others that is so only where the account granted it.
func (m membership) endsWith(self string) bool {
	return m.Role == self || m.Member == self || (m.Grantor == self && !m.noted(self))
}

func between(ctx context.Context, tx querier, p pair) ([]membership, error) {
	rows, err := tx.Query(ctx, membershipsBetween, p.Role, p.Member)
	if err != nil {
		return nil, err
	}
	return collectMemberships(rows)
}

// revoke is the statement that ends the membership.
func (m membership) revoke() string {
	sql := "revoke " + quote(m.Role) + " from " + quote(m.Member)
	if m.Inherit != nil {
		sql += " granted by " + quote(m.Grantor)
	}
	return sql
}

// grant is the statement that gives it back. Before 16 only superusers may name
// another grantor than themselves.
func (m membership) grant(named bool) string {
	sql := "grant " + quote(m.Role) + " to " + quote(m.Member)
	switch {
	case m.Inherit != nil:
		sql += fmt.Sprintf(" with admin %t, inherit %t, set %t", m.Admin, *m.Inherit, *m.Set)
	case m.Admin:
		sql += " with admin option"
	}
	if named {
		sql += " granted by " + quote(m.Grantor)
	}
	return sql
}

// dependents refuses with the names of those whose memberships rest on m.
func dependents(ctx context.Context, op string, conn *pgx.Conn, m membership) error {
	rows, err := conn.Query(ctx, membershipColumns+`
where pg_get_userbyid(m.roleid)::text = $1 and pg_get_userbyid(m.grantor)::text = $2
order by 2`, m.Role, m.Member)
	if err != nil {
		return err
	}
	found, err := collectMemberships(rows)
	if err != nil {
		return err
	}
	names := make([]string, len(found))
	for i, d := range found {
		names[i] = readable(d.Member)
	}
	return refuse(op, errors.New("memberships of others rest on its ADMIN OPTION"), access.Blocker{
		Object: "role " + readable(m.Role),
		Why:    fmt.Sprintf("%s made members of it: %s", readable(m.Member), strings.Join(names, ", ")),
		Remedy: "end these first, or let another administrator of the role grant them; then retry",
	})
}
