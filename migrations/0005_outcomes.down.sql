drop table tasks;
drop table proofs;
