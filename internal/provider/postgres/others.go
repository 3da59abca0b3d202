package postgres

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/provider"
)

// others is what stands in the way of a login that is no superuser, as far as the shared
// catalogs tell.
type others struct {
	supers  []string // where superusers granted something
	public  []string // databases in whose schema public somebody granted something
	special []string // attributes that roles have and that only some may give
}

// grantedBySupers are entries for what superusers own. What the first of them owns is
// listed without an owner, and so is what pg_database_owner owns: since 15 that is the
// schema public, which has the same number in every database. What is granted to
// ourselves we do not take away.
const grantedBySupers = `
from pg_shdepend a
left join pg_shdepend o on o.dbid = a.dbid and o.classid = a.classid and o.objid = a.objid and o.deptype = 'o' and o.refclassid = a.refclassid
left join pg_roles r on r.oid = o.refobjid
left join pg_database d on d.oid = a.dbid
where a.refclassid = 'pg_authid'::regclass and a.deptype = 'a' and a.classid <> 'pg_auth_members'::regclass and coalesce(r.rolsuper, true)
  and a.refobjid is distinct from o.refobjid and a.refobjid <> (select oid from pg_roles where rolname = current_user)
  and `

const isPublic = `(a.classid = 'pg_namespace'::regclass and a.objid = 2200 and o.refobjid is null)`

const grantingSupers = `select distinct case a.dbid when 0 then 'the server' else coalesce('database ' || d.datname, 'a database') end ` +
	grantedBySupers + ` not ` + isPublic + ` order by 1`

const publicGrants = `select distinct d.datname::text ` + grantedBySupers + isPublic + ` and d.datallowconn and has_database_privilege(d.oid, 'CONNECT') order by 1`

// publicOfSuper asks inside of a database.
const publicOfSuper = `
select r.rolsuper from pg_namespace n join pg_database d on d.datname = current_database()
  join pg_roles r on r.oid = case pg_get_userbyid(n.nspowner) when 'pg_database_owner' then d.datdba else n.nspowner end
where n.oid = 2200`

// From 16 on a membership is ended with the rights of the role that granted it.
const membersBySupers = `
select distinct 'role ' || pg_get_userbyid(m.roleid)::text
from pg_auth_members m join pg_roles g on g.oid = m.grantor
where g.rolsuper and m.member >= 16384 and m.member <> (select oid from pg_roles where rolname = current_user) and (m.inherit_option or m.set_option)
order by 1`

const specialRoles = `
select distinct word
from pg_roles r cross join lateral (values ('CREATEDB', rolcreatedb), ('REPLICATION', rolreplication), ('BYPASSRLS', rolbypassrls)) as x(word, has)
where r.oid >= 16384 and not r.rolsuper and r.rolname <> current_user and has order by 1`

func (o *others) ask(b *pgx.Batch, version int) {
	into(b, grantingSupers, &o.supers)
	into(b, publicGrants, &o.public)
	if version >= 16 {
		into(b, membersBySupers, &o.supers)
	}
	into(b, specialRoles, &o.special)
}

// into queues a query whose only column goes to the end of the list.
func into(b *pgx.Batch, sql string, list *[]string) {
	b.Queue(sql).Query(func(rows pgx.Rows) error {
		more, err := pgx.CollectRows(rows, pgx.RowTo[string])
		*list = append(*list, more...)
		return err
	})
}

// askInside finds out who owns the schemas that the shared catalogs tell nothing of.
func (s *Server) askInside(ctx context.Context, o *others) error {
	for _, database := range o.public {
		var super bool
		err := s.conns.look(ctx, 0, database, func(conn *kept) error { return conn.QueryRow(ctx, publicOfSuper).Scan(&super) })
		switch {
		case turnedAway(err):
			super = true // for all we know
		case err != nil && !errors.Is(err, pgx.ErrNoRows): // or it was dropped in between
			return err
		}
		if place := "database " + database; super && !slices.Contains(o.supers, place) {
			o.supers = append(o.supers, place)
		}
	}
	return nil
}

func (o others) check() provider.Check {
	c := provider.Check{Name: "may take away what superusers granted", OK: len(o.supers) == 0,
		Remedy: "only a superuser can: connect as one, or let another role own these things and grant them"}
	if !c.OK {
		c.Detail = "in " + shortList(o.supers)
	}
	return c
}

// makesAgain is about roles with attributes that not everybody may give.
func (r rights) makesAgain(special []string, version int) provider.Check {
	c := provider.Check{Name: mayMakeAgain, Remedy: "only a superuser can: connect as one"}
	have := map[string]bool{"CREATEDB": r.CreateDB || version < 16, "REPLICATION": r.Replication && version >= 16, "BYPASSRLS": r.BypassRLS && version >= 16}
	lacking := slices.DeleteFunc(slices.Clone(special), func(word string) bool { return r.Super || have[word] })
	c.OK = len(lacking) == 0
	if c.OK {
		return c
	}
	c.Detail = "some have " + strings.Join(lacking, ", ")
	if version >= 16 {
		c.Remedy = strings.Replace(remedy(mayMakeAgain, quote(r.Login), ""), "CREATEDB", strings.Join(lacking, " "), 1)
	}
	return c
}

var inBraces = regexp.MustCompile(`\{\w+\}`)

// remedy is the statement that gives our login the right behind a line of preflight. The
// name is what it is given for, already quoted.
func remedy(check, login, name string) string {
	i := slices.IndexFunc(needs, func(n provider.Need) bool { return n.Check == check })
	return inBraces.ReplaceAllStringFunc(needs[i].Give, func(word string) string {
		if word == "{login}" {
			return login
		}
		return name
	})
}
