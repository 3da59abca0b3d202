alter table notices alter column case_id drop not null;
comment on column notices.case_id is 'The case that it tells of; none where what happened belongs to no case: a roster or a message of another system that was refused.';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
