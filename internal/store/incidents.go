package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Incident is one request to end the access of many principals at once.
type Incident struct {
	ID        string
	Key       string // of the caller; each case has Key + "/" + its principal
	Requester string
	Words     string // what happened
	Ticket    string
	Hold      string // why nothing may be removed until somebody says resume
	Policy    []byte // JSON; of every case that is opened
	People    int
	OpenedAt  time.Time
	EndedAt   time.Time // when nothing was left to be opened, or no more was tried
}

// IncidentKeyError says that an incident's key was used for another request before.
type IncidentKeyError struct {
	Key      string
	Incident string
}

func (e *IncidentKeyError) Error() string {
	return fmt.Sprintf("the key %q was used before, for incident %s, and that was about something else", e.Key, e.Incident)
}

const incidentColumns = `id, key, requester, words, ticket, hold, policy, people, opened_at, ended_at`

func scanIncident(row pgx.CollectableRow) (i Incident, err error) {
	return i, row.Scan(&i.ID, &i.Key, &i.Requester, &i.Words, &i.Ticket, &i.Hold, &i.Policy, &i.People, &i.OpenedAt, intoZero(&i.EndedAt))
}

// OpenIncident writes an incident with its people, once for a key: asked again it
// answers what is there. A key that was used for other people, or to hold what is not
// held now, is an *IncidentKeyError.
func (t *Tx) OpenIncident(ctx context.Context, in Incident, people []access.PrincipalID) (out Incident, fresh bool, err error) {
	op := "open incident " + in.ID
	in.People = len(people)
	n, err := t.exec(ctx, op, `
		insert into incidents (`+incidentColumns+`)
		values (@id, @key, @requester, @words, @ticket, @hold, @policy::text::jsonb, @people, @opened_at, null)
		on conflict on constraint incidents_key_once do nothing`,
		pgx.NamedArgs{"id": in.ID, "key": in.Key, "requester": in.Requester, "words": in.Words, "ticket": in.Ticket, "hold": in.Hold,
			"policy": string(orEmptyObject(in.Policy)), "people": in.People, "opened_at": in.OpenedAt})
	if err != nil {
		return out, false, err
	}
	if n == 0 {
		out, err = t.sameIncident(ctx, in, people)
		return out, false, err
	}
	_, err = t.exec(ctx, op, `
		insert into incident_people (incident, place, principal)
		select @id, n.place, n.principal from unnest(@people::text[]) with ordinality as n(principal, place)`,
		pgx.NamedArgs{"id": in.ID, "people": people})
	return in, true, err
}

// sameIncident is the incident of a key that was used before, if it was the same.
func (t *Tx) sameIncident(ctx context.Context, in Incident, people []access.PrincipalID) (Incident, error) {
	was, err := collectOne(ctx, t.tx, "look for the incident", scanIncident,
		`select `+incidentColumns+` from incidents where key = @key`, pgx.NamedArgs{"key": in.Key})
	if err != nil {
		return was, err
	}
	before, err := collect(ctx, t.tx, "look for the incident", pgx.RowTo[access.PrincipalID],
		`select principal from incident_people where incident = @id`, pgx.NamedArgs{"id": was.ID})
	if err != nil {
		return was, err
	}
	people = slices.Clone(people)
	slices.Sort(people)
	slices.Sort(before)
	if !slices.Equal(people, before) || was.Hold != in.Hold {
		return was, &IncidentKeyError{Key: in.Key, Incident: was.ID}
	}
	return was, nil
}

// ResumeIncident lets an incident that gave some of its people up try them again, and
// says how many those are.
func (t *Tx) ResumeIncident(ctx context.Context, id string) (int, error) {
	op := "resume incident " + id
	n, err := t.exec(ctx, op, `update incident_people set state = 'waiting' where incident = @id and state = 'given up'`, pgx.NamedArgs{"id": id})
	if err != nil || n == 0 {
		return 0, err
	}
	_, err = t.exec(ctx, op, `update incidents set ended_at = null where id = @id`, pgx.NamedArgs{"id": id})
	return int(n), err
}

// EndIncident notes that an incident tries no more. Who is still waiting is given up;
// it says how many were taken by a case, and how many were not.
func (t *Tx) EndIncident(ctx context.Context, id string, at time.Time) (taken, lost int, err error) {
	op := "end incident " + id
	if _, err = t.exec(ctx, op, `
		update incident_people set state = 'given up', words = coalesce(nullif(words, ''), 'nobody tried before the incident ended')
		where incident = @id and state = 'waiting'`, pgx.NamedArgs{"id": id}); err != nil {
		return 0, 0, err
	}
	if _, err = t.exec(ctx, op, `update incidents set ended_at = @at where id = @id and ended_at is null`, pgx.NamedArgs{"id": id, "at": at}); err != nil {
		return 0, 0, err
	}
	c, err := collectOne(ctx, t.tx, op, pgx.RowToStructByPos[struct{ Taken, Lost int }], `
		select count(*) filter (where state = 'taken'), count(*) filter (where state = 'given up')
		from incident_people where incident = @id`, pgx.NamedArgs{"id": id})
	return c.Taken, c.Lost, err
}

// Incident is one incident by id.
func (q queries) Incident(ctx context.Context, id string) (Incident, error) {
	return collectOne(ctx, q.db, "incident "+id, scanIncident, `select `+incidentColumns+` from incidents where id = @id`, pgx.NamedArgs{"id": id})
}

// ListIncidents lists incidents, newest first; of the open ones only if asked for.
func (q queries) ListIncidents(ctx context.Context, open bool) ([]Incident, error) {
	return collect(ctx, q.db, "list incidents", scanIncident, `
		select `+incidentColumns+` from incidents where not @open or ended_at is null
		order by opened_at desc, id desc limit 1000`, pgx.NamedArgs{"open": open})
}
