alter table principals
    add column attributes  jsonb       not null default '{}',
    add column standing    text        not null default '',
    add column left_at     timestamptz,
    add column returned_at timestamptz,
    add column roster_at   timestamptz,
    add constraint principals_attributes_named check (jsonb_typeof(attributes) = 'object'),
    add constraint principals_standing_known check (standing in ('', 'active', 'left')),
    add constraint principals_left_at_a_time check (standing <> 'left' or left_at is not null),
    add constraint principals_standing_of_a_roster check ((standing = '') = (roster_at is null));
comment on column principals.attributes is 'What the roster says beside name and login; naming rules read it. What is not there is not known.';
comment on column principals.standing is 'What the last roster said: active, or left, which is also who was missing from it. Empty: no roster has spoken of this principal yet.';
comment on column principals.left_at is 'When a roster first said that the principal had left, the last time that it did. It stays when the principal returns.';
comment on column principals.returned_at is 'When a roster had the principal again after another had not.';
comment on column principals.roster_at is 'The last roster that was accepted since the principal came to be on one.';

create table rosters (
    id          bigint      not null generated always as identity,
    source      text        not null,
    sha256      text        not null,
    active      integer     not null,
    left_count  integer     not null,
    imported_by text        not null,
    imported_at timestamptz not null default now(),
    constraint rosters_pk primary key (id),
    constraint rosters_not_empty check (active > 0),
    constraint rosters_counted check (left_count >= 0),
    constraint rosters_given check (source <> '' and sha256 <> '' and imported_by <> '')
);
comment on table rosters is 'The rosters that were accepted. The next one is compared with the last: one that shrank too much is refused.';

create table ties (
    principal  text        not null,
    connection text        not null,
    resource   text        not null default '',
    account    text        not null,
    host       text        not null default '',
    foreign_id text        not null,
    tied_by    text        not null,
    tied_at    timestamptz not null default now(),
    constraint ties_pk primary key (principal, connection, resource, account, host),
    constraint ties_principal_fk foreign key (principal) references principals (id),
    constraint ties_given check (connection <> '' and account <> '' and foreign_id <> '' and tied_by <> '')
);
comment on table ties is 'The account, by the id that the system itself gave it, that a link of a principal was last seen to lead to. An account of the same name with another id was made since.';

create table questions (
    id          bigint      not null generated always as identity,
    principal   text        not null,
    connection  text        not null,
    resource    text        not null default '',
    account     text        not null default '',
    host        text        not null default '',
    foreign_id  text        not null default '',
    rule        text        not null default '',
    kind        text        not null,
    words       text        not null,
    case_id     text        not null,
    asked_at    timestamptz not null default now(),
    decision    text        not null default '',
    decided_by  text        not null default '',
    decided_why text        not null default '',
    decided_at  timestamptz,
    constraint questions_pk primary key (id),
    constraint questions_once unique (principal, connection, resource, account, host, foreign_id, rule),
    constraint questions_principal_fk foreign key (principal) references principals (id),
    constraint questions_case_fk foreign key (case_id) references cases (id),
    constraint questions_about_something check (connection <> '' and (account <> '' or rule <> '')),
    constraint questions_kind_given check (kind <> '' and words <> ''),
    constraint questions_decision_known check (decision in ('', 'confirmed', 'rejected', 'withdrawn')),
    constraint questions_decided_at_a_time check ((decision = '') = (decided_at is null)),
    constraint questions_decided_by_somebody check ((decision = '') = (decided_by = ''))
);
comment on table questions is 'Links between a principal and an account that are not certain, for a person to confirm or to reject. A question whose cause went away is withdrawn, and may be asked again.';
comment on column questions.rule is 'The naming rule that could not be applied, of a question about no account in particular; empty otherwise.';
comment on column questions.case_id is 'The case that asked first.';
create index questions_open on questions (principal, connection) where decision = '';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
