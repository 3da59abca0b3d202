create table sweeps (
    id           bigint      not null generated always as identity,
    name         text        not null,
    rule         jsonb       not null,
    connections  text[]      not null default '{}',
    every        interval    not null default '0',
    cron         text        not null default '',
    mode         text        not null,
    notice       interval    not null,
    max_per_run  integer     not null,
    max_per_hour integer     not null,
    created_by   text        not null,
    created_at   timestamptz not null default now(),
    deleted_by   text        not null default '',
    deleted_at   timestamptz,
    constraint sweeps_pk primary key (id),
    constraint sweeps_given check (name <> '' and created_by <> ''),
    constraint sweeps_rule_is_one check (jsonb_typeof(rule) = 'object' and rule ? 'kind'),
    constraint sweeps_mode_known check (mode in ('report', 'enforce')),
    constraint sweeps_enforce_leavers_only check (mode = 'report' or rule ->> 'kind' = 'left'),
    constraint sweeps_one_rhythm check (every = '0' or cron = ''),
    constraint sweeps_limits check (notice >= '0' and max_per_run >= 0 and max_per_hour >= 0),
    constraint sweeps_deleted_by_somebody check ((deleted_at is null) = (deleted_by = ''))
);
comment on table sweeps is 'Rules by which whole systems are looked through for access that should not be there. A rule never changes: another one is another sweep.';
comment on column sweeps.connections is 'Those to look through; empty: all that the worker has.';
comment on column sweeps.notice is 'How long accounts stay contained before anything is removed, where the sweep enforces.';
comment on column sweeps.deleted_at is 'A deleted sweep runs no more. Its runs and findings stay.';
create unique index sweeps_name on sweeps (name) where deleted_at is null;

create table sweep_runs (
    sweep_id   bigint      not null,
    no         integer     not null,
    workflow   text        not null,
    started_at timestamptz not null default now(),
    ended_at   timestamptz,
    result     text        not null default '',
    words      text        not null default '',
    accounts   bigint      not null default 0,
    found      bigint      not null default 0,
    appeared   bigint      not null default 0,
    went       bigint      not null default 0,
    unseen     bigint      not null default 0,
    opened     integer     not null default 0,
    waiting    integer     not null default 0,
    waits_for  text        not null default '',
    constraint sweep_runs_pk primary key (sweep_id, no),
    constraint sweep_runs_once unique (sweep_id, workflow),
    constraint sweep_runs_sweep_fk foreign key (sweep_id) references sweeps (id),
    constraint sweep_runs_numbered check (no > 0 and workflow <> ''),
    constraint sweep_runs_result_known check (result in ('', 'complete', 'partial', 'failed', 'cancelled', 'lost')),
    constraint sweep_runs_ended_with_a_result check ((ended_at is null) = (result = '')),
    constraint sweep_runs_counted check (accounts >= 0 and found >= 0 and appeared >= 0 and went >= 0 and unseen >= 0 and opened >= 0 and waiting >= 0)
);
comment on table sweep_runs is 'The runs of sweeps, numbered from 1 for each.';
comment on column sweep_runs.workflow is 'The run id of the workflow that began it, so that a repeated beginning is one run.';
comment on column sweep_runs.result is 'complete: every connection was listed; partial: some were; failed: none was; cancelled; lost: its workflow was gone when the next run began.';
comment on column sweep_runs.waiting is 'Principals for whom a case would be opened, and was not yet; waits_for says why.';

create table sweep_lanes (
    sweep_id   bigint      not null,
    run        integer     not null,
    connection text        not null,
    state      text        not null default 'pending',
    why        text        not null default '',
    accounts   bigint      not null default 0,
    spared     bigint      not null default 0,
    ended_at   timestamptz,
    constraint sweep_lanes_pk primary key (sweep_id, run, connection),
    constraint sweep_lanes_run_fk foreign key (sweep_id, run) references sweep_runs (sweep_id, no),
    constraint sweep_lanes_state_known check (state in ('pending', 'listed', 'unknown')),
    constraint sweep_lanes_unknown_has_reason check (state <> 'unknown' or why <> ''),
    constraint sweep_lanes_ended_at_a_time check ((state = 'pending') = (ended_at is null)),
    constraint sweep_lanes_counted check (accounts >= 0 and spared >= 0)
);
comment on table sweep_lanes is 'The connections of a run, and whether each was listed to its end.';
comment on column sweep_lanes.spared is 'Protected accounts: the rule passed them over.';

create table sweep_looks (
    sweep_id   bigint  not null,
    run        integer not null,
    connection text    not null,
    ordinal    integer not null,
    resource   text    not null,
    account    text    not null,
    host       text    not null default '',
    foreign_id text    not null default '',
    owners     text[]  not null default '{}',
    constraint sweep_looks_pk primary key (sweep_id, run, connection, ordinal),
    constraint sweep_looks_lane_fk foreign key (sweep_id, run, connection) references sweep_lanes (sweep_id, run, connection)
);
comment on table sweep_looks is 'Accounts that a run has still to look at one by one. They go when their connection is done.';

create table findings (
    id         bigint      not null generated always as identity,
    sweep_id   bigint      not null,
    key        text        not null,
    kind       text        not null,
    connection text        not null,
    resource   text        not null default '',
    account    text        not null default '',
    host       text        not null default '',
    foreign_id text        not null default '',
    principal  text        not null default '',
    object     text        not null default '',
    words      text        not null,
    evidence   jsonb       not null default '{}',
    first_run  integer     not null,
    last_run   integer     not null,
    gone_run   integer,
    first_at   timestamptz not null default now(),
    last_at    timestamptz not null default now(),
    constraint findings_pk primary key (id),
    constraint findings_sweep_fk foreign key (sweep_id) references sweeps (id),
    constraint findings_kind_known check (kind in ('left', 'unissued', 'unused', 'beyond', 'orphan', 'bloat', 'unknown')),
    constraint findings_given check (key <> '' and connection <> '' and words <> ''),
    constraint findings_evidence_named check (jsonb_typeof(evidence) = 'object'),
    constraint findings_in_order check (first_run <= last_run and (gone_run is null or gone_run > last_run))
);
comment on table findings is 'What sweeps found: one row from the run that saw it first to the run that saw it gone. What a run could not look at stays as it was.';
comment on column findings.key is 'Of the thing itself, so that the next run knows it again.';
comment on column findings.principal is 'Whose account it is, or was, if that is known. No reference: a finding outlives what it is about.';
create unique index findings_there on findings (sweep_id, key) where gone_run is null;
create index findings_by_lane on findings (sweep_id, connection) where gone_run is null;
create index findings_gone on findings (sweep_id, gone_run) where gone_run is not null;

create table sweep_cases (
    sweep_id  bigint      not null,
    principal text        not null,
    case_id   text        not null,
    run       integer     not null,
    opened_at timestamptz not null default now(),
    constraint sweep_cases_pk primary key (sweep_id, case_id),
    constraint sweep_cases_run_fk foreign key (sweep_id, run) references sweep_runs (sweep_id, no),
    constraint sweep_cases_case_given check (case_id <> '' and principal <> '')
);
comment on table sweep_cases is 'The cases that sweeps asked for. It is written before the case is opened, so that a limit counts what may have been opened, too.';
create index sweep_cases_by_time on sweep_cases (sweep_id, opened_at);

-- A page of accounts is asked about by their names.
create index ties_by_account on ties (connection, account);

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
