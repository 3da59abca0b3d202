-- Every column of audit_events, checkpoints and checkpoint_heads is covered by a
-- hash. A column that is added without being hashed could be changed unseen.
create table audit_events (
    chain      text        not null,
    seq        bigint      not null,
    key        text        not null,
    at         timestamptz not null,
    kind       text        not null,
    actor      text        not null,
    object     text        not null,
    attempt    integer     not null,
    outcome    text        not null,
    words      text        not null,
    request_id text        not null,
    data       jsonb       not null,
    prev       text        not null,
    hash       text        not null,
    constraint audit_events_pk primary key (chain, seq),
    constraint audit_events_key_once unique (chain, key),
    constraint audit_events_numbered check (seq > 0),
    constraint audit_events_first_has_no_predecessor check ((seq = 1) = (prev = repeat('0', 64))),
    constraint audit_events_prev_is_a_hash check (prev ~ '^[0-9a-f]{64}$'),
    constraint audit_events_hash_is_a_hash check (hash ~ '^[0-9a-f]{64}$'),
    constraint audit_events_data_is_an_object check (jsonb_typeof(data) = 'object')
);
comment on table audit_events is 'The audit trail, append-only: a chain for each case and one for the house. Each row carries the hash of its content and of the row before it.';

create table audit_heads (
    chain text   not null,
    seq   bigint not null,
    hash  text   not null,
    constraint audit_heads_pk primary key (chain),
    constraint audit_heads_hash_is_a_hash check (hash ~ '^[0-9a-f]{64}$')
);
comment on table audit_heads is 'The last row of each chain. Locking a head is how writers of one chain take turns.';

create table checkpoints (
    no        bigint      not null,
    at        timestamptz not null,
    prev      text        not null,
    key_id    text        not null,
    hash      text        not null,
    signature text        not null,
    constraint checkpoints_pk primary key (no),
    constraint checkpoints_numbered check (no > 0)
);
comment on table checkpoints is 'Signed statements of where the chains stood, append-only. They are kept outside this database too.';

create table checkpoint_heads (
    no    bigint not null,
    chain text   not null,
    seq   bigint not null,
    hash  text   not null,
    constraint checkpoint_heads_pk primary key (no, chain),
    constraint checkpoint_heads_checkpoint_fk foreign key (no) references checkpoints (no)
);
comment on table checkpoint_heads is 'The chains that grew since the checkpoint before, append-only.';
create index checkpoint_heads_latest on checkpoint_heads (chain, no desc);

create function audit_append_only() returns trigger
    language plpgsql set search_path = pg_catalog as $$
begin
    raise exception '% is append-only: % refused', tg_table_name, tg_op
        using errcode = 'restrict_violation',
              hint = 'A wrong entry is corrected by another entry that says so.';
end $$;
revoke all on function audit_append_only() from public;
comment on function audit_append_only() is 'Refuses every change to what was written, also by the owner of the table.';

create trigger audit_events_append_only before update or delete or truncate on audit_events
    for each statement execute function audit_append_only();
create trigger checkpoints_append_only before update or delete or truncate on checkpoints
    for each statement execute function audit_append_only();
create trigger checkpoint_heads_append_only before update or delete or truncate on checkpoint_heads
    for each statement execute function audit_append_only();
create trigger audit_heads_kept before delete or truncate on audit_heads
    for each statement execute function audit_append_only();
alter table audit_events enable always trigger audit_events_append_only;
alter table checkpoints enable always trigger checkpoints_append_only;
alter table checkpoint_heads enable always trigger checkpoint_heads_append_only;
alter table audit_heads enable always trigger audit_heads_kept;

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
