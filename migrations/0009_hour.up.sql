-- What was begun, or approved, within the last hour is counted for every plan.
create index steps_by_start on steps (started_at) where started_at is not null;
create index plans_by_decision on plans (decided_at) where status = 'approved';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
