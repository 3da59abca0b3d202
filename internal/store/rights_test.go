package store

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/pagetest"
)

// atom is one privilege on one table, or one of its columns.
type atom struct{ table, privilege, column string }

func (a atom) String() string {
	if a.column == "" {
		return a.privilege + " on " + a.table
	}
	return fmt.Sprintf("%s (%s) on %s", a.privilege, a.column, a.table)
}

// revoke takes only this away.
func (a atom) revoke(role string) string {
	what := a.privilege
	if a.column != "" {
		what += " (" + a.column + ")"
	}
	return fmt.Sprintf("revoke %s on table sever.%s from %s", what, a.table, role)
}

// concerns reports whether a statement may need it.
func (a atom) concerns(s statement) bool {
	return regexp.MustCompile(`\b` + a.table + `\b`).MatchString(s.sql)
}

var privilege = regexp.MustCompile(`(\w+)(?:\s*\(([^)]*)\))?`)

// atoms are the parts of all rights.
func atoms() []atom {
	var out []atom
	for _, r := range rights {
		for _, m := range privilege.FindAllStringSubmatch(r.privileges, -1) {
			for column := range strings.SplitSeq(m[2], ",") {
				out = append(out, atom{r.table, m[1], strings.TrimSpace(column)})
			}
		}
	}
	return out
}

// refusedTo reports whether the server would refuse a statement to the application. It
// judges that when it begins to carry it out, and so by EXPLAIN, which changes nothing.
func refusedTo(t *testing.T, tx pgx.Tx, s statement) bool {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), tx, func(one pgx.Tx) error {
		_, err := one.Exec(t.Context(), "explain "+s.sql, s.args...)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == pgerrcode.InsufficientPrivilege {
		return true
	}
	require.NoError(t, err, s.sql)
	return false
}

// A right that nothing needs is taken out of the list, or statements is told what
// needs it.
func TestEveryRightIsNeeded(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	work := statements(t, w)
	conn := connect(t, w.super)
	// without reports the statements that are refused while a right is taken away.
	without := func(concerned func(statement) bool, revoke ...string) (refused []string) {
		tx, err := conn.Begin(t.Context())
		require.NoError(t, err)
		defer tx.Rollback(t.Context())
		for _, sql := range append(revoke, "set local role "+w.roles.App) {
			_, err := tx.Exec(t.Context(), sql)
			require.NoError(t, err, sql)
		}
		for _, s := range work {
			if concerned(s) && refusedTo(t, tx, s) {
				return []string{s.sql}
			}
		}
		return nil
	}
	require.Empty(t, without(func(statement) bool { return true }), "the work needs a right that is not given")
	for _, a := range atoms() {
		require.NotEmpty(t, without(a.concerns, a.revoke(w.roles.App)), "the application has %s, and nothing that it does needs it", a)
	}
	for _, c := range []struct{ right, says string }{
		{"usage on schema sever", "not migrated"}, {"connect on database " + w.roles.Database, "permission denied for database"},
	} {
		_, err := conn.Exec(t.Context(), "revoke "+c.right+" from "+w.roles.App)
		require.NoError(t, err)
		_, err = Open(t.Context(), w.app, Options{})
		require.ErrorContains(t, err, c.says)
		require.NoError(t, Migrate(t.Context(), w.owner, w.app))
	}
}

// granted is all that the server has on record for a role in this database: pg_shdepend
// names every object that mentions it, and the rest reads each of them.
const granted = `
with app as (select oid from pg_roles where rolname = $1), lists as (
    select classid, objid, objsubid from pg_shdepend where refobjid = (select oid from app) and refclassid = 'pg_authid'::regclass
)
select lower(x.privilege_type) || coalesce(' (' || a.attname || ')', '') || ' on ' || i.type || ' ' || i.identity
       || case when x.is_grantable then ' with grant option' else '' end
from lists l
cross join lateral pg_identify_object(l.classid, l.objid, 0) i
left join pg_attribute a on l.classid = 'pg_class'::regclass and a.attrelid = l.objid and a.attnum = l.objsubid and l.objsubid > 0
cross join lateral aclexplode(case
    when l.objsubid > 0 then a.attacl
    when l.classid = 'pg_class'::regclass then (select relacl from pg_class where oid = l.objid)
    when l.classid = 'pg_namespace'::regclass then (select nspacl from pg_namespace where oid = l.objid)
    when l.classid = 'pg_database'::regclass then (select datacl from pg_database where oid = l.objid)
    end) x
where x.grantee = (select oid from app)
union all
select 'something on ' || classid::regclass from lists
where classid not in ('pg_class'::regclass, 'pg_namespace'::regclass, 'pg_database'::regclass)
union all
select 'member of ' || roleid::regrole from pg_auth_members where member = (select oid from app)
union all
select 'attribute ' || key from pg_roles r, jsonb_each_text(to_jsonb(r))
where oid = (select oid from app) and value = 'true' and key in ('rolsuper', 'rolcreaterole', 'rolcreatedb', 'rolreplication', 'rolbypassrls')`

func TestTheApplicationHasTheseRightsAndNoOthers(t *testing.T) {
	t.Parallel()
	for _, on := range devtest.Servers(t) {
		t.Run(on.Name, func(t *testing.T) {
			t.Parallel()
			w := emptyOn(t, on.Server)
			require.NoError(t, Migrate(t.Context(), w.owner, w.app))
			want := []string{"connect on database " + w.roles.Database, "usage on schema sever"}
			for _, a := range atoms() {
				a.table = "table sever." + a.table
				want = append(want, a.String())
			}
			rows, err := connect(t, w.super).Query(t.Context(), granted, w.roles.App)
			require.NoError(t, err)
			got, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			slices.Sort(want)
			slices.Sort(got)
			require.Equal(t, want, got)
		})
	}
}

// The page says what is granted. SEVER_PAGES=write writes it there.
func TestThePageHasTheRights(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("```sql\n")
	for _, r := range rights {
		fmt.Fprintf(&b, "grant %s on %s\n", strings.Join(strings.Fields(r.privileges), " "), r.table)
	}
	b.WriteString("```\n")
	pagetest.Hold(t, "../../docs/least-privilege.md", "rights on the records", b.String())
}
