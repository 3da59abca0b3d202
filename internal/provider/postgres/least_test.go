package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/postgres"
)

// office is a server of its own with a leaver, on which no superuser granted anything,
// and a login of ours that has only what it was given.
type office struct {
	*world
	super *postgres.Server
	ada   access.Ref
	whole access.Account // ada, as a superuser sees her
}

// names are what each word of a need stands for in an office.
var names = map[string][]string{
	"role": {"ada", "adam", "grace", "owner", "lead", "reporting"}, "database": {"vault"},
}

func newOffice(t *testing.T, s devtest.Named) *office {
	t.Helper()
	o := &office{world: &world{T: t, server: s, suffix: fmt.Sprintf("_%08x", rand.Uint32())}}
	o.sql("postgres", "create role {sever} login password 'steel-stapler'", "create role {lead} createrole", "create role {owner}", "create role {adam}",
		"create role {grace}", "create role {ada} createdb login password '"+password+"'",
		"set role {lead}", "create role {reporting}", "grant {reporting} to {ada}", "reset role")
	t.Cleanup(o.close)
	for _, db := range []string{"shop", "vault"} {
		o.sql("postgres", "create database {"+db+"}")
		if db == "shop" { // whose schema public belongs to pg_database_owner
			o.sql("{shop}", "alter database {shop} owner to {owner}", "set role {owner}", "grant create on schema public to {ada}", "grant temporary on database {shop} to {ada}")
		}
		o.sql("{"+db+"}", "create schema s authorization {owner}", "set role {owner}", "create table s.t (x int)", "grant usage, create on schema s to {ada}, {grace}",
			"grant select on s.t to {ada}, {adam}")
	}
	o.sql("{shop}", "set role {owner}", "alter default privileges in schema s grant select on tables to {ada}",
		"set role {ada}", "create table s.hers as select generate_series(1, 5) as x", "grant select on s.hers to {adam}")
	o.sql("postgres", "revoke connect on database {vault} from public")
	o.super = o.open(nil)
	o.pg = o.super
	o.ada = o.ref(o.name("ada"))
	o.whole = o.look(o.ada).Account
	o.pg = o.open(config.Vars{"SEVER_CONN_PG_URL": o.urlAs("postgres", o.name("sever"), "steel-stapler")})
	return o
}

// close leaves the server as it was: preflight looks at all of it.
func (o *office) close() {
	conn, err := pgx.Connect(context.Background(), o.server.URL("postgres"))
	require.NoError(o, err)
	defer conn.Close(context.Background())
	for _, s := range []string{"drop database {shop} with (force)", "drop database {vault} with (force)", "drop owned by {sever}",
		"drop role if exists {ada}", "drop role {reporting}", "drop role {lead}, {owner}, {adam}, {grace}, {sever}"} {
		_, err := conn.Exec(context.Background(), o.fill(s))
		require.NoError(o, err, s)
	}
}

// give grants what a need asks for.
func (o *office) give(n provider.Need) {
	o.Helper()
	if known(o.server, n) {
		o.sql("postgres", o.statements(n)...)
	}
}

// known reports whether this version of the server asks for it.
func known(s devtest.Named, n provider.Need) bool {
	return s.Major() >= 16 || !strings.Contains(n.On, "PostgreSQL 16")
}

// statements are a need for this office.
func (o *office) statements(n provider.Need) []string {
	for word, all := range names {
		if strings.Contains(n.Give, "{"+word+"}") {
			var out []string
			for _, name := range all {
				out = append(out, n.Fill(map[string]string{"login": `"{sever}"`, word: `"{` + name + `}"`}))
			}
			return out
		}
	}
	return []string{n.Fill(map[string]string{"login": `"{sever}"`})}
}

// lacks are the lines of preflight that are not as they should be.
func (o *office) lacks() []provider.Check {
	o.Helper()
	checks, err := o.pg.Preflight(o.Context())
	require.NoError(o, err)
	return slices.DeleteFunc(checks, func(c provider.Check) bool { return c.OK })
}

// steps are the whole ladder, in the order of a plan.
func (o *office) steps() []access.Step { return plan(o.whole, access.Lock, o.name("grace")) }

// seen is ada as a superuser sees her now.
func (o *office) seen() access.Sighting {
	o.Helper()
	seen, err := o.super.Look(o.Context(), o.ada)
	require.NoError(o, err)
	require.Empty(o, seen.Gaps)
	return seen
}

