drop table case_grants;
drop table case_accounts;
drop function case_accounts_keep_before();
