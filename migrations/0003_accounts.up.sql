create table case_accounts (
    id          bigint      not null generated always as identity,
    case_id     text        not null,
    connection  text        not null,
    resource    text        not null default '',
    name        text        not null,
    host        text        not null default '',
    foreign_id  text        not null default '',
    evidence    text        not null,
    engine      text        not null default '',
    before      jsonb,
    now         jsonb       not null,
    account_exists boolean not null,
    gaps        jsonb       not null default '[]',
    shared_with text[]      not null default '{}',
    outcome     text        not null default '',
    why         text        not null default '',
    seen_at     timestamptz not null,
    proven_at   timestamptz,
    constraint case_accounts_pk primary key (id),
    constraint case_accounts_once unique (case_id, connection, resource, name, host, foreign_id),
    constraint case_accounts_of_case unique (case_id, id),
    constraint case_accounts_connection_fk foreign key (case_id, connection) references case_connections (case_id, connection),
    constraint case_accounts_name_given check (name <> ''),
    constraint case_accounts_evidence_known check (evidence in ('confirmed', 'imported', 'by-rule')),
    constraint case_accounts_outcome_known check (outcome in
        ('', 'removed', 'already_gone', 'contained', 'blocked', 'unknown', 'protected', 'unsupported', 'waived', 'reinstated')),
    constraint case_accounts_recorded_when_seen check (not account_exists or before is not null),
    constraint case_accounts_gaps_listed check (jsonb_typeof(gaps) = 'array')
);
comment on table case_accounts is 'The accounts that a case found. An account that was deleted and made again is another row.';
comment on column case_accounts.before is 'The account as it was first seen, with what the provider needs to give it back. Written once, when it was first seen to exist; a trigger keeps it.';
comment on column case_accounts.now is 'The account as it was last seen, without its grants, which are rows of case_grants.';

create function case_accounts_keep_before() returns trigger
    language plpgsql set search_path = pg_catalog as $$
begin
    raise exception 'case_accounts: the record of account % as it was first seen never changes', old.id
        using errcode = 'restrict_violation';
end $$;
revoke all on function case_accounts_keep_before() from public;
comment on function case_accounts_keep_before() is 'Refuses to change what Restore will give back.';

create trigger case_accounts_keep_before
    before update on case_accounts for each row
    when (old.before is not null and new.before is distinct from old.before)
    execute function case_accounts_keep_before();
alter table case_accounts enable always trigger case_accounts_keep_before;

create table case_grants (
    account_id bigint  not null,
    ordinal    integer not null,
    kind       text    not null,
    database   text    not null default '',
    object     text    not null default '',
    privilege  text    not null default '',
    extent     text    not null,
    ended_by   text    not null default '',
    constraint case_grants_pk primary key (account_id, ordinal),
    constraint case_grants_account_fk foreign key (account_id) references case_accounts (id),
    constraint case_grants_kind_given check (kind <> ''),
    constraint case_grants_extent_known check (extent in ('database', 'cluster-wide', 'unknown'))
);
comment on table case_grants is 'What the accounts of cases reach, as last seen.';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
