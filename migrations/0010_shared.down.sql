drop table shared_secrets;
delete from steps where action = 'rotate';
alter table steps drop constraint steps_action_known;
alter table steps add constraint steps_action_known
    check (action in ('contain', 'unlink', 'revoke', 'reassign', 'delete', 'confirm', 'restore'));
