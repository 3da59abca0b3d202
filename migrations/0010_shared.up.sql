alter table steps drop constraint steps_action_known;
alter table steps add constraint steps_action_known
    check (action in ('contain', 'rotate', 'unlink', 'revoke', 'reassign', 'delete', 'confirm', 'restore'));

create table shared_secrets (
    principal   text        not null,
    name        text        not null,
    owner       text        not null,
    how         text        not null default '',
    imported_by text        not null,
    imported_at timestamptz not null default now(),
    constraint shared_secrets_pk primary key (principal, name),
    constraint shared_secrets_principal_fk foreign key (principal) references principals (id),
    constraint shared_secrets_given check (name <> '' and owner <> '' and imported_by <> '')
);
comment on table shared_secrets is 'Secrets that a principal could know and that outlive her accounts, by name. Never their values.';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
