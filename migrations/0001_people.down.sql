drop table identities;
drop table principals;
