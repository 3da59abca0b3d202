drop index ties_by_account;
drop table sweep_cases;
drop table findings;
drop table sweep_looks;
drop table sweep_lanes;
drop table sweep_runs;
drop table sweeps;
