package mysql

import (
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

// The example of hashcat's mode 7401, which came from a real server.
func TestWhatCachingSHA2Stores(t *testing.T) {
	t.Parallel()
	salt, err := hex.DecodeString("F9CC98CE08892924F50A213B6BC571A2C11778C5")
	require.NoError(t, err)
	hash, err := hex.DecodeString("625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F")
	require.NoError(t, err)
	require.Equal(t, string(hash), sha2Hash("hashcat", string(salt)))

	who, id := identity{"ada", "%"}, "0123456789abcdef"
	a := account{identity: who, method: method{Plugin: sha2, Text: deadHash(sha2, who, id)}}
	require.Len(t, a.Text, sha2Length)
	got, dead := a.dead()
	require.Equal(t, id, got)
	require.True(t, dead)
	a.Second = true
	_, dead = a.dead()
	require.False(t, dead, "a second password works")
	secret, text := newSecret(sha2, id)
	require.GreaterOrEqual(t, len(secret), 26)
	require.True(t, account{method: method{Plugin: sha2, Text: text}}.marked(id))
	require.Equal(t, text[len(sha2Prefix)+sha2Salt:], sha2Hash(secret, text[len(sha2Prefix):len(sha2Prefix)+sha2Salt]))
}

const ada, grace, reporting, billing, intern = "`ada`@`%`", "`grace`@`%`", "`reporting`@`%`", "`billing`@`10.%`", "`intern`@`%`"

// onModel opens the provider on a server with one person who has one of each.
func onModel(t *testing.T) (*model, *Server) {
	t.Helper()
	m := newModel()
	for _, name := range []string{ada, grace, intern, "`sever`@`%`"} {
		m.users[name] = &modelUser{plugin: sha2, hash: "$A$005$" + strings.Repeat("x", 63), attributes: null}
	}
	for _, name := range []string{reporting, billing} {
		m.users[name] = &modelUser{plugin: sha2, locked: true, expired: true, attributes: null}
	}
	m.users[ada].attributes = "{" + second + `"Restrictions": [{"Database": "mysql", "Privileges": ["SELECT"]}]}`
	for _, sql := range []string{
		"grant `reporting`@`%` to " + ada + " with admin option", "grant " + billing + " to " + ada, "set default role " + reporting + ", " + billing + " to " + ada,
		"grant " + ada + " to " + intern,
		"grant select, replication slave on *.* to " + ada + " with grant option",
		"grant BACKUP_ADMIN, CLONE_ADMIN on *.* to " + ada, "grant XA_RECOVER_ADMIN on *.* to " + ada + " with grant option",
		"grant select on `shop\\_%`.* to " + ada, "grant select on `shop`.* to " + ada, "grant insert, update on table `shop`.`orders` to " + ada,
	} {
		require.True(t, m.change(sql), sql)
	}
	m.objects["view `shop`.`v`"], m.objects["event `shop`.`nightly`"] = ada, ada
	m.sessions["7"], m.sessions["8"] = "ada", "grace"
	return m, open8(t, serveScript(t, m.say), unverified)
}

func open8(t *testing.T, addr, setting string) *Server {
	t.Helper()
	p, err := Spec.Open(provider.Settings{Connection: "my", Prefix: "M_", Vars: config.Vars{"M_URL": "mysql://sever:steel-stapler@" + addr, "M_TLS": "off", "M_MYSQL8": setting}})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p.(*Server)
}

func refTo(t *testing.T, s *Server, name string) access.Account {
	t.Helper()
	seen, err := s.Look(t.Context(), access.Ref{Connection: "my", Resource: resource, Name: name, Host: "%"})
	require.NoError(t, err)
	require.Empty(t, seen.Gaps)
	return seen.Account
}

func TestMySQLIsRefusedUnlessThatIsAccepted(t *testing.T) {
	t.Parallel()
	s := open8(t, serveScript(t, newModel().say), "")
	_, err := s.Contain(t.Context(), access.Ref{Name: "ada", Host: "%", ForeignID: "0123456789abcdef"}, access.Lock)
	require.Equal(t, provider.Denied, provider.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "M_MYSQL8=unverified")
	checks, err := s.Preflight(t.Context())
	require.NoError(t, err)
	require.Len(t, checks, 1)
	require.True(t, checks[0].Fatal)
	require.Contains(t, checks[0].Remedy, "M_MYSQL8=unverified")
	_, err = Spec.Open(provider.Settings{Prefix: "M_", Vars: config.Vars{"M_URL": "mysql://a:b@c", "M_MYSQL8": "yes"}})
	require.ErrorContains(t, err, "it must be unverified")
}

func TestWhatMySQLGrants(t *testing.T) {
	t.Parallel()
	m, s := onModel(t)
	var got []string
	a := refTo(t, s, "ada")
	for _, g := range a.Grants {
		got = append(got, strings.Join([]string{g.Database, string(g.Kind), g.Object, g.Privilege, string(g.Extent), string(g.EndedBy)}, " | "))
	}
	require.ElementsMatch(t, []string{
		" | membership | role reporting | member by default with ADMIN OPTION | cluster-wide | unlink",
		" | membership | role billing@10.% | member by default | cluster-wide | unlink",
		" | membership | granted to intern@% | member | cluster-wide | unlink",
		" | privilege | all databases | SELECT, REPLICATION SLAVE, GRANT OPTION, except SELECT in mysql | cluster-wide | unlink",
		" | privilege | all databases, dynamic | BACKUP_ADMIN, CLONE_ADMIN | cluster-wide | unlink",
		" | privilege | all databases, dynamic, with GRANT OPTION | XA_RECOVER_ADMIN, GRANT OPTION | cluster-wide | unlink",
		`shop\_% | privilege | database ` + "`shop\\_%`" + ` | SELECT | cluster-wide | revoke`,
		"shop | privilege | database shop | SELECT | database | revoke",
		"shop | privilege | table orders | INSERT, UPDATE | database | revoke",
		"shop | ownership | view v | DEFINER | database | reassign",
		"shop | ownership | event nightly | DEFINER | database | reassign",
	}, got)
	require.Equal(t, mysqlEngine, a.Engine)
	require.NotContains(t, string(a.Snapshot), "secret", "no hash of a second password is kept")
	require.Equal(t, "a role, with which nobody logs in", refTo(t, s, "reporting").Protected)

	m.partial = "1"
	for _, g := range refTo(t, s, "ada").Grants {
		require.False(t, g.Object == "database `shop\\_%`" && g.Extent == access.ExtentClusterWide, "with partial_revokes a %% is a %%")
	}
}

func TestDownTheLadderOnMySQLAndBack(t *testing.T) {
	t.Parallel()
	m, s := onModel(t)
	before := refTo(t, s, "ada")
	granted, edges, defaults := copies(m)
	ref := before.Ref
	_, err := s.Contain(t.Context(), ref, access.Lock)
	require.NoError(t, err)
	_, err = s.Contain(t.Context(), ref, access.Kill)
	require.NoError(t, err)
	alive, err := s.EndSessions(t.Context(), ref)
	require.NoError(t, err)
	require.Zero(t, alive)
	require.Equal(t, map[string]string{"8": "grace"}, m.sessions)

	var steps []access.Step
	for _, g := range before.Grants {
		switch {
		case g.EndedBy == access.Unlink:
			steps = append(steps, access.Step{Action: access.Unlink, Account: ref, Object: g.Object})
		case g.Database == `shop\_%`:
			steps = append(steps, access.Step{Action: access.Revoke, Account: ref, Database: g.Database})
		}
	}
	steps = append(steps, access.Step{Action: access.Reassign, Account: ref, Database: "shop", Successor: "grace"}, access.Step{Action: access.Delete, Account: ref})
	do := map[access.Action]func(access.Step) (access.Receipt, error){
		access.Unlink:   func(x access.Step) (access.Receipt, error) { return s.Unlink(t.Context(), x) },
		access.Revoke:   func(x access.Step) (access.Receipt, error) { return s.Revoke(t.Context(), x) },
		access.Reassign: func(x access.Step) (access.Receipt, error) { return s.Reassign(t.Context(), x) },
		access.Delete:   func(x access.Step) (access.Receipt, error) { return s.Delete(t.Context(), x) },
	}
	for _, step := range steps {
		for _, again := range []bool{false, true} {
			r, err := do[step.Action](step)
			require.NoError(t, err, "%+v", step)
			require.Equal(t, again, r.Already, "%+v", step)
		}
	}
	seen, err := s.Look(t.Context(), ref)
	require.NoError(t, err)
	require.True(t, seen.Gone(), "%+v", seen)
	require.Equal(t, "alter user "+ada+" account lock", m.changes[0])
	require.Equal(t, "alter user "+ada+" discard old password", m.changes[2])
	require.Contains(t, m.changes, "revoke "+billing+" from "+ada)
	require.Contains(t, m.changes, "revoke "+ada+" from "+intern)
	require.Equal(t, grace, m.objects["view `shop`.`v`"])

	slices.Reverse(steps)
	for _, step := range steps {
		before.Ref = step.Account
		back, err := s.Restore(t.Context(), before, step)
		require.NoError(t, err, "%+v", step)
		require.Empty(t, back.Missing, "%+v", step)
	}
	back, err := s.Restore(t.Context(), before, access.Step{Action: access.Contain, Account: ref, Mode: access.Kill})
	require.NoError(t, err)
	require.NotEmpty(t, back.Secret)
	require.NotContains(t, strings.Join(m.changes, "\n"), back.Secret, "the server gets a hash")
	require.Contains(t, m.changes, "revoke SELECT on `mysql`.* from "+ada, "the restriction comes back with the privilege")
	delete(m.granted, ada+" `mysql`.*") // the model keeps no restrictions
	nowGranted, nowEdges, nowDefaults := copies(m)
	require.Equal(t, granted, nowGranted)
	require.Equal(t, edges, nowEdges)
	require.ElementsMatch(t, defaults[ada], nowDefaults[ada])
	require.Equal(t, ada, m.objects["view `shop`.`v`"])
	require.False(t, m.users[ada].locked)
}

func TestRotateOnMySQL(t *testing.T) {
	t.Parallel()
	m, s := onModel(t)
	before := refTo(t, s, "ada")
	r, err := s.Rotate(t.Context(), before.Ref)
	require.NoError(t, err)
	require.Equal(t, "alter user "+ada+" discard old password", m.changes[0])
	salt := m.users[ada].hash[len(sha2Prefix) : len(sha2Prefix)+sha2Salt]
	require.Equal(t, sha2Prefix+salt+sha2Hash(r.Secret, salt), m.users[ada].hash)
	require.NotContains(t, strings.Join(m.changes, "\n"), r.Secret)
	after := refTo(t, s, "ada")
	require.Equal(t, r.ForeignID, after.ForeignID)
	require.Equal(t, before.Grants, after.Grants)
}

// copies are copies of what the model has, without what is empty.
func copies(m *model) (map[string][]string, map[[2]string]bool, map[string][]string) {
	granted, edges, defaults := map[string][]string{}, map[[2]string]bool{}, map[string][]string{}
	for at, has := range m.granted {
		for p, grantable := range has {
			if grantable {
				p += " +"
			}
			granted[at] = append(granted[at], p)
		}
		slices.Sort(granted[at])
	}
	maps.Copy(edges, m.edges)
	for who, roles := range m.defaults {
		defaults[who] = slices.Clone(roles)
	}
	return granted, edges, defaults
}

func TestRoutinesAndTriggersOfMySQLAreLeftToAPerson(t *testing.T) {
	t.Parallel()
	m, s := onModel(t)
	m.objects["procedure `shop`.`p`"], m.objects["trigger `shop`.`t`"] = ada, ada
	ref := refTo(t, s, "ada").Ref
	_, err := s.Reassign(t.Context(), access.Step{Action: access.Reassign, Account: ref, Database: "shop", Successor: "grace"})
	e, ok := errors.AsType[*provider.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, provider.Rejected, e.Kind, "%v", err)
	require.Len(t, e.Blockers, 2)
	require.Contains(t, e.Blockers[0].Remedy, "DROP it and CREATE DEFINER=")
	require.Empty(t, m.changes, "nothing was done by half")
}

func TestPreflightOnMySQL(t *testing.T) {
	t.Parallel()
	m, s := onModel(t)
	find := func(name string) provider.Check {
		checks, err := s.Preflight(t.Context())
		require.NoError(t, err)
		i := slices.IndexFunc(checks, func(c provider.Check) bool { return c.Name == name })
		require.GreaterOrEqual(t, i, 0, name)
		return checks[i]
	}
	require.False(t, find("this kind of server was tried").OK)
	require.True(t, find("may end sessions").OK)
	require.True(t, find("administers every role").OK)
	require.Equal(t, "GRANT SET_USER_ID, CREATE VIEW, DROP, CREATE ROUTINE, ALTER ROUTINE ON *.* TO `sever`", find("may hand definers over").Remedy)
	m.own = append(m.own, "REVOKE SELECT ON `hr`.* FROM `sever`@`%`", "GRANT SET_ANY_DEFINER ON *.* TO `sever`@`%`")
	require.Equal(t, "GRANT SELECT ON *.* TO `sever`", find("sees every definer").Remedy, "what is taken back in one database is lacking")
	require.NotContains(t, find("may hand definers over").Remedy, "SET_USER_ID")
	m.own = []string{"GRANT SUPER ON *.* TO `sever`@`%`"}
	require.True(t, find("may end sessions").OK)
}

func TestWhatMySQLRefuses(t *testing.T) {
	t.Parallel()
	m, s := onModel(t)
	ref := refTo(t, s, "ada").Ref
	for _, c := range []struct { // in this order: the second locks the account first
		beginning string
		refusal   *driver.MySQLError
	}{
		{"alter user", &driver.MySQLError{Number: 1396, Message: "Operation ALTER USER failed for 'ada'@'%'"}},
		{"revoke `rep", &driver.MySQLError{Number: 3628, Message: "The role `reporting`@`%` is a mandatory role and can't be revoked or dropped."}},
	} {
		beginning, refusal := c.beginning, c.refusal
		m.refuses = map[string]*driver.MySQLError{beginning: refusal}
		_, err := s.Contain(t.Context(), ref, access.Lock)
		if beginning != "alter user" {
			require.NoError(t, err)
			_, err = s.Unlink(t.Context(), access.Step{Action: access.Unlink, Account: ref, Object: "role reporting"})
		}
		require.Equal(t, provider.Rejected, provider.KindOf(err), "%v", err)
		require.ErrorContains(t, err, refusal.Message)
	}
	m.refuses = map[string]*driver.MySQLError{"select @@partial_revokes": {Number: unknownVariable, Message: "Unknown system variable"}}
	_, err := s.Contain(t.Context(), ref, access.Lock)
	require.Equal(t, provider.Denied, provider.KindOf(err), "%v", err)
}
