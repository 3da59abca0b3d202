package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Roster is a complete list of people that was accepted.
type Roster struct {
	ID     int64
	Source string // the name of the file
	SHA256 string // of its text
	Active int    // people who are there
	Left   int    // people who are listed as gone
	By     string
	At     time.Time
}

// Person is a principal with what the rosters say beside name and login.
type Person struct {
	access.Principal
	Attributes map[string]string
	Standing   Standing
}

// Entry is one line of a roster.
type Entry struct {
	access.Principal
	// Attributes replace those on record; nil says nothing about them.
	Attributes map[string]string
	Left       bool
}

// rosterLock makes rosters take turns: each is compared with the one before it.
var rosterLock = laneNumber("\x00roster")

// LockRosters waits for the turn to import a roster; it lasts until the transaction
// ends.
func (t *Tx) LockRosters(ctx context.Context) error {
	_, err := t.exec(ctx, "wait for the turn to import a roster", `select pg_advisory_xact_lock(@lock)`, pgx.NamedArgs{"lock": rosterLock})
	return err
}

// AcceptRoster records a roster and what it says of everybody: who is listed as
// there is active, who is listed as gone or was active and is not listed has left.
// Principals that no roster ever spoke of stay as they are. A login, name or e-mail
// address that is empty keeps its earlier value. Nobody may be listed twice.
func (t *Tx) AcceptRoster(ctx context.Context, r Roster, entries []Entry) (Roster, error) {
	op := "accept roster " + r.Source
	n := len(entries)
	ids, logins, names, emails := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	attributes, left := make([]*string, n), make([]bool, n)
	r.Active, r.Left = 0, 0
	for i, e := range entries {
		ids[i], logins[i], names[i], emails[i], left[i] = string(e.ID), e.Login, e.Name, e.Email, e.Left
		if e.Left {
			r.Left++
		} else {
			r.Active++
		}
		if e.Attributes != nil {
			doc, err := toJSON(e.Attributes)
			if err != nil {
				return r, wrap(op, err)
			}
			attributes[i] = &doc
		}
	}
	args := pgx.NamedArgs{"ids": ids, "logins": logins, "names": names, "emails": emails, "attributes": attributes, "left": left,
		"source": r.Source, "sha256": r.SHA256, "active": r.Active, "left_count": r.Left, "by": r.By}
	err := t.tx.QueryRow(ctx, `
		insert into rosters (source, sha256, active, left_count, imported_by)
		values (@source, @sha256, @active, @left_count, @by) returning id, imported_at`, args).Scan(&r.ID, &r.At)
	if err != nil {
		return r, wrap(op, err)
	}
	args["at"] = r.At
	for _, sql := range []string{
		`insert into principals (id) select unnest(@ids::text[]) on conflict (id) do nothing`,
		`update principals p set
		    login       = coalesce(nullif(n.login, ''), p.login),
		    name        = coalesce(nullif(n.name, ''), p.name),
		    email       = coalesce(nullif(n.email, ''), p.email),
		    attributes  = coalesce(n.attributes::jsonb, p.attributes),
		    standing    = case when n.gone then 'left' else 'active' end,
		    left_at     = case when n.gone and p.standing <> 'left' then @at else p.left_at end,
		    returned_at = case when not n.gone and p.standing = 'left' then @at else p.returned_at end,
		    roster_at   = @at,
		    updated_at  = now()
		from unnest(@ids::text[], @logins::text[], @names::text[], @emails::text[], @attributes::text[], @left::boolean[])
		     as n(id, login, name, email, attributes, gone)
		where p.id = n.id`,
		`update principals set
		    standing = 'left', left_at = case when standing = 'left' then left_at else @at end, roster_at = @at, updated_at = now()
		where standing <> '' and not (id = any(@ids::text[]))`,
	} {
		if _, err := t.exec(ctx, op, sql, args); err != nil {
			return r, err
		}
	}
	return r, nil
}

const rosterColumns = `id, source, sha256, active, left_count, imported_by, imported_at`

func scanRoster(row pgx.CollectableRow) (r Roster, err error) {
	return r, row.Scan(&r.ID, &r.Source, &r.SHA256, &r.Active, &r.Left, &r.By, &r.At)
}

// LastRoster is the newest roster; ErrNotFound when none was accepted yet.
func (q queries) LastRoster(ctx context.Context) (Roster, error) {
	return collectOne(ctx, q.db, "last roster", scanRoster, `select `+rosterColumns+` from rosters order by id desc limit 1`, pgx.NamedArgs{})
}

// Rosters are those that were accepted, newest first.
func (q queries) Rosters(ctx context.Context, p Page) ([]Roster, error) {
	return collect(ctx, q.db, "list rosters", scanRoster, `
		select `+rosterColumns+` from rosters order by id desc limit nullif(@limit::bigint, 0) offset @offset`,
		pgx.NamedArgs{"limit": p.Limit, "offset": p.Offset})
}

const personColumns = `id, login, name, email, attributes, ` + standingColumns

func scanPerson(row pgx.CollectableRow) (p Person, err error) {
	var s standingRow
	var attributes []byte
	if err := row.Scan(append([]any{&p.ID, &p.Login, &p.Name, &p.Email, &attributes}, s.into()...)...); err != nil {
		return p, err
	}
	p.Standing = s.standing()
	p.Attributes, err = fromJSON[map[string]string](attributes)
	return p, err
}

// People are all principals by id, with their attributes and how they stand.
func (q queries) People(ctx context.Context) ([]Person, error) {
	return collect(ctx, q.db, "list principals", scanPerson, `select `+personColumns+` from principals order by id`, pgx.NamedArgs{})
}

// Person is one principal by id, with attributes and standing.
func (q queries) Person(ctx context.Context, id access.PrincipalID) (Person, error) {
	return collectOne(ctx, q.db, "principal "+string(id), scanPerson, `select `+personColumns+` from principals where id = @id`, pgx.NamedArgs{"id": id})
}

// PeopleVersion is another text whenever anything about any principal was changed
// and committed: every change of a row gives it the number of its transaction, and
// no row is ever removed. It reads no names and costs a scan of the row headers.
func (q queries) PeopleVersion(ctx context.Context) (string, error) {
	return collectOne(ctx, q.db, "version of the principals", pgx.RowTo[string],
		`select count(*) || '/' || coalesce(sum(xmin::text::bigint), 0) from principals`, pgx.NamedArgs{})
}