// try does a step, and holds what was said of it against what a superuser sees: done is
// done, and what was refused is untouched and says why.
func (o *office) try(s access.Step) (refused bool) {
	o.Helper()
	before := o.seen()
	_, err := do(o.Context(), o.pg, s)
	after := o.seen()
	what := fmt.Sprintf("%s %s%s: %v", s.Action, s.Database, s.Object, err)
	if err != nil {
		var e *provider.Error
		require.ErrorAs(o, err, &e, what)
		require.Equal(o, provider.Rejected, e.Kind, what)
		require.NotEmpty(o, e.Blockers, what)
		require.Equal(o, before.Account.Grants, after.Account.Grants, what)
		require.Equal(o, before.Account.Contained, after.Account.Contained, what)
		require.Equal(o, before.Exists, after.Exists, what)
		return true
	}
	switch s.Action {
	case access.Contain:
		require.True(o, after.Account.Contained, what)
	case access.Delete:
		require.False(o, after.Exists, what)
		require.Equal(o, after.Sessions == 0, after.Gone(), "a session that lives on keeps it from being proven gone")
	default:
		require.NotEqual(o, before.Account.Grants, after.Account.Grants, what)
		require.False(o, slices.ContainsFunc(after.Account.Grants, func(g access.Grant) bool {
			return s.Action == access.Unlink && g.Object == s.Object || s.Action != access.Unlink && g.Database == s.Database && g.EndedBy != access.Delete
		}), what)
	}
	return false
}

// A login has exactly the rights of the list, or all but one of them.
func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	for _, s := range devtest.ServersAlone(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			t.Run("all of them", func(t *testing.T) { allRights(newOffice(t, s)) })
			t.Run("to look only", func(t *testing.T) { rightsToLook(newOffice(t, s)) })
			t.Run("to contain, and so to remove", func(t *testing.T) { rightsToContain(newOffice(t, s)) })
			for i, n := range postgres.Spec.Needs {
				t.Run("without "+n.Check, func(t *testing.T) {
					if !known(s, n) {
						t.Skip("this version does not ask for it")
					}
					allRightsBut(newOffice(t, s), i)
				})
			}
		})
	}
}

// allRights goes the whole way, and back.
func allRights(o *office) {
	for _, n := range postgres.Spec.Needs {
		o.give(n)
	}
	require.Empty(o, o.lacks())
	o.sql("{vault}", "grant usage on schema public to {adam}") // which is a superuser's there
	lacks := o.lacks()
	require.Len(o, lacks, 1)
	require.Equal(o, "in database "+o.name("vault"), lacks[0].Detail)

	session := o.mustLogin("{shop}", o.name("ada"))
	record := o.look(o.ada)
	require.Empty(o, record.Gaps)
	require.Equal(o, o.whole.Grants, record.Account.Grants, "nothing of it is hidden from this login")
	steps := o.steps()
	for _, s := range steps {
		require.False(o, o.try(s))
		if s.Action == access.Contain {
			o.endSessions(o.ada)
			require.Error(o, session.Ping(o.Context()))
		}
	}
	require.True(o, o.look(o.ada).Gone())

	now := o.ada
	for _, s := range slices.Backward(steps) {
		s.Account = now
		back, err := o.pg.Restore(o.Context(), record.Account, s)
		require.NoError(o, err)
		if s.Action == access.Unlink && o.server.Major() < 16 { // where only a superuser may name another grantor
			require.Len(o, back.Missing, 1)
			require.Contains(o, back.Missing[0].Why, "but not as granted by "+o.name("lead"))
			continue
		}
		require.Empty(o, back.Missing, "%s %s", s.Action, s.Database)
		if back.ForeignID != "" {
			now.ForeignID = back.ForeignID
		}
	}
	o.ada = now
	again := o.seen().Account
	require.Equal(o, normalize(o.whole).Attributes, normalize(again).Attributes)
	var came []access.Grant
	for _, g := range again.Grants {
		if g.Object != "member "+o.name("sever") { // from 16 on whoever makes a role administers it
			came = append(came, g)
		}
	}
	if o.server.Major() < 16 {
		came[0].Privilege = strings.Replace(came[0].Privilege, o.name("sever"), o.name("lead"), 1)
	}
	require.Equal(o, o.whole.Grants, came)
	require.Equal(o, []string{"0"}, o.query("postgres", `select count(*)::text from pg_auth_members where member = '{sever}'::regrole
		and roleid <> 'pg_signal_backend'::regrole and roleid <> 'pg_read_all_stats'::regrole and coalesce((to_jsonb(pg_auth_members)->>'inherit_option')::bool, true)`), "what was lent is back")
}

