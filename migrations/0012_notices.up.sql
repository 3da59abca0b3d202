create table notices (
    no           bigint      not null generated always as identity,
    destination  text        not null,
    message      text        not null,
    kind         text        not null,
    case_id      text        not null,
    body         json        not null,
    state        text        not null default 'waiting',
    attempts     integer     not null default 0,
    answer       text        not null default '',
    created_at   timestamptz not null default clock_timestamp(),
    since        timestamptz not null default clock_timestamp(),
    next_at      timestamptz not null default clock_timestamp(),
    delivered_at timestamptz,
    failed_at    timestamptz,
    constraint notices_pk primary key (no),
    constraint notices_once unique (destination, message),
    constraint notices_case_fk foreign key (case_id) references cases (id),
    constraint notices_given check (destination <> '' and message <> '' and kind <> ''),
    constraint notices_state_known check (state in ('waiting', 'delivered', 'failed')),
    constraint notices_delivered_at_a_time check ((delivered_at is null) = (state <> 'delivered')),
    constraint notices_failed_at_a_time check ((failed_at is null) = (state <> 'failed')),
    constraint notices_delivered_by_an_attempt check (state <> 'delivered' or attempts > 0)
);
comment on table notices is 'What people outside are told, one row for each destination, written with what it tells of. A row that waits is tried until it is delivered, or until nobody believes in it any more and it is a task.';
comment on column notices.message is 'The same for every destination and every attempt: a receiver can tell that it has it already.';
comment on column notices.body is 'The message as it is sent, byte by byte.';
comment on column notices.answer is 'What the other side said at the last attempt.';
comment on column notices.since is 'Since when it is tried. A person who says that it shall be tried again begins anew.';
comment on column notices.next_at is 'Nobody tries before. Who tries moves it first, so that one dispatcher at a time has the row; one that dies gives it back by not moving it again.';
create index notices_waiting on notices (destination, no) where state = 'waiting';
create index notices_failed on notices (destination, no) where state = 'failed';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
