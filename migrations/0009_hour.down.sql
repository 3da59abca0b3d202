drop index plans_by_decision;
drop index steps_by_start;
