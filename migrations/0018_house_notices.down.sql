delete from notices where case_id is null;
alter table notices alter column case_id set not null;
comment on column notices.case_id is null;
