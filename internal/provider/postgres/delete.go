package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Delete drops the role when nothing depends on it any more. What still does is
// named, from every database that can be entered, and nothing is dropped. DROP ROLE
// itself waits for transactions that are about to use the role, and refuses then.
func (s *Server) Delete(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Delete, step.Account, "")
	t, err := planned(op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	var left leftovers
	err = s.conns.act(ctx, t.oid, s.home, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			if left, err = t.leftovers(ctx, op, tx); err != nil {
				return err
			}
			if left.any() {
				return errLeft
			}
			_, err = tx.Exec(ctx, "drop role "+quote(step.Account.Name))
			return err
		})
	})
	switch {
	case errors.Is(err, errGone):
		return access.Receipt{Already: true, Words: errGone.Error()}, nil
	case errors.Is(err, errLeft):
		return access.Receipt{}, s.classified(op, s.nameLeftovers(ctx, op, t, left))
	case err != nil:
		return access.Receipt{}, s.classified(op, err)
	}
	return access.Receipt{Words: "DROP ROLE"}, nil
}

var errLeft = errors.New("something still depends on the role")

// leftovers are what stands in the way of DROP ROLE, or would be lost by it.
type leftovers struct {
	places   []place
	shared   []object
	members  []membership
	prepared []prepared
	login    string
}

func (l leftovers) any() bool {
	return len(l.places)+len(l.shared)+len(l.members)+len(l.prepared) > 0
}

// leftovers makes sure of the role and reads what depends on it.
func (t target) leftovers(ctx context.Context, op string, tx pgx.Tx) (leftovers, error) {
	var l leftovers
	var n namesakes
	var members []membership
	var shared bool
	var b pgx.Batch
	b.Queue(roleByNameOrID, t.ref.Name, t.oid).Query(func(rows pgx.Rows) (err error) {
		n, err = readNamesakes(rows, t.ref)
		return err
	})
	b.Queue(placesOf, t.oid).Query(func(rows pgx.Rows) (err error) {
		l.places, shared, err = collectPlaces(rows)
		return err
	})
	b.Queue(membershipsOf, t.oid).Query(func(rows pgx.Rows) (err error) {
		members, err = collectMemberships(rows)
		return err
	})
	b.Queue(preparedBy, t.ref.Name).Query(func(rows pgx.Rows) (err error) {
		l.prepared, err = pgx.CollectRows(rows, pgx.RowToStructByPos[prepared])
		return err
	})
	b.Queue(`select session_user::text`).QueryRow(func(row pgx.Row) error { return row.Scan(&l.login) })
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return l, err
	}
	for _, m := range members {
		if m.keeps(t.ref.Name, l.login) {
			l.members = append(l.members, m)
		}
	}
	if _, err := t.settle(op, n); err != nil || !shared {
		return l, err
	}
	rows, err := tx.Query(ctx, sharedQuery(major(tx.Conn()), sharedObjects), t.oid)
	if err != nil {
		return l, err
	}
	l.shared, err = collectObjects(rows)
	return l, err
}

// keeps reports whether a membership is another's, so that DROP ROLE may not take it
// along: somebody uses the role, or holds a membership by its grant. The role's own
// memberships, and a mere right to administer it, are part of it.
func (m membership) keeps(self, ourLogin string) bool {
	switch self {
	case m.Role:
		return m.uses() && m.Member != ourLogin
	case m.Member:
		return false
	}
	return !m.noted(self)
}

// nameLeftovers refuses with everything by name.
func (s *Server) nameLeftovers(ctx context.Context, op string, t target, l leftovers) error {
	v := view{role: role{OID: t.oid, Name: t.ref.Name}, objects: l.shared}
	if err := s.askDatabases(ctx, facts{places: l.places}, &v); err != nil {
		return err
	}
	blockers := listed(v.objects, func(o object) access.Blocker { return o.blocker(t.ref.Name) })
	for _, g := range v.gaps {
		blockers = append(blockers, access.Blocker(g))
	}
	for _, m := range l.members {
		blockers = append(blockers, access.Blocker{
			Object: "membership of " + readable(m.Member) + " in " + readable(m.Role),
			Why:    "granted by " + readable(m.Grantor) + "; it would be lost",
			Remedy: m.revoke(),
		})
	}
	for _, p := range l.prepared {
		blockers = append(blockers, access.Blocker{
			Object: "prepared transaction " + literal(p.GID) + " in database " + readable(p.Database),
			Why:    "prepared by " + readable(t.ref.Name) + " and neither committed nor rolled back",
			Remedy: fmt.Sprintf(`\connect %s; ROLLBACK PREPARED %s`, quote(p.Database), literal(p.GID)),
		})
	}
	return refuse(op, errLeft, blockers...)
}
