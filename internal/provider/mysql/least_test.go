package mysql_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/mariadb"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/mysql"
)

// office is a server with a leaver, and a login of ours that has only what it was given.
type office struct {
	*world
	root  *mysql.Server // sees as much as there is
	ada   access.Ref
	whole []access.Grant // of ada, as root sees them
}

func newOffice(t *testing.T, s *mariadb.Server) *office {
	t.Helper()
	o := &office{world: worldOn(t, s)}
	o.sql("drop user {sever}@`%`") // the administrator of the other tests
	root := s.Config()
	o.root = o.open(o.urlAs(root.User, root.Passwd, s.Addr))
	o.sql("create user {weak}@`%` identified by 'weak-stapler'", "create user {ada}@`%` identified by '"+password+"'", "create user {grace}@`%`",
		"create role {reporting}", "grant {reporting} to {ada}@`%`", "create database {shop}",
		"create table {shop}.orders (id int, secret text)", "create procedure {shop}.tally() select 1",
		"grant select, insert, create temporary tables on {shop}.* to {ada}@`%`", "grant update (id) on {shop}.orders to {ada}@`%`",
		"grant execute on procedure {shop}.tally to {ada}@`%`", "grant binlog monitor on *.* to {ada}@`%`",
		"grant select, insert, execute, trigger on {shop}.* to {grace}@`%`",
		"create definer={ada}@`%` view {shop}.few as select id from {shop}.orders", "create definer={ada}@`%` function {shop}.one() returns int return 1",
		"create definer={ada}@`%` trigger {shop}.stamp before insert on {shop}.orders for each row set new.id = 1",
		"create definer={ada}@`%` event {shop}.nightly on schedule every 1 day starts '2036-01-01' disable do select 1")
	o.whole = o.seen().Account.Grants
	o.my = o.open(o.urlAs(o.name("weak"), "weak-stapler", s.Addr))
	return o
}

// held are the privileges that ada and grace have.
const held = "SELECT, INSERT, UPDATE, CREATE TEMPORARY TABLES, EXECUTE, TRIGGER, BINLOG MONITOR"

// give grants what a need asks for.
func (o *office) give(n provider.Need) {
	o.Helper()
	o.sql(n.Fill(map[string]string{"login": "{weak}@`%`", "privileges": held, "role": "{reporting}"}))
}

// seen is ada as root sees her now.
func (o *office) seen() access.Sighting {
	o.Helper()
	seen, err := o.root.Look(o.Context(), access.Ref{Connection: "my", Resource: "server", Name: o.name("ada"), Host: "%"})
	require.NoError(o, err)
	require.Empty(o, seen.Gaps)
	return seen
}

func (o *office) lacks() []provider.Check {
	o.Helper()
	checks, err := o.my.Preflight(o.Context())
	require.NoError(o, err)
	return slices.DeleteFunc(checks, func(c provider.Check) bool { return c.OK })
}

// steps are the whole ladder, in the order of a plan.
func (o *office) steps() []access.Step {
	steps := []access.Step{{Action: access.Contain}}
	for _, g := range o.whole {
		if g.EndedBy == access.Unlink {
			steps = append(steps, access.Step{Action: access.Unlink, Database: g.Database, Object: g.Object})
		}
	}
	steps = append(steps, access.Step{Action: access.Reassign, Database: o.name("shop"), Successor: o.name("grace")}, access.Step{Action: access.Delete})
	for i := range steps {
		steps[i].Account = o.ada
	}
	return steps
}

// try does a step, and holds what was said of it against what root sees: done is done,
// and what was refused says why and left her as she was, or with less.
func (o *office) try(s access.Step) (refused bool) {
	o.Helper()
	before := o.seen()
	_, err := o.act(s)
	after := o.seen()
	what := fmt.Sprintf("%s %s%s: %v", s.Action, s.Database, s.Object, err)
	if err != nil {
		var e *provider.Error
		require.ErrorAs(o, err, &e, what)
		require.Equal(o, provider.Rejected, e.Kind, what)
		require.NotEmpty(o, e.Blockers, what)
		require.Subset(o, before.Account.Grants, after.Account.Grants, what)
		require.Equal(o, before.Account.Contained, after.Account.Contained, what)
		require.Equal(o, before.Exists, after.Exists, what)
		o.Log("refused:", what)
		return true
	}
	switch s.Action {
	case access.Contain:
		require.True(o, after.Account.Contained, what)
	case access.Delete:
		require.False(o, after.Exists, what)
		require.Equal(o, after.Sessions == 0, after.Gone(), what)
	default:
		require.False(o, slices.ContainsFunc(after.Account.Grants, func(g access.Grant) bool {
			return g.Database == s.Database && (s.Object == "" || g.Object == s.Object)
		}), what)
	}
	return false
}

