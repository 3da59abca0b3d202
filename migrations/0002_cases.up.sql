create table commands (
    key         text        not null,
    case_id     text        not null,
    principal   text        not null,
    received_at timestamptz not null default now(),
    constraint commands_pk primary key (key),
    constraint commands_principal_fk foreign key (principal) references principals (id),
    constraint commands_given check (key <> '' and case_id <> '')
);
comment on table commands is 'Idempotency keys of callers: the first command with a key decides which case it means. The case may be written later than its command.';

create table cases (
    id             text        not null,
    principal      text        not null,
    reason         text        not null,
    requester      text        not null,
    ticket         text        not null default '',
    policy         jsonb       not null,
    successors     jsonb       not null default '{}',
    effective_at   timestamptz,
    status         text        not null,
    phase          text        not null default '',
    opened_at      timestamptz not null,
    contained_at   timestamptz,
    proven_at      timestamptz,
    second_look_at timestamptz,
    closed_at      timestamptz,
    constraint cases_pk primary key (id),
    constraint cases_principal_fk foreign key (principal) references principals (id),
    constraint cases_id_given check (id <> ''),
    constraint cases_reason_known check (reason in ('hr', 'incident', 'sweep')),
    constraint cases_status_known check (status in ('open', 'clean', 'closed_with_exceptions', 'cancelled', 'reinstated', 'dry_run')),
    constraint cases_closed_when_final check ((closed_at is null) = (status = 'open')),
    constraint cases_second_look_after_proof check (second_look_at is null or proven_at is not null),
    constraint cases_successors_named check (jsonb_typeof(successors) = 'object')
);
comment on table cases is 'One offboarding of one principal. A principal has at most one open case.';
create unique index cases_one_open_per_principal on cases (principal) where status = 'open';
create index cases_by_time on cases (opened_at desc, id desc);
create index cases_by_principal on cases (principal, opened_at desc);

create table case_connections (
    case_id       text        not null,
    connection    text        not null,
    kind          text        not null default '',
    state         text        not null,
    why           text        not null default '',
    next_try_at   timestamptz,
    attempts      integer     not null default 0,
    listed        integer     not null default 0,
    accounts      integer     not null default 0,
    grants        integer     not null default 0,
    discovered_at timestamptz,
    constraint case_connections_pk primary key (case_id, connection),
    constraint case_connections_case_fk foreign key (case_id) references cases (id),
    constraint case_connections_state_known check (state in ('waiting', 'asking', 'unknown', 'discovered', 'waived')),
    constraint case_connections_discovered_at_a_time check (state <> 'discovered' or discovered_at is not null),
    constraint case_connections_unknown_has_reason check (state <> 'unknown' or why <> '')
);
comment on table case_connections is 'How each connection stands within a case. One that could not be asked is unknown and keeps the case open.';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
