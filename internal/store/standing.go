package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Standing is what the rosters say about a principal. The zero value says nothing:
// nobody may be taken for gone because of it.
type Standing struct {
	Known  bool // some roster spoke of this principal
	Active bool // the last one said so
	// LeftAt is when a roster first said that the principal had left, the last time
	// that it did; it stays when the principal returns. ReturnedAt is when a roster
	// had the principal again. Zero: never.
	LeftAt, ReturnedAt time.Time
	// RosterAt is the last roster that spoke about the principal.
	RosterAt time.Time
}

// How a principal stands, as the column has it.
const (
	standsNowhere = ""
	standsActive  = "active"
	standsLeft    = "left"
)

const standingColumns = `standing, left_at, returned_at, roster_at`

// standingRow is a Standing on its way out of the table.
type standingRow struct {
	word string
	Standing
}

func (s *standingRow) into() []any {
	return []any{&s.word, intoZero(&s.LeftAt), intoZero(&s.ReturnedAt), intoZero(&s.RosterAt)}
}

func (s *standingRow) standing() Standing {
	s.Known, s.Active = s.word != standsNowhere, s.word == standsActive
	return s.Standing
}

// Standing is what the rosters say about a principal. One that is not on record is
// ErrNotFound; one that no roster spoke of is not Known.
func (q queries) Standing(ctx context.Context, id access.PrincipalID) (Standing, error) {
	return collectOne(ctx, q.db, "standing of principal "+string(id), func(row pgx.CollectableRow) (Standing, error) {
		var s standingRow
		err := row.Scan(s.into()...)
		return s.standing(), err
	}, `select `+standingColumns+` from principals where id = @id`, pgx.NamedArgs{"id": id})
}
