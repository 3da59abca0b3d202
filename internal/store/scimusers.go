package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// SCIMUser is a user as a directory provisions it. It belongs to one principal for
// ever, whatever the directory calls it later.
type SCIMUser struct {
	ID         string
	Principal  access.PrincipalID
	ExternalID string
	UserName   string
	Emails     []string
	Active     bool
	Document   []byte // JSON: what the directory said, as far as it is kept
	Version    int64  // from 1, counts the changes
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// SCIMFilter narrows a list of users; empty fields do not. What is given must all
// hold. Names and addresses are compared without regard to case, ids exactly.
type SCIMFilter struct {
	ID, Principal, ExternalID, UserName, Email string
	Active                                     *bool
}

// TakenError is the error of a user who would be another one's double.
type TakenError struct {
	What, Value string // such as userName, and which
	Err         error
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("there is another user whose %s is %q", e.What, e.Value)
}

func (e *TakenError) Unwrap() error { return e.Err }

const scimColumns = `id, principal, external_id, user_name, emails, active, document, version, created_at, updated_at`

func scanSCIMUser(row pgx.CollectableRow) (u SCIMUser, err error) {
	return u, row.Scan(&u.ID, &u.Principal, &u.ExternalID, &u.UserName, &u.Emails, &u.Active, &u.Document, &u.Version, &u.CreatedAt, &u.UpdatedAt)
}

// AddSCIMUser records a new user; the principal is on record already. One that would
// be a double is a *TakenError.
func (t *Tx) AddSCIMUser(ctx context.Context, u SCIMUser) (SCIMUser, error) {
	op := "add SCIM user " + u.ID
	out, err := collectOne(ctx, t.tx, op, scanSCIMUser, `
		insert into scim_users (id, principal, external_id, user_name, user_key, emails, active, document)
		values (@id, @principal, @external_id, @user_name, @user_key, @emails, @active, @document::text::jsonb)
		returning `+scimColumns, u.args())
	return out, u.taken(err)
}

// ChangeSCIMUser records a change of a user, and counts it. The principal stays.
func (t *Tx) ChangeSCIMUser(ctx context.Context, u SCIMUser) (SCIMUser, error) {
	op := "change SCIM user " + u.ID
	out, err := collectOne(ctx, t.tx, op, scanSCIMUser, `
		update scim_users set external_id = @external_id, user_name = @user_name, user_key = @user_key, emails = @emails, active = @active,
		    document = @document::text::jsonb, version = version + 1, updated_at = now()
		where id = @id and deleted_at is null
		returning `+scimColumns, u.args())
	return out, u.taken(err)
}

// DeleteSCIMUser makes a user as if it had never been there: for the directory. It is
// ErrNotFound when there is none.
func (t *Tx) DeleteSCIMUser(ctx context.Context, id string) (SCIMUser, error) {
	return collectOne(ctx, t.tx, "delete SCIM user "+id, scanSCIMUser, `
		update scim_users set active = false, deleted_at = now(), version = version + 1, updated_at = now()
		where id = @id and deleted_at is null
		returning `+scimColumns, pgx.NamedArgs{"id": id})
}

// LockSCIMUser is one user, which nobody else changes until the transaction ends.
func (t *Tx) LockSCIMUser(ctx context.Context, id string) (SCIMUser, error) {
	return collectOne(ctx, t.tx, "SCIM user "+id, scanSCIMUser,
		`select `+scimColumns+` from scim_users where id = @id and deleted_at is null for update`, pgx.NamedArgs{"id": id})
}

// SCIMUser is one user by id; one that was deleted is ErrNotFound.
func (q queries) SCIMUser(ctx context.Context, id string) (SCIMUser, error) {
	return collectOne(ctx, q.db, "SCIM user "+id, scanSCIMUser,
		`select `+scimColumns+` from scim_users where id = @id and deleted_at is null`, pgx.NamedArgs{"id": id})
}

// FormerSCIMUser is the last user of a principal that was deleted. ErrNotFound when
// none was.
func (q queries) FormerSCIMUser(ctx context.Context, principal access.PrincipalID) (SCIMUser, error) {
	return collectOne(ctx, q.db, "former SCIM user of "+string(principal), scanSCIMUser, `
		select `+scimColumns+` from scim_users where principal = @principal and deleted_at is not null
		order by deleted_at desc, id limit 1`, pgx.NamedArgs{"principal": principal})
}

const scimWhere = ` from scim_users where deleted_at is null
	and (@id = '' or id = @id)
	and (@principal = '' or principal = @principal)
	and (@external_id = '' or external_id = @external_id)
	and (@user_key = '' or user_key = @user_key)
	and (@email = '' or emails @> array[@email::text])
	and (@active::boolean is null or active = @active)`

// SCIMUsers lists users, the oldest first.
func (q queries) SCIMUsers(ctx context.Context, f SCIMFilter, p Page) ([]SCIMUser, error) {
	args := f.args()
	args["limit"], args["offset"] = p.Limit, p.Offset
	return collect(ctx, q.db, "list SCIM users", scanSCIMUser,
		`select `+scimColumns+scimWhere+` order by created_at, id limit nullif(@limit::bigint, 0) offset @offset`, args)
}

// CountSCIMUsers says how many there are.
func (q queries) CountSCIMUsers(ctx context.Context, f SCIMFilter) (int, error) {
	return collectOne(ctx, q.db, "count SCIM users", pgx.RowTo[int], `select count(*)`+scimWhere, f.args())
}

func (f SCIMFilter) args() pgx.NamedArgs {
	return pgx.NamedArgs{"id": f.ID, "principal": f.Principal, "external_id": f.ExternalID, "user_key": strings.ToLower(f.UserName), "email": strings.ToLower(f.Email), "active": f.Active}
}

func (u SCIMUser) args() pgx.NamedArgs {
	emails := []string{}
	for _, e := range u.Emails {
		emails = append(emails, strings.ToLower(e))
	}
	return pgx.NamedArgs{"id": u.ID, "principal": u.Principal, "external_id": u.ExternalID, "user_name": u.UserName,
		"user_key": strings.ToLower(u.UserName), "emails": emails, "active": u.Active, "document": string(u.Document)}
}

// taken says which of the things that no two users share is another one's.
func (u SCIMUser) taken(err error) error {
	for _, c := range []struct{ constraint, what, value string }{
		{"scim_users_one_per_name", "userName", u.UserName},
		{"scim_users_one_per_external_id", "externalId", u.ExternalID},
		{"scim_users_one_per_principal", "principal", string(u.Principal)},
	} {
		if violates(err, c.constraint) {
			return &TakenError{c.what, c.value, err}
		}
	}
	return err
}
