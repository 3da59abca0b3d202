create table plans (
    case_id     text        not null,
    no          integer     not null,
    hash        text        not null,
    body        text        not null,
    connections text[]      not null,
    status      text        not null,
    needs_word  boolean     not null,
    guards      text[]      not null default '{}',
    made_at     timestamptz not null,
    decided_by  text        not null default '',
    decided_at  timestamptz,
    decided_why text        not null default '',
    constraint plans_pk primary key (case_id, no),
    constraint plans_case_fk foreign key (case_id) references cases (id),
    constraint plans_numbered check (no > 0),
    constraint plans_hash_given check (hash <> ''),
    constraint plans_status_known check (status in ('waiting', 'approved', 'denied', 'superseded', 'dry run')),
    constraint plans_decided_when_decided check (
        case status
            when 'waiting' then decided_at is null
            when 'dry run' then decided_at is null
            when 'approved' then decided_at is not null
            when 'denied' then decided_at is not null
            else true
        end),
    constraint plans_decided_by_somebody check ((decided_at is null) = (decided_by = ''))
);
comment on table plans is 'The plans of a case, newest last. The body is the exact text that the hash covers; who approves the hash approves that text.';
create index plans_by_hash on plans (case_id, hash);

create table steps (
    case_id       text        not null,
    plan_no       integer     not null,
    ordinal       integer     not null,
    account_id    bigint      not null,
    lane          integer     not null,
    action        text        not null,
    database      text        not null default '',
    object        text        not null default '',
    mode          text        not null default '',
    successor     text        not null default '',
    irreversible  text        not null default '',
    blocked       jsonb       not null default '[]',
    state         text        not null,
    attempts      integer     not null default 0,
    already       boolean     not null default false,
    words         text        not null default '',
    blockers      jsonb       not null default '[]',
    started_at    timestamptz,
    ended_at      timestamptz,
    undo_attempts integer     not null default 0,
    missing       jsonb       not null default '[]',
    undone_at     timestamptz,
    constraint steps_pk primary key (case_id, plan_no, ordinal),
    constraint steps_plan_fk foreign key (case_id, plan_no) references plans (case_id, no),
    constraint steps_account_fk foreign key (case_id, account_id) references case_accounts (case_id, id),
    constraint steps_numbered check (ordinal > 0),
    constraint steps_action_known check (action in ('contain', 'unlink', 'revoke', 'reassign', 'delete', 'confirm', 'restore')),
    constraint steps_mode_known check (mode in ('', 'lock', 'kill')),
    constraint steps_state_known check (state in ('pending', 'running', 'accepted', 'done', 'blocked', 'skipped', 'superseded', 'undone')),
    constraint steps_started_when_tried check ((started_at is null) = (attempts = 0)),
    constraint steps_running_was_tried check (state not in ('running', 'accepted') or attempts > 0),
    constraint steps_ended_when_over check (
        case
            when state in ('pending', 'running') then ended_at is null
            when state in ('accepted', 'done', 'skipped') then ended_at is not null
            else true
        end),
    constraint steps_undone_at_a_time check ((undone_at is null) = (state <> 'undone'))
);
comment on table steps is 'The steps of plans. Running means that an intent is in the audit trail and its result is not.';
create index steps_by_account on steps (account_id);

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
