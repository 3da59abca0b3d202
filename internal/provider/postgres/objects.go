package postgres

import (
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// object is one thing of the catalog that names a role: a row of pg_shdepend, and
// what the thing itself says about the role.
type object struct {
	Database string `json:"database"` // where a step has to run to change it
	Class    string `json:"class"`    // the catalog: "pg_class"
	OID      int64  `json:"oid"`
	Sub      int32  `json:"sub,omitempty"` // the number of a column
	Bond     bond   `json:"bond"`
	Kind     string `json:"kind"`     // in PostgreSQL's words: "table", "foreign-data wrapper"
	Identity string `json:"identity"` // as it must stand in SQL
	Owner    string `json:"owner,omitempty"`
	ACL      []ace  `json:"acl,omitempty"`
	More     more   `json:"more,omitzero"`
	// Known is false for a thing that none of our queries understands.
	Known bool `json:"known"`
	// May is true when our login has the owner's rights.
	May bool `json:"-"`
}

// bond is how pg_shdepend says that an object depends on a role.
type bond string

const (
	owns     bond = "o"
	inACL    bond = "a"
	inPolicy bond = "r"
	inInit   bond = "i" // from 17: in the privileges that an extension was installed with
)

// ace is one privilege in an access control list.
type ace struct {
	Grantor   string `json:"grantor"`
	Grantee   string `json:"grantee"` // empty: everybody
	Privilege string `json:"privilege"`
	Grantable bool   `json:"grantable,omitempty"`
}

// more is what only some kinds of object have.
type more struct {
	Table  string `json:"table,omitempty"`  // of a column or a policy
	Column string `json:"column,omitempty"` // of a column

	Schema string `json:"schema,omitempty"` // of default privileges; empty: everywhere
	On     string `json:"on,omitempty"`     // of default privileges: r, S, f, T, n, L

	Name       string   `json:"name,omitempty"` // of a policy; the server of a user mapping
	Roles      []string `json:"roles,omitempty"`
	Command    string   `json:"command,omitempty"`
	Permissive bool     `json:"permissive,omitempty"`
	Using      string   `json:"using,omitempty"`
	Check      string   `json:"check,omitempty"`

	Options []string `json:"options,omitempty"` // of a user mapping: names only

	Attached bool `json:"attached,omitempty"` // a sequence of a column: it follows its table
}

// objectColumns is the front half of every query for objects; d has the rows
// (classid, objid, objsubid, deptype) to explain, o the explanation.
const objectColumns = `
select d.classid::regclass::text, d.objid::int8, d.objsubid, d.deptype::text, coalesce(i.type, ''), coalesce(i.identity, ''),
       coalesce(pg_get_userbyid(o.owner)::text, ''),
       (select json_agg(json_build_object(
                   'grantor', pg_get_userbyid(e.grantor),
                   'grantee', case when e.grantee = 0 then '' else pg_get_userbyid(e.grantee)::text end,
                   'privilege', e.privilege_type, 'grantable', e.is_grantable))
          from aclexplode(o.acl) e),
       coalesce(o.more, '{}'), o.known is not null, coalesce(pg_has_role(o.owner, 'USAGE'), false)`

// explainLocal finds, for a row d, who owns the thing, its access control list and
// what else belongs to its kind. It has one arm for each catalog that can name a role.
const explainLocal = `
left join lateral (
    select relowner as owner, relacl as acl, true as known,
           case when relkind = 'S' then json_build_object('attached', exists (
               select from pg_depend p where p.classid = 'pg_class'::regclass and p.objid = c.oid
                  and p.refclassid = 'pg_class'::regclass and p.refobjsubid > 0 and p.deptype in ('a', 'i'))) end as more
      from pg_class c where d.classid = 'pg_class'::regclass and oid = d.objid and d.objsubid = 0
    union all
    select relowner, attacl, true,
           json_build_object('table', attrelid::regclass::text, 'column', attname)
      from pg_attribute join pg_class c on c.oid = attrelid
     where d.classid = 'pg_class'::regclass and attrelid = d.objid and attnum = d.objsubid and d.objsubid <> 0
    union all
    select nspowner, nspacl, true, null from pg_namespace where d.classid = 'pg_namespace'::regclass and oid = d.objid
    union all
    select proowner, proacl, true, null from pg_proc where d.classid = 'pg_proc'::regclass and oid = d.objid
    union all
    select typowner, typacl, true, null from pg_type where d.classid = 'pg_type'::regclass and oid = d.objid
    union all
    select lanowner, lanacl, true, null from pg_language where d.classid = 'pg_language'::regclass and oid = d.objid
    union all
    select lomowner, lomacl, true, null from pg_largeobject_metadata
     where d.classid in ('pg_largeobject'::regclass, 'pg_largeobject_metadata'::regclass) and oid = d.objid
    union all
    select fdwowner, fdwacl, true, null from pg_foreign_data_wrapper
     where d.classid = 'pg_foreign_data_wrapper'::regclass and oid = d.objid
    union all
    select srvowner, srvacl, true, null from pg_foreign_server where d.classid = 'pg_foreign_server'::regclass and oid = d.objid
    union all
    select defaclrole, defaclacl, true,
           json_build_object('on', defaclobjtype,
                             'schema', (select nspname from pg_namespace n where n.oid = defaclnamespace))
      from pg_default_acl where d.classid = 'pg_default_acl'::regclass and oid = d.objid
    union all
    select relowner, null, true,
           json_build_object('table', polrelid::regclass::text, 'name', polname,
                             'roles', (select json_agg(pg_get_userbyid(r)) from unnest(polroles) r),
                             'command', polcmd, 'permissive', polpermissive,
                             'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))
      from pg_policy join pg_class c on c.oid = polrelid where d.classid = 'pg_policy'::regclass and pg_policy.oid = d.objid
    union all
    select umuser, null, true,
           json_build_object('name', srvname,
                             'options', (select json_agg(split_part(u, '=', 1)) from unnest(umoptions) u))
      from pg_user_mappings where d.classid = 'pg_user_mapping'::regclass and umid = d.objid
    union all
    -- the rest has an owner and no privileges, and pg_shdepend says who that is
    select x.refobjid, null, true, null from pg_shdepend x
     where x.classid = d.classid and x.objid = d.objid and x.objsubid = 0 and x.deptype = 'o'
       and x.dbid = (select oid from pg_database where datname = current_database()) and d.classid in (
        'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass, 'pg_collation'::regclass,
        'pg_conversion'::regclass, 'pg_ts_dict'::regclass, 'pg_ts_config'::regclass, 'pg_statistic_ext'::regclass,
        'pg_extension'::regclass, 'pg_event_trigger'::regclass, 'pg_publication'::regclass)
) o on true` + identify

// identify names the thing of a row d. Before 14 it is an error to name what is not
// there, so rows that do not come from pg_shdepend say "?" and are explained first.
const identify = `
left join lateral (
    select n.type, n.identity
      from (select where o.known or d.deptype <> '?' offset 0) there
     cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) n
) i on true`

// localObjects are the objects of the connected database that name the role $1; what
// it merely owns is left out unless $2.
const localObjects = objectColumns + `, current_database()::text
from pg_shdepend d` + explainLocal + `
where d.refclassid = 'pg_authid'::regclass and d.refobjid = $1::int8::oid
  and d.dbid = (select oid from pg_database where datname = current_database())
  and ($2::bool or d.deptype <> 'o' or d.classid in ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass))
order by d.classid, d.objid, d.objsubid`

// explainShared does the same for what belongs to the server. The last column is
// the database whose steps have to change it.
const explainShared = `
left join lateral (
    select datdba as owner, datacl as acl, true as known, null::json as more, datname as place
      from pg_database where d.classid = 'pg_database'::regclass and oid = d.objid
    union all
    select spcowner, spcacl, true, null, current_database()
      from pg_tablespace where d.classid = 'pg_tablespace'::regclass and oid = d.objid
    union all
    -- not everybody may read the oid of a subscription, everybody may read its name
    select x.refobjid, null, true, null, (
               select datname from pg_subscription join pg_database b on b.oid = subdbid
                where subowner = x.refobjid
                  and quote_ident(subname) = (select identity from pg_identify_object(d.classid, d.objid, 0)) limit 1)
      from pg_shdepend x
     where d.classid = 'pg_subscription'::regclass and x.classid = d.classid and x.objid = d.objid and x.dbid = 0 and x.deptype = 'o'
-- PARAMETERS --
) o on true` + identify

// From 15 on, settings have privileges. The bootstrap superuser stands for their owner.
const explainParameters = `    union all
    select 10, paracl, true, null, current_database()
      from pg_parameter_acl where d.classid = 'pg_parameter_acl'::regclass and oid = d.objid
`

// sharedObjects are the objects of the server that name the role $1. From 16 on a
// membership that the role granted is one too; those are read as memberships.
const sharedObjects = objectColumns + `, coalesce(o.place::text, '')
from pg_shdepend d` + explainShared + `
where d.refclassid = 'pg_authid'::regclass and d.refobjid = $1::int8::oid and d.dbid = 0
  and d.classid <> 'pg_auth_members'::regclass and d.deptype <> 'p'
order by d.classid, d.objid, d.objsubid`

// theseObjects are the objects with the catalogs $1, oids $2 and columns $3, as they
// are now; refobjid is the role $4. %s explains them.
const theseObjects = objectColumns + `, current_database()::text
from (select c::regclass::oid as classid, o::oid as objid, s as objsubid, '?' as deptype, $4::int8::oid as refobjid
        from unnest($1::text[], $2::int8[], $3::int4[]) as u (c, o, s)) d`

func sharedQuery(version int, query string) string {
	arm := ""
	if version >= 15 {
		arm = explainParameters
	}
	return strings.Replace(query, "-- PARAMETERS --\n", arm, 1)
}

func scanObject(row pgx.CollectableRow) (object, error) {
	var o object
	err := row.Scan(&o.Class, &o.OID, &o.Sub, &o.Bond, &o.Kind, &o.Identity, &o.Owner, &o.ACL, &o.More, &o.Known, &o.May, &o.Database)
	return o, err
}

func collectObjects(rows pgx.Rows) ([]object, error) { return pgx.CollectRows(rows, scanObject) }

// owned reports whether the role owns the object as one owns a table: dropping the
// role would leave it to nobody, or drop it. Default privileges and user mappings
// are the role's too, but mean nothing without it.
func (o object) owned() bool {
	return o.Bond == owns && o.Class != "pg_default_acl" && o.Class != "pg_user_mapping"
}

// explained reports whether the object itself says why pg_shdepend lists it.
func (o object) explained(role string) bool {
	switch o.Bond {
	case owns, inPolicy, inInit:
		return o.Known
	case inACL:
		return slices.ContainsFunc(o.ACL, func(e ace) bool { return e.Grantee == role || e.Grantor == role })
	}
	return false
}

// words is the object as a person would say it: "table public.orders".
func (o object) words() string {
	if o.Identity == "" {
		return o.Kind
	}
	return o.Kind + " " + o.Identity
}
