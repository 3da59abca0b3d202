drop table case_connections;
drop table cases;
drop table commands;
