alter table tasks
    add column reminders   integer not null default 0,
    add column reminded_at timestamptz,
    add constraint tasks_reminded_at_a_time check ((reminded_at is null) = (reminders = 0));
comment on column tasks.reminders is 'How often the owner was reminded since the task became overdue.';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
