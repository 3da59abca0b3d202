alter table steps drop column tried_at, drop column returned, drop column moved;