// A login has exactly the rights of the list, or all but one of them.
func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	s := devtest.MariaDBAlone(t)
	t.Run("all of them", func(t *testing.T) { allRights(newOffice(t, s)) })
	t.Run("to look only", func(t *testing.T) { rightsToLook(newOffice(t, s)) })
	t.Run("to contain only", func(t *testing.T) { rightsToContain(newOffice(t, s)) })
	for i, n := range mysql.Spec.Needs {
		t.Run("without "+n.Check, func(t *testing.T) { allRightsBut(newOffice(t, s), i) })
	}
}

// allRights goes the whole way, and back.
func allRights(o *office) {
	for _, n := range mysql.Spec.Needs {
		o.give(n)
	}
	require.Empty(o, o.lacks())
	session := o.mustLogin(o.name("ada"))
	o.ada = o.ref(o.name("ada"), "%")
	record := o.look(o.ada)
	require.Empty(o, record.Gaps)
	require.Equal(o, o.whole, record.Account.Grants, "nothing of it is hidden from this login")
	steps := o.steps()
	for _, s := range steps {
		require.False(o, o.try(s))
		if s.Action == access.Contain {
			o.endSessions(o.ada)
			require.Error(o, session.PingContext(o.Context()))
		}
	}
	require.True(o, o.look(o.ada).Gone())
	for _, s := range slices.Backward(steps) {
		back, err := o.my.Restore(o.Context(), record.Account, s)
		require.NoError(o, err)
		require.Empty(o, back.Missing, "%s %s", s.Action, s.Database)
	}
	require.Equal(o, o.whole, o.seen().Account.Grants)
	require.False(o, o.seen().Account.Contained)
}

// rightsToLook sees everything, rehearses everything, and can change nothing.
func rightsToLook(o *office) {
	for _, n := range mysql.Spec.Needs {
		if n.Reach == provider.ToLook {
			o.give(n)
		}
	}
	session := o.mustLogin(o.name("ada"))
	o.ada = o.ref(o.name("ada"), "%")
	seen := o.look(o.ada)
	require.Empty(o, seen.Gaps)
	require.Equal(o, o.whole, seen.Account.Grants)
	require.Equal(o, 1, seen.Sessions)
	require.True(o, slices.ContainsFunc(o.lacks(), func(c provider.Check) bool { return c.Fatal }), "preflight says that it cannot be used to act")
	for _, s := range o.steps() {
		require.NotEmpty(o, o.my.Explain(s))
		require.True(o, o.try(s), "%s %s", s.Action, s.Database)
	}
	alive, err := o.my.EndSessions(o.Context(), o.ada)
	o.rejected(err)
	require.Equal(o, 1, alive)
	_, err = o.my.Rotate(o.Context(), o.ada)
	o.rejected(err)
	require.NoError(o, session.PingContext(o.Context()))
	require.True(o, o.opens(o.name("ada"), password))
}

// rightsToContain locks and ends sessions, for good too, and takes nothing away.
func rightsToContain(o *office) {
	for _, n := range mysql.Spec.Needs {
		if n.Reach == provider.ToLook || n.Reach == provider.ToContain {
			o.give(n)
		}
	}
	session := o.mustLogin(o.name("ada"))
	o.ada = o.ref(o.name("ada"), "%")
	_, err := o.my.Contain(o.Context(), o.ada, access.Kill)
	require.NoError(o, err)
	o.endSessions(o.ada)
	require.Error(o, session.PingContext(o.Context()))
	require.False(o, o.opens(o.name("ada"), password))
	require.True(o, o.seen().Account.Contained)
	for _, s := range o.steps()[1:] {
		require.True(o, o.try(s), "%s %s", s.Action, s.Database)
	}
	require.Equal(o, o.whole, o.seen().Account.Grants)
}

// allRightsBut lacks one: preflight names it and nothing else, with a statement that is
// enough. What needs it is refused.
func allRightsBut(o *office, missing int) {
	lost := mysql.Spec.Needs[missing]
	for i, n := range mysql.Spec.Needs {
		if i != missing {
			o.give(n)
		}
	}
	lacks := o.lacks()
	require.Len(o, lacks, 1, "%+v", lacks)
	require.Equal(o, lost.Check, lacks[0].Name)
	session := o.mustLogin(o.name("ada"))
	o.ada = o.ref(o.name("ada"), "%")
	refused := 0
	for _, s := range o.steps() {
		if o.try(s) {
			refused++
		}
		if s.Action != access.Contain {
			continue
		}
		if _, err := o.my.EndSessions(o.Context(), o.ada); err != nil {
			o.rejected(err)
			require.NoError(o, session.PingContext(o.Context()))
			refused++
		}
	}
	require.Equal(o, lost.Rare, refused == 0, "what it is needed for")
	o.sql(strings.ReplaceAll(lacks[0].Remedy, "`"+o.name("weak")+"`", "{weak}@`%`"))
	require.Empty(o, o.lacks(), "the remedy is enough")
}
