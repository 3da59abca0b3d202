create table tokens (
    id           text        not null,
    name         text        not null,
    hash         bytea       not null,
    roles        text[]      not null,
    created_by   text        not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null,
    revoked_at   timestamptz,
    revoked_by   text,
    last_used_at timestamptz,
    constraint tokens_pk primary key (id),
    constraint tokens_hash_unique unique (hash),
    constraint tokens_hash_is_sha256 check (octet_length(hash) = 32),
    constraint tokens_given check (id <> '' and name <> '' and created_by <> ''),
    constraint tokens_roles_known check (cardinality(roles) > 0 and roles <@ array['requester', 'approver', 'operator', 'auditor']),
    constraint tokens_expire_later check (expires_at > created_at),
    constraint tokens_revoked_by_somebody check ((revoked_at is null) = (revoked_by is null))
);
comment on table tokens is 'Who may use the HTTP interface, as whom, and for what. The token itself is nowhere: only its SHA-256.';
comment on column tokens.name is 'Who acts, as --as and the roles name them. One person may have several tokens.';
comment on column tokens.last_used_at is 'To the hour, so that reading does not write.';

create table http_requests (
    actor       text        not null,
    key         text        not null,
    fingerprint bytea       not null,
    status      integer,
    answer      bytea,
    at          timestamptz not null default now(),
    constraint http_requests_pk primary key (actor, key),
    constraint http_requests_fingerprint_is_sha256 check (octet_length(fingerprint) = 32),
    constraint http_requests_answered check ((status is null) = (answer is null))
);
create index http_requests_by_time on http_requests (at);
comment on table http_requests is 'Requests with an Idempotency-Key, and what was answered: asked again within a day, the same is answered again.';
comment on column http_requests.fingerprint is 'The SHA-256 of method, path and body.';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
