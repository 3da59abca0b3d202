package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Doubt says that what leads to a principal is not to be trusted until a person has
// looked: a sender said that an identifier of hers belongs to somebody else now.
type Doubt struct {
	ID         int64
	Principal  access.PrincipalID
	Identifier string // "email/ada@example.com"; empty when none is concerned
	Words      string
	DeliveryID int64
	RaisedAt   time.Time
	SettledAt  time.Time
	SettledBy  string
	SettledWhy string
}

const doubtColumns = `id, principal, identifier, words, delivery_id, raised_at, settled_at, settled_by, settled_why`

func scanDoubt(row pgx.CollectableRow) (d Doubt, err error) {
	return d, row.Scan(&d.ID, &d.Principal, &d.Identifier, &d.Words, &d.DeliveryID, &d.RaisedAt, intoZero(&d.SettledAt), &d.SettledBy, &d.SettledWhy)
}

// RaiseDoubt records a doubt, once for each delivery.
func (t *Tx) RaiseDoubt(ctx context.Context, d Doubt) error {
	_, err := t.exec(ctx, "raise a doubt about "+string(d.Principal), `
		insert into doubts (principal, identifier, words, delivery_id, raised_at) values (@principal, @identifier, @words, @delivery, @at)
		on conflict on constraint doubts_once do nothing`,
		pgx.NamedArgs{"principal": d.Principal, "identifier": strings.ToLower(d.Identifier), "words": words(d.Words), "delivery": d.DeliveryID, "at": d.RaisedAt})
	return err
}

// SettleDoubts is a person's word that the links of a principal can be trusted. It is
// ErrNotFound when nothing is in doubt.
func (t *Tx) SettleDoubts(ctx context.Context, who access.PrincipalID, by, why string) ([]Doubt, error) {
	op := "settle the doubts about " + string(who)
	out, err := collect(ctx, t.tx, op, scanDoubt, `
		update doubts set settled_at = clock_timestamp(), settled_by = @by, settled_why = @why
		where principal = @principal and settled_at is null returning `+doubtColumns,
		pgx.NamedArgs{"principal": who, "by": by, "why": words(why)})
	if err == nil && len(out) == 0 {
		err = wrap(op, ErrNotFound)
	}
	return out, err
}

// DoubtsOf are the open doubts about a principal, oldest first; about anybody when
// who is empty.
func (q queries) DoubtsOf(ctx context.Context, who access.PrincipalID) ([]Doubt, error) {
	return collect(ctx, q.db, fmt.Sprintf("doubts about %q", who), scanDoubt, `
		select `+doubtColumns+` from doubts where settled_at is null and (@principal = '' or principal = @principal) order by id`,
		pgx.NamedArgs{"principal": string(who)})
}

// DoubtOf is the oldest open doubt about an identifier, or ErrNotFound. Letter case
// does not count: who is not found by it is asked about.
func (q queries) DoubtOf(ctx context.Context, identifier string) (Doubt, error) {
	return collectOne(ctx, q.db, "doubt about an identifier", scanDoubt, `
		select `+doubtColumns+` from doubts where settled_at is null and identifier = lower(@identifier) order by id limit 1`,
		pgx.NamedArgs{"identifier": identifier})
}

// PrincipalsBy are the principals of which a field has a value: id, login, email or
// attr.NAME. Values are compared exactly, and e-mail addresses without regard to case.
func (q queries) PrincipalsBy(ctx context.Context, field, value string) ([]access.PrincipalID, error) {
	if value == "" {
		return nil, nil
	}
	attribute, isAttribute := strings.CutPrefix(field, "attr.")
	where := map[string]string{"id": `id = @value`, "login": `login = @value`, "email": `lower(email) = lower(@value)`}[field]
	if isAttribute {
		where = `attributes->>@attribute = @value`
	}
	if where == "" {
		return nil, fmt.Errorf("principals are not found by %q: choose id, login, email or attr.NAME", field)
	}
	return collect(ctx, q.db, "find principals by "+field, pgx.RowTo[access.PrincipalID],
		`select id from principals where `+where+` order by id`, pgx.NamedArgs{"value": value, "attribute": attribute})
}
