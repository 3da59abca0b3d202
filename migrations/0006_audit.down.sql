drop table checkpoint_heads;
drop table checkpoints;
drop table audit_heads;
drop table audit_events;
drop function audit_append_only();