// rightsToLook sees everything, rehearses everything, and can change nothing.
func rightsToLook(o *office) {
	for _, n := range postgres.Spec.Needs {
		if n.Reach == provider.ToLook {
			o.give(n)
		}
	}
	session := o.mustLogin("{shop}", o.name("ada"))
	seen := o.look(o.ada)
	require.Empty(o, seen.Gaps)
	require.Equal(o, o.whole.Grants, seen.Account.Grants)
	require.Equal(o, 1, seen.Sessions)
	require.True(o, slices.ContainsFunc(o.lacks(), func(c provider.Check) bool { return c.Fatal }), "preflight says that it cannot be used to act")
	for _, s := range o.steps() {
		require.NotEmpty(o, o.pg.Explain(s))
		require.True(o, o.try(s), "%s %s", s.Action, s.Database)
	}
	alive, err := o.pg.EndSessions(o.Context(), o.ada)
	o.rejected(err)
	require.Equal(o, 1, alive)
	_, err = o.pg.Rotate(o.Context(), o.ada)
	o.rejected(err)
	require.NoError(o, session.Ping(o.Context()))
	o.mustLogin("{shop}", o.name("ada"))
}

// rightsToContain are enough for the whole ladder down: who may lock a role may become
// a member of it.
func rightsToContain(o *office) {
	for _, n := range postgres.Spec.Needs {
		if !n.Rare && n.Reach != provider.ToRestore {
			o.give(n)
		}
	}
	for _, s := range o.steps() {
		require.False(o, o.try(s), "%s %s", s.Action, s.Database)
	}
	require.True(o, o.look(o.ada).Gone())
}

// allRightsBut lacks one: preflight names it and nothing else, with the statement that
// helps, and that statement is enough. What needs it is refused.
func allRightsBut(o *office, missing int) {
	lost := postgres.Spec.Needs[missing]
	for i, n := range postgres.Spec.Needs {
		if i != missing {
			o.give(n)
		}
	}
	lacks := o.lacks()
	require.Len(o, lacks, 1, "%+v", lacks)
	require.True(o, strings.HasPrefix(lacks[0].Name, lost.Check), lacks[0].Name)
	switch {
	case !lost.Rare:
		require.NotZero(o, o.refusals(), "what it is needed for")
	case strings.HasSuffix(lost.Give, "CREATEDB"):
		o.notMadeAgain(lost)
		return
	}
	require.Equal(o, lost.Check != "tells workers from sessions", o.tells())
	for range len(names["role"]) {
		if lacks = o.lacks(); len(lacks) == 0 {
			return
		}
		require.Contains(o, o.filled(lost), lacks[0].Remedy)
		o.sql("postgres", lacks[0].Remedy)
	}
	require.Empty(o, o.lacks(), "the remedies are enough")
}

// refusals climbs the whole ladder, whatever is refused, and counts that.
func (o *office) refusals() (refused int) {
	o.Helper()
	session := o.mustLogin("{shop}", o.name("ada"))
	for _, s := range o.steps() {
		if o.try(s) {
			refused++
		}
		if s.Action != access.Contain {
			continue
		}
		if _, err := o.pg.EndSessions(o.Context(), o.ada); err != nil {
			require.Contains(o, o.rejected(err), "cannot be ended by us")
			require.NoError(o, session.Ping(o.Context()))
			refused++
		}
	}
	return refused
}

// notMadeAgain deletes her, and can give her back only once the right is there.
func (o *office) notMadeAgain(lost provider.Need) {
	o.Helper()
	record := o.look(o.ada).Account
	require.Zero(o, o.refusals())
	step := access.Step{Action: access.Delete, Account: o.ada}
	_, err := o.pg.Restore(o.Context(), record, step)
	require.Contains(o, o.rejected(err), "a right is missing")
	require.False(o, o.seen().Exists)
	o.give(lost)
	_, err = o.pg.Restore(o.Context(), record, step)
	require.NoError(o, err)
	require.True(o, o.seen().Exists)
}

// tells reports whether our login is shown what the backends of others are.
func (o *office) tells() bool {
	o.Helper()
	conn := o.dial(o.urlAs("postgres", o.name("sever"), "steel-stapler"))
	defer conn.Close(o.Context())
	var kinds int
	require.NoError(o, conn.QueryRow(o.Context(), `select count(backend_type) from pg_stat_activity where usesysid is distinct from 0 and pid <> pg_backend_pid()
		and usename is distinct from current_user`).Scan(&kinds))
	return kinds > 0
}

// filled are the statements of a need with the names of this office.
func (o *office) filled(n provider.Need) []string {
	var out []string
	for _, s := range o.statements(n) {
		out = append(out, o.fill(s))
	}
	return out
}
