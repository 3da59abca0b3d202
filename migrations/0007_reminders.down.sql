alter table tasks drop column reminders, drop column reminded_at;
