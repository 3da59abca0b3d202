-- How many messages wait for a person is asked with every look at the metrics.
create index deliveries_refused on deliveries (id) where state = 'refused';

-- Applied and noted as applied at once, so that a crash leaves no doubt.
update schema_migrations set dirty = false;
