package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// How a principal stands within an incident.
const (
	PersonWaiting = "waiting"  // no case has taken the request yet
	PersonTaken   = "taken"    // a case has it
	PersonGivenUp = "given up" // no more is tried; the words say why
)

// IncidentPerson is a principal of an incident, and how far their case is.
type IncidentPerson struct {
	Incident  string
	Place     int // from 1, in the order in which they were named
	Principal access.PrincipalID
	Name      string
	State     string
	CaseID    string
	Joined    bool
	Escalated bool
	Words     string // why the last try did not lead to a case
	Tries     int
	TakenAt   time.Time

	// Of the case; zero while there is none.
	Status      access.CaseStatus
	ContainedAt time.Time
	ClosedAt    time.Time
	Silent      []string // connections that could not be asked
	Locked      int      // accounts that were contained
	Open        int      // accounts that were to be, and are not yet
	Tasks       int      // that wait for a person
	Task        string   // the words of the oldest
}

// IncidentPeople are the principals of an incident in their order, with their cases.
func (q queries) IncidentPeople(ctx context.Context, id string) ([]IncidentPerson, error) {
	return collect(ctx, q.db, "people of incident "+id, func(row pgx.CollectableRow) (p IncidentPerson, err error) {
		return p, row.Scan(&p.Incident, &p.Place, &p.Principal, &p.Name, &p.State, &p.CaseID, &p.Joined, &p.Escalated, &p.Words, &p.Tries, intoZero(&p.TakenAt),
			&p.Status, intoZero(&p.ContainedAt), intoZero(&p.ClosedAt), &p.Silent, &p.Locked, &p.Open, &p.Tasks, &p.Task)
	}, `
		select i.incident, i.place, i.principal, w.name, i.state, i.case_id, i.joined, i.escalated, i.words, i.tries, i.taken_at,
		       coalesce(c.status, ''), c.contained_at, c.closed_at,
		       array(select k.connection from case_connections k where k.case_id = c.id and k.state = 'unknown' order by k.connection),
		       coalesce(s.locked, 0), coalesce(s.open, 0), coalesce(t.open, 0), coalesce(t.subject || ': ' || t.words, '')
		from incident_people i
		join principals w on w.id = i.principal
		left join cases c on c.id = i.case_id
		left join lateral (
		    select count(*) as open, (array_agg(subject order by id))[1] as subject, (array_agg(words order by id))[1] as words
		    from tasks where case_id = c.id and closed_at is null
		) t on true
		left join lateral (
		    select count(distinct account_id) filter (where state in ('done', 'undone')) as locked,
		           count(distinct account_id) filter (where state not in ('done', 'undone', 'superseded')) as open
		    from steps where case_id = c.id and action = 'contain'
		) s on true
		where i.incident = @id
		order by i.place`, pgx.NamedArgs{"id": id})
}

// WaitingPeople are those of an incident whom no case has taken, of the places from
// first to last.
func (q queries) WaitingPeople(ctx context.Context, id string, first, last int) ([]IncidentPerson, error) {
	return collect(ctx, q.db, "waiting people of incident "+id, func(row pgx.CollectableRow) (p IncidentPerson, err error) {
		p.Incident, p.State = id, PersonWaiting
		return p, row.Scan(&p.Place, &p.Principal, &p.Tries)
	}, `
		select place, principal, tries from incident_people
		where incident = @id and state = 'waiting' and place between @first and @last
		order by place`, pgx.NamedArgs{"id": id, "first": first, "last": last})
}

// TakePerson notes that a case has taken the request about a principal. What was noted
// before stays.
func (t *Tx) TakePerson(ctx context.Context, p IncidentPerson) error {
	_, err := t.exec(ctx, fmt.Sprintf("take %s of incident %s", p.Principal, p.Incident), `
		update incident_people set state = 'taken', case_id = @case, joined = @joined, escalated = @escalated, taken_at = @at, words = '', tries = tries + 1
		where incident = @incident and place = @place and state <> 'taken'`,
		pgx.NamedArgs{"incident": p.Incident, "place": p.Place, "case": p.CaseID, "joined": p.Joined, "escalated": p.Escalated, "at": p.TakenAt})
	return err
}

// MissPerson notes why a try did not lead to a case.
func (t *Tx) MissPerson(ctx context.Context, p IncidentPerson) error {
	_, err := t.exec(ctx, fmt.Sprintf("miss %s of incident %s", p.Principal, p.Incident), `
		update incident_people set words = @words, tries = tries + 1
		where incident = @incident and place = @place and state = 'waiting'`,
		pgx.NamedArgs{"incident": p.Incident, "place": p.Place, "words": words(p.Words)})
	return err
}

// Uncontained counts the people of an incident whose accounts are not contained yet,
// where nothing but time is in the way. One case is left out: that which asks.
func (q queries) Uncontained(ctx context.Context, id, but string) (int, error) {
	return collectOne(ctx, q.db, "uncontained people of incident "+id, pgx.RowTo[int], `
		select count(*) from incident_people i
		left join cases c on c.id = i.case_id
		where i.incident = @id and i.state <> 'given up' and (@but = '' or i.case_id <> @but)
		  and c.contained_at is null and coalesce(c.status, 'open') = 'open'
		  and not exists (select from case_connections k where k.case_id = c.id and k.state = 'unknown')
		  and not exists (select from tasks t where t.case_id = c.id and t.closed_at is null)`, pgx.NamedArgs{"id": id, "but": but})
}
