package postgres_test

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// state is all that the catalogs say about the roles of this test and about what is
// in some databases: who may what, who owns what. Two equal states are the same.
func (w *world) state(databases ...string) []string {
	w.Helper()
	out := w.query("postgres", serverState)
	for _, db := range databases {
		for _, line := range w.query(db, databaseState) {
			out = append(out, w.fill(db)+": "+line)
		}
	}
	if w.server.Major() >= 15 {
		out = append(out, w.query("postgres", `select 'parameter ' || parname || sorted.acl from pg_parameter_acl
			cross join lateral (select array_agg(x::text order by x::text)::text as acl from unnest(paracl) x) sorted where parname like '%{}%'`)...)
	}
	slices.Sort(out)
	return out
}

// same compares states and shows only where they differ.
func (w *world) same(before, after []string) {
	w.Helper()
	require.Empty(w, without(before, after...), "was there before")
	require.Empty(w, without(after, before...), "was not there before")
}

// without leaves out the lines with one of the words.
func without(state []string, words ...string) []string {
	return slices.DeleteFunc(slices.Clone(state), func(line string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(line, word) })
	})
}

const serverState = `
select concat_ws(' ', 'role', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
                 rolconnlimit, rolvaliduntil, shobj_description(oid, 'pg_authid'))
  from pg_roles where rolname like '%{}%'
union all
select concat_ws(' ', 'password', rolname, rolpassword) from pg_authid where rolname like '%{}%'
union all
select concat_ws(' ', 'setting', setrole::regrole, (select datname from pg_database where oid = setdatabase), setconfig)
  from pg_db_role_setting where setrole::regrole::text like '%{}%'
union all
select concat_ws(' ', 'membership', pg_get_userbyid(member), 'in', pg_get_userbyid(roleid), to_jsonb(m) - 'oid' - 'roleid' - 'member' - 'grantor',
                 'granted by ' || pg_get_userbyid(grantor))
  from pg_auth_members m where pg_get_userbyid(roleid) || pg_get_userbyid(member) like '%{}%'
union all
select concat_ws(' ', 'database', datname, datdba::regrole, (select array_agg(x::text order by x::text) from unnest(datacl) x))
  from pg_database where datname like '%{}%'`

const databaseState = `
with o (kind, id, owner, acl) as (
    select 'relation', oid::regclass::text, relowner, relacl from pg_class where oid >= 16384
    union all select 'column', attrelid::regclass || '.' || attname, 0, attacl from pg_attribute where attacl is not null and attrelid >= 16384
    union all select 'schema', nspname, nspowner, nspacl from pg_namespace
    union all select 'routine', oid::regprocedure::text, proowner, proacl from pg_proc where oid >= 16384
    union all select 'type', oid::regtype::text, typowner, typacl from pg_type where oid >= 16384
    union all select 'language', lanname, lanowner, lanacl from pg_language
    union all select 'large object', oid::text, lomowner, lomacl from pg_largeobject_metadata
    union all select 'wrapper', fdwname, fdwowner, fdwacl from pg_foreign_data_wrapper
    union all select 'server', srvname, srvowner, srvacl from pg_foreign_server
    union all select 'defaults', defaclnamespace::regnamespace || ' ' || defaclobjtype::text, defaclrole, defaclacl from pg_default_acl
    union all select 'user mapping', srvname || coalesce(umoptions::text, ''), umuser, null from pg_user_mappings
    union all select 'operator', oid::regoperator::text, oprowner, null from pg_operator where oid >= 16384
    union all select 'collation', collname, collowner, null from pg_collation where oid >= 16384
    union all select 'configuration', cfgname, cfgowner, null from pg_ts_config where oid >= 16384
    union all select 'dictionary', dictname, dictowner, null from pg_ts_dict where oid >= 16384
    union all select 'statistics', stxname, stxowner, null from pg_statistic_ext where oid >= 16384
    union all select 'publication', pubname, pubowner, null from pg_publication
    union all select 'policy', concat_ws(' ', polname, polrelid::regclass, polcmd, polpermissive,
                                         (select array_agg(pg_get_userbyid(r) order by 1) from unnest(polroles) r),
                                         pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)), 0, null
                from pg_policy
)
select concat_ws(' ', kind, id, 'of', pg_get_userbyid(owner), (select array_agg(x::text order by x::text) from unnest(acl) x)) from o`
