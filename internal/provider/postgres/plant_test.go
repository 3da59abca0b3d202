package postgres_test

import "strings"

// plant gives {ada} one of everything that a role can have, in two databases.
func plant(w *world) {
	w.Helper()
	w.sql("postgres",
		`create role {bob}`, `create role {carol}`, `create role {dan}`, `create role {reporting}`, `create role {top}`, `create role "{we ird; drop"" x}"`,
		`alter role {ada} set work_mem = '8MB'`, `alter role {ada} set search_path = '$user', 'a"b,c', public`,
		`comment on role {ada} is 'it''s \ her'`, `alter role {ada} valid until '2040-01-01' connection limit 3 createdb`,
		`grant {reporting} to {ada} with admin option`, `grant {top} to {reporting}`, `grant "{we ird; drop"" x}" to {ada}`,
		`set role {ada}`, `grant {reporting} to {bob}`, `reset role`,
		`grant {ada} to {carol}`,
		`create database {shop} owner {ada}`, `create database {hr}`, `grant connect on database {hr} to {ada} with grant option`,
		`alter role {ada} in database {hr} set app.tenant = 'it''s \'`, `alter role {ada} noinherit`,
		`set role {ada}`, `grant connect on database {hr} to {bob}`, `reset role`)
	w.sql("{hr}",
		`alter default privileges for role {ada} grant select on tables to {bob}`,
		`alter default privileges for role {ada} revoke execute on functions from public`,
		`alter default privileges for role {ada} revoke usage on types from public`,
		`alter default privileges for role {ada} in schema public grant usage on sequences to {bob}, {carol} with grant option`,
		`alter default privileges for role {dan} grant insert on tables to {ada}`,
		`create schema s`, `create table s.t1(a serial, b int)`, `alter table s.t1 enable row level security`,
		`grant usage on schema s to {ada}, {carol}`,
		`grant select on s.t1 to {carol} with grant option`,
		`set role {carol}`, `grant select on s.t1 to {ada} with grant option`,
		`set role {ada}`, `grant select on s.t1 to {bob}`, `reset role`,
		`grant update(b), insert(a) on s.t1 to {ada}`, `grant delete on s.t1 to {ada} with grant option`,
		`grant usage on sequence s.t1_a_seq to {ada}`,
		`create policy p1 on s.t1 as restrictive for update to {ada} using (a > 1) with check (b > 2)`, `create policy p2 on s.t1 to {ada}, {bob}`,
		`create function f(int) returns int language sql as 'select 1'`, `grant execute on function f to {ada}`,
		`create procedure pr(int) language sql as 'select 1'`, `grant execute on procedure pr to {ada}`,
		`create aggregate ag(int) (sfunc = int4pl, stype = int, initcond = 0)`, `grant execute on function ag to {ada}`,
		`create type ty as (a int)`, `create domain dom as int`, `grant usage on type ty to {ada}`, `grant usage on domain dom to {ada}`,
		`create foreign data wrapper fd`, `create server sv foreign data wrapper fd`,
		`grant usage on foreign data wrapper fd to {ada}`, `grant usage on foreign server sv to {ada}`,
		`create user mapping for {ada} server sv`,
		`grant usage on language plpgsql to {ada}`,
		`select lo_create(4711)`, `grant select on large object 4711 to {ada}`,
		`create view v as select 1 as x`, `grant select on v to {ada}`,
		`create materialized view mv as select 1 as x`, `grant select(x) on mv to {ada}`,
		`create foreign table ft (x int) server sv`, `grant select on ft to {ada}`)
	w.sql("{shop}",
		`create table mine(id serial primary key, x int)`, `insert into mine(x) select generate_series(1, 10)`, `alter table mine owner to {ada}`,
		`create table parted(a int) partition by range (a)`, `create table parted1 partition of parted for values from (1) to (2)`,
		`alter table parted owner to {ada}`, `alter table parted1 owner to {ada}`,
		`create view mv as select * from mine`, `alter view mv owner to {ada}`,
		`create function g() returns int language sql security definer as 'select 1'`, `alter function g owner to {ada}`,
		`create aggregate ag(*) (sfunc = int8inc, stype = int8, initcond = 0)`, `alter aggregate ag(*) owner to {ada}`,
		`create type ty2 as enum ('a')`, `alter type ty2 owner to {ada}`, `create domain d2 as int`, `alter domain d2 owner to {ada}`,
		`create schema own authorization {ada}`, `select lo_create(99)`, `alter large object 99 owner to {ada}`,
		`create publication pu for table mine`, `alter publication pu owner to {ada}`,
		`create statistics st on id, x from mine`, `alter statistics st owner to {ada}`,
		`create operator === (leftarg = int, rightarg = int, procedure = int4eq)`, `alter operator === (int, int) owner to {ada}`,
		`create collation co (locale = 'C')`, `alter collation co owner to {ada}`,
		`create text search configuration tc (copy = english)`, `alter text search configuration tc owner to {ada}`,
		`create text search dictionary td (template = simple)`, `alter text search dictionary td owner to {ada}`,
		`create foreign data wrapper fd`, `create server sv foreign data wrapper fd`, `alter server sv owner to {ada}`,
		`create table hers(a int)`, `alter table hers owner to {ada}`, `set role {ada}`,
		`grant select on hers to {bob}`, `grant select on mine to {bob} with grant option`, `revoke insert on hers from {ada}`, `reset role`)
	if w.server.Major() >= 15 {
		w.sql("postgres", `grant set on parameter "{app}.x" to {ada}`)
	}
}

