create table scim_users (
    id          text        not null,
    principal   text        not null,
    external_id text        not null default '',
    user_name   text        not null,
    user_key    text        not null,
    emails      text[]      not null default '{}',
    active      boolean     not null,
    document    jsonb       not null,
    version     bigint      not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    deleted_at  timestamptz,
    constraint scim_users_pk primary key (id),
    constraint scim_users_principal_fk foreign key (principal) references principals (id),
    constraint scim_users_given check (id <> '' and user_name <> '' and user_key <> ''),
    constraint scim_users_document_named check (jsonb_typeof(document) = 'object'),
    constraint scim_users_numbered check (version > 0),
    constraint scim_users_deleted_is_not_active check (deleted_at is null or not active)
);
comment on table scim_users is 'Users as a directory provisions them over SCIM. A user belongs to one principal for ever; deleting it leaves the principal and its history.';
comment on column scim_users.external_id is 'The id that the directory itself gave. What the principal is called was decided when the user was made; a later change of this leads nowhere else.';
comment on column scim_users.user_key is 'The user name in lower case: SCIM compares user names without regard to case.';
comment on column scim_users.emails is 'The addresses in lower case, to be found by.';
comment on column scim_users.document is 'What the directory said of the user, as far as it is kept.';
comment on column scim_users.version is 'Counts the changes. A change that ended an access is told by its number, so that it is told once.';
create unique index scim_users_one_per_principal on scim_users (principal) where deleted_at is null;
create unique index scim_users_one_per_name on scim_users (user_key) where deleted_at is null;
create unique index scim_users_one_per_external_id on scim_users (external_id) where deleted_at is null and external_id <> '';
create index scim_users_in_order on scim_users (created_at, id) where deleted_at is null;
create index scim_users_by_email on scim_users using gin (emails) where deleted_at is null;

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
