create table deliveries (
    id          bigint      not null generated always as identity,
    kind        text        not null,
    source      text        not null,
    message_id  text        not null,
    sha256      text        not null,
    asks        jsonb       not null,
    act         text        not null,
    principal   text        not null default '',
    urgent      boolean     not null default false,
    state       text        not null default 'waiting',
    attempts    integer     not null default 0,
    repeats     integer     not null default 0,
    retries     integer     not null default 0,
    next_try_at timestamptz,
    case_id     text        not null default '',
    words       text        not null default '',
    received_at timestamptz not null,
    ended_at    timestamptz,
    constraint deliveries_pk primary key (id),
    constraint deliveries_once unique (kind, source, message_id),
    constraint deliveries_kind_known check (kind in ('webhook', 'set', 'scim', 'roster')),
    constraint deliveries_act_known check (act in ('offboard', 'hold', 'none')),
    constraint deliveries_state_known check (state in ('waiting', 'done', 'refused', 'dropped')),
    constraint deliveries_given check (source <> '' and message_id <> '' and sha256 ~ '^[0-9a-f]{64}$'),
    constraint deliveries_asks_is_an_object check (jsonb_typeof(asks) = 'object'),
    constraint deliveries_counted check (attempts >= 0 and repeats >= 0 and retries >= 0),
    constraint deliveries_waiting_has_a_next_try check ((state = 'waiting') = (next_try_at is not null)),
    constraint deliveries_ended_at_a_time check ((state = 'waiting') = (ended_at is null)),
    constraint deliveries_refused_with_words check (state <> 'refused' or words <> '')
);
comment on table deliveries is 'What other systems sent and was taken: stored before it was acknowledged, once for each message. It says what was understood, never what was sent.';
comment on column deliveries.sha256 is 'Of what was sent. The same message again is the same; another one under its id is refused.';
comment on column deliveries.asks is 'What is asked for, as the mapping of the source understood it: the principal or how to find her, the reason, the date, the ticket.';
comment on column deliveries.principal is 'Who it is about, once that is known. Not a reference: she may not be on record.';
comment on column deliveries.next_try_at is 'When somebody may take it up. Who takes it up moves it ahead, so that it is tried again if they die of it.';
comment on column deliveries.case_id is 'The case that was opened or joined. Not a reference: a worker writes the case after it was asked for.';
create index deliveries_waiting on deliveries (urgent desc, next_try_at) where state = 'waiting';
create index deliveries_by_principal on deliveries (principal) where principal <> '';

create table doubts (
    id          bigint      not null generated always as identity,
    principal   text        not null,
    identifier  text        not null default '',
    words       text        not null,
    delivery_id bigint      not null,
    raised_at   timestamptz not null,
    settled_at  timestamptz,
    settled_by  text        not null default '',
    settled_why text        not null default '',
    constraint doubts_pk primary key (id),
    constraint doubts_once unique (delivery_id),
    constraint doubts_delivery_fk foreign key (delivery_id) references deliveries (id),
    constraint doubts_given check (principal <> '' and words <> ''),
    constraint doubts_settled_by_somebody check ((settled_at is null) = (settled_by = ''))
);
comment on table doubts is 'Principals whose links are not to be trusted until a person says so: a case that begins meanwhile is held before it removes anything.';
comment on column doubts.identifier is 'What the sender says belongs to somebody else now: email/ada@example.com. Nobody is found by it while the doubt stands.';
create index doubts_open on doubts (principal) where settled_at is null;

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
