alter table steps add column tried_at timestamptz;
comment on column steps.tried_at is 'When the last attempt began. What it sent may take effect for some time after that, whatever became of its answer.';
update steps set tried_at = coalesce(ended_at, started_at) where attempts > 0;

alter table steps add column returned text not null default '';
comment on column steps.returned is 'How giving back what it took ended, while something that was sent before may still take it again: restored, or already where it was never gone.';
alter table steps add column moved boolean not null default false;
comment on column steps.moved is 'It ended because the name belongs to another account than the one that was planned.';
update steps set moved = true
where state in ('blocked', 'skipped') and words like '%an account of this name exists, but it is not the one that was planned%';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
