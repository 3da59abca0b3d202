drop table incident_people;
drop table incidents;