// everyWayIn is what Look has to say about what plant made.
func everyWayIn(major int) string {
	text := `
 | issued | grant of role {reporting} to {bob} | member, granted by {ada} | unlink
 | membership | member {carol} | member, granted by postgres | unlink
 | membership | role "{we ird; drop"" x}" | member, granted by postgres | unlink
 | membership | role {reporting} | member with admin option, granted by postgres | unlink
 | privilege | server | CREATEDB: new databases | delete
{hr} | default privilege | default acl for role {ada} in schema public on sequences | on what it will create: {bob}, {carol} | revoke
{hr} | default privilege | default acl for role {ada} on functions | on what it will create: {ada} | revoke
{hr} | default privilege | default acl for role {ada} on tables | on what it will create: {ada}, {bob} | revoke
{hr} | default privilege | default acl for role {ada} on types | on what it will create: {ada} | revoke
{hr} | default privilege | default acl for role {dan} on tables | INSERT | revoke
{hr} | issued | database {hr} | CONNECT to {bob} | revoke
{hr} | issued | table s.t1 | SELECT to {bob} | revoke
{hr} | privilege | aggregate public.ag(integer) | EXECUTE | revoke
{hr} | privilege | database {hr} | CONNECT with grant option | revoke
{hr} | privilege | foreign table public.ft | SELECT | revoke
{hr} | privilege | foreign-data wrapper fd | USAGE | revoke
{hr} | privilege | function public.f(integer) | EXECUTE | revoke
{hr} | privilege | language plpgsql | USAGE | revoke
{hr} | privilege | large object 4711 | SELECT | revoke
{hr} | privilege | materialized view column public.mv.x | SELECT | revoke
{hr} | privilege | policy p1 on s.t1 | named by a row security policy | revoke
{hr} | privilege | policy p2 on s.t1 | named by a row security policy | revoke
{hr} | privilege | procedure public.pr(integer) | EXECUTE | revoke
{hr} | privilege | schema s | USAGE | revoke
{hr} | privilege | sequence s.t1_a_seq | USAGE | revoke
{hr} | privilege | server sv | USAGE | revoke
{hr} | privilege | table column s.t1.a | INSERT | revoke
{hr} | privilege | table column s.t1.b | UPDATE | revoke
{hr} | privilege | table s.t1 | DELETE with grant option, SELECT with grant option | revoke
{hr} | privilege | type public.dom | USAGE | revoke
{hr} | privilege | type public.ty | USAGE | revoke
{hr} | privilege | user mapping {ada} on server sv | credentials for a foreign server; a cancel cannot give them back | revoke
{hr} | privilege | view public.v | SELECT | revoke
postgres | privilege | parameter ACL {app}.x | SET | revoke
{shop} | ownership | aggregate public.ag() | owner | reassign
{shop} | ownership | collation public.co | owner | reassign
{shop} | ownership | database {shop} | owner | reassign
{shop} | ownership | function public.g() | owner | reassign
{shop} | ownership | large object 99 | owner | reassign
{shop} | ownership | operator public.===(integer,integer) | owner | reassign
{shop} | ownership | publication pu | owner | reassign
{shop} | ownership | schema own | owner | reassign
{shop} | ownership | sequence public.mine_id_seq | owner | reassign
{shop} | ownership | server sv | owner | reassign
{shop} | ownership | statistics object public.st | owner | reassign
{shop} | ownership | table public.hers | owner | reassign
{shop} | ownership | table public.mine | owner | reassign
{shop} | ownership | table public.parted | owner | reassign
{shop} | ownership | table public.parted1 | owner | reassign
{shop} | ownership | text search configuration public.tc | owner | reassign
{shop} | ownership | text search dictionary public.td | owner | reassign
{shop} | ownership | type public.d2 | owner | reassign
{shop} | ownership | type public.ty2 | owner | reassign
{shop} | ownership | view public.mv | owner | reassign`
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case major < 16 && strings.Contains(line, "grant of role"):
		case major < 15 && strings.Contains(line, "parameter ACL"):
		default:
			out = append(out, line)
		}
	}
	return strings.TrimPrefix(strings.Join(out, "\n"), "\n")
}
