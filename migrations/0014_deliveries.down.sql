drop table doubts;
drop table deliveries;
