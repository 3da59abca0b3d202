drop table steps;
drop table plans;
