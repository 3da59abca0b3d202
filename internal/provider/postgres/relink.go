package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// relink undoes Unlink: every recorded membership of the pair that is not there,
// with its options, by its grantor where that is possible still.
func (r *restoration) relink(ctx context.Context, tx pgx.Tx) error {
	self := r.step.Account.Name
	p, err := parsePair(r.step.Object, self)
	if err != nil {
		return refuse(r.op, err)
	}
	if _, err := r.find(ctx, tx); err != nil {
		return err
	}
	have, err := between(ctx, tx, p)
	if err != nil {
		return err
	}
	given := 0
	for _, m := range r.was.Memberships {
		if m.pair() != p || !m.endsWith(self) || slices.ContainsFunc(have, m.sameRow) {
			continue
		}
		ok, err := r.relinkOne(ctx, tx, m)
		if err != nil {
			return err
		}
		if ok {
			given++
		}
	}
	r.out.Already = given == 0 && len(r.out.Missing) == 0
	r.out.Words = fmt.Sprintf("GRANT %s TO %s: %s", readable(p.Role), readable(p.Member), access.Count(given, "grant"))
	return nil
}

// sameRow reports whether two rows are the same to the server: from 16 on there is
// one for each grantor.
func (m membership) sameRow(o membership) bool {
	return m.pair() == o.pair() && (m.Inherit == nil || m.Grantor == o.Grantor)
}

func (r *restoration) relinkOne(ctx context.Context, tx pgx.Tx, m membership) (bool, error) {
	var l loans
	if m.Inherit != nil {
		if _, err := l.borrow(ctx, tx, m.Grantor); err != nil {
			return false, err
		}
	}
	err := r.try(ctx, tx, m.grant(true))
	if back := l.giveBack(ctx, tx); err == nil || back != nil {
		return back == nil, back
	}
	what := "membership of " + readable(m.Member) + " in " + readable(m.Role)
	ok, err := r.orMissing(ctx, tx, what, m.grant(false))
	if ok {
		r.missing(what, "it was given back, but not as granted by "+readable(m.Grantor), m.grant(true))
	}
	return ok, err
}
