create table proofs (
    id         bigint      not null generated always as identity,
    case_id    text        not null,
    account_id bigint      not null,
    look       integer     not null,
    asked      text        not null,
    answered   text        not null,
    gone       boolean     not null,
    at         timestamptz not null,
    constraint proofs_pk primary key (id),
    constraint proofs_account_fk foreign key (case_id, account_id) references case_accounts (case_id, id),
    constraint proofs_once unique (account_id, look, at)
);
comment on table proofs is 'What the systems themselves answered when they were asked, by a fresh connection, whether an account is gone.';
create index proofs_by_case on proofs (case_id);

create table tasks (
    id         bigint      not null generated always as identity,
    case_id    text        not null,
    key        text        not null,
    connection text        not null default '',
    subject    text        not null,
    words      text        not null default '',
    next       text        not null default '',
    owner      text        not null default '',
    due        timestamptz,
    opened_at  timestamptz not null,
    closed_at  timestamptz,
    closed_by  text        not null default '',
    closed_why text        not null default '',
    constraint tasks_pk primary key (id),
    constraint tasks_case_fk foreign key (case_id) references cases (id),
    constraint tasks_once unique (case_id, key),
    constraint tasks_closed_by_somebody check ((closed_at is null) = (closed_by = ''))
);
comment on table tasks is 'What only a person can do. A subject has one task, however often it is reported.';
create index tasks_open on tasks (due, id) where closed_at is null;

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
