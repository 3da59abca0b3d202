create table principals (
    id         text        not null,
    login      text        not null default '',
    name       text        not null default '',
    email      text        not null default '',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint principals_pk primary key (id),
    constraint principals_id_given check (id <> '')
);
comment on table principals is 'People and workloads whose access may end. The id is for ever: an employee number or directory object id.';

create table identities (
    principal   text        not null,
    connection  text        not null,
    account     text        not null,
    host        text        not null default '',
    evidence    text        not null,
    source      text        not null default '',
    imported_by text        not null default '',
    imported_at timestamptz not null default now(),
    constraint identities_pk primary key (principal, connection, account, host),
    constraint identities_principal_fk foreign key (principal) references principals (id),
    constraint identities_names_given check (connection <> '' and account <> ''),
    constraint identities_evidence_known check (evidence in ('confirmed', 'imported', 'by-rule'))
);
comment on table identities is 'Which account names at a connection belong to a principal, and how that is known.';
create index identities_by_account on identities (connection, account);

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
