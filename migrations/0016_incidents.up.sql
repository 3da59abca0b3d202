create table incidents (
    id        text        not null,
    key       text        not null,
    requester text        not null,
    words     text        not null default '',
    ticket    text        not null default '',
    hold      text        not null default '',
    policy    jsonb       not null,
    people    integer     not null,
    opened_at timestamptz not null,
    ended_at  timestamptz,
    constraint incidents_pk primary key (id),
    constraint incidents_key_once unique (key),
    constraint incidents_given check (id <> '' and key <> '' and requester <> ''),
    constraint incidents_of_somebody check (people > 0)
);
comment on table incidents is 'One request to end the access of many principals at once. It is written before anything happens, so that it is carried out also when whoever asked is gone.';
comment on column incidents.key is 'The idempotency key of the caller: the same key is the same incident. Each case has a key of its own, made of this one and the principal.';
comment on column incidents.ended_at is 'When nothing was left to be opened, or no more was tried.';
create index incidents_open on incidents (opened_at) where ended_at is null;

create table incident_people (
    incident  text        not null,
    place     integer     not null,
    principal text        not null,
    state     text        not null default 'waiting',
    case_id   text        not null default '',
    joined    boolean     not null default false,
    escalated boolean     not null default false,
    words     text        not null default '',
    tries     integer     not null default 0,
    taken_at  timestamptz,
    constraint incident_people_pk primary key (incident, place),
    constraint incident_people_once unique (incident, principal),
    constraint incident_people_incident_fk foreign key (incident) references incidents (id),
    constraint incident_people_principal_fk foreign key (principal) references principals (id),
    constraint incident_people_placed check (place > 0),
    constraint incident_people_state_known check (state in ('waiting', 'taken', 'given up')),
    constraint incident_people_taken_by_a_case check ((state = 'taken') = (case_id <> '') and (state = 'taken') = (taken_at is not null)),
    constraint incident_people_given_up_has_reason check (state <> 'given up' or words <> '')
);
comment on table incident_people is 'The principals of an incident, and the case that took each. Who is waiting is tried until a case takes them or the incident gives up.';
comment on column incident_people.words is 'Why the last try did not lead to a case; empty once it did.';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
