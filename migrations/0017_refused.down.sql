drop index deliveries_refused;
