drop table http_requests;
drop table tokens;
