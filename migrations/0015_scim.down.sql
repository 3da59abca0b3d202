drop table scim_users;
