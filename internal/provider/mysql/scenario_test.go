package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

func TestAccountsAreNameAndHost(t *testing.T) {
	w := newWorld(t)
	w.sql("create role {ada}") // a role may have the name of a person
	anywhere, here := w.person("ada", "%"), w.person("ada", "10.1.2.3")
	for a, err := range w.my.Accounts(t.Context()) {
		require.NoError(t, err)
		if a.Name == w.name("ada") {
			require.Equal(t, a.Host == "", a.Protected != "", "%+v", a)
			require.Equal(t, a.Host == "", a.Attributes["kind"] == "role", "%+v", a)
		}
	}
	_, err := w.my.Contain(t.Context(), here, access.Lock)
	require.NoError(t, err)
	require.True(t, w.look(here).Account.Contained)
	require.False(t, w.look(anywhere).Account.Contained)
	require.True(t, w.opens(w.name("ada"), password))

	_, err = w.my.Delete(t.Context(), access.Step{Action: access.Delete, Account: here})
	require.NoError(t, err)
	require.True(t, w.look(here).Gone())
	require.True(t, w.look(anywhere).Exists)
}

func TestANameWithoutAHostIsNotAbsent(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	ref.Host, ref.ForeignID = "", ""
	seen := w.look(ref)
	require.False(t, seen.Exists)
	require.Len(t, seen.Gaps, 1)
	require.Contains(t, seen.Gaps[0].Why, w.name("ada")+"@%")
}

func TestHostileNames(t *testing.T) {
	w := newWorld(t)
	w.sql("create database `[shop'] ``x`", "create table `[shop'] ``x`.`o'r``d\"er` (id int)")
	for i, name := range []string{"o'brien", "a`b", `a"b`, `back\slash`, `a'@'b`, "ädä-ł", "日本", "x; drop user root", "--", "%", "a b", strings.Repeat("n", 71)} {
		full := name + w.suffix
		ref := access.Ref{Connection: "my", Resource: "server", Name: full, Host: "%"}
		quoted := "`" + strings.ReplaceAll(full, "`", "``") + "`@`%`"
		w.sql(fmt.Sprintf("create user %s identified by '%s'", quoted, password), "create role {role"+fmt.Sprint(i)+"}",
			"grant {role"+fmt.Sprint(i)+"} to {sever}@`%` with admin option", "grant {role"+fmt.Sprint(i)+"} to "+quoted,
			"grant select (id), insert on `[shop'] ``x`.`o'r``d\"er` to "+quoted)
		seen := w.look(ref)
		require.True(t, seen.Exists, name)
		require.Len(t, seen.Account.Grants, 2, name)
		ref = seen.Account.Ref
		for _, mode := range []access.Mode{access.Lock, access.Kill} {
			_, err := w.my.Contain(t.Context(), ref, mode)
			require.NoError(t, err, name)
		}
		require.False(t, w.opens(full, password), name)
		w.endSessions(ref)
		steps := []access.Step{
			{Action: access.Unlink, Object: "role " + w.name("role"+fmt.Sprint(i))},
			{Action: access.Revoke, Database: w.fill("[shop'] `x")}, {Action: access.Delete},
		}
		for _, s := range steps {
			s.Account = ref
			r, err := w.act(s)
			require.NoError(t, err, "%s %s", name, s.Action)
			require.False(t, r.Already, "%s %s", name, s.Action)
		}
		require.True(t, w.look(ref).Gone(), name)
	}
	require.NotEmpty(t, w.column("select user from mysql.global_priv where user = 'root'"))
}

func (w *world) act(s access.Step) (access.Receipt, error) {
	switch s.Action {
	case access.Unlink:
		return w.my.Unlink(w.Context(), s)
	case access.Revoke:
		return w.my.Revoke(w.Context(), s)
	case access.Reassign:
		return w.my.Reassign(w.Context(), s)
	case access.Delete:
		return w.my.Delete(w.Context(), s)
	}
	return w.my.Contain(w.Context(), s.Account, access.Lock)
}

func TestNamesThatAreRefusedReachNoServer(t *testing.T) {
	w := newWorld(t)
	p := w.throughProxy()
	w.my = w.open(w.urlAs("sever", "x", p.Addr()))
	p.Down() // whoever dials gets a transient error
	for _, name := range []string{"", "ada ", "a\x00b", "\xff", strings.Repeat("n", 129), strings.Repeat("n", 64<<10)} {
		ref := access.Ref{Connection: "my", Resource: "server", Name: name, Host: "%", ForeignID: "0123456789abcdef"}
		good := ref
		good.Name = "ada"
		_, err := w.my.Look(t.Context(), ref)
		w.rejected(err)
		_, err = w.my.EndSessions(t.Context(), ref)
		w.rejected(err)
		for _, s := range []access.Step{
			{Action: access.Contain, Account: ref}, {Action: access.Unlink, Account: ref, Object: "role x"}, {Action: access.Revoke, Account: ref, Database: "d"},
			{Action: access.Reassign, Account: ref, Database: "d", Successor: "s"}, {Action: access.Delete, Account: ref},
			{Action: access.Revoke, Account: good, Database: name}, {Action: access.Reassign, Account: good, Database: name, Successor: "s"},
			{Action: access.Reassign, Account: good, Database: "d", Successor: name},
		} {
			_, err := w.act(s)
			w.rejected(err)
		}
		good.Host = name
		_, err = w.my.Contain(t.Context(), good, access.Lock)
		w.rejected(err)
	}
}

func TestAnotherPasswordIsAnotherAccount(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	w.sql("set password for {ada}@`%` = password('mine alone')")
	_, err := w.my.Contain(t.Context(), ref, access.Lock)
	w.rejected(err)
	require.ErrorIs(t, err, provider.ErrAnotherAccount)
	require.True(t, w.opens(w.name("ada"), "mine alone"))
	now := w.look(ref)
	require.NotEqual(t, ref.ForeignID, now.Account.ForeignID)
	_, err = w.my.Contain(t.Context(), now.Account.Ref, access.Kill)
	require.NoError(t, err)
	require.Equal(t, now.Account.ForeignID, w.look(ref).Account.ForeignID, "what we do keeps the id")
}

func TestOtherWaysToLogInComeBack(t *testing.T) {
	w := newWorld(t)
	w.sql("create user {ada}@localhost identified via unix_socket or mysql_native_password using password('x') require ssl")
	ref := w.ref(w.name("ada"), "localhost")
	before := w.look(ref).Account
	require.NotContains(t, string(before.Snapshot), "*", "no hash of a password is kept")
	_, err := w.my.Contain(t.Context(), ref, access.Kill)
	require.NoError(t, err)
	back, err := w.my.Restore(t.Context(), before, access.Step{Action: access.Contain, Account: ref, Mode: access.Kill})
	require.NoError(t, err)
	require.NotEmpty(t, back.Secret)
	require.Contains(t, w.column("show create user {ada}@localhost")[0], "IDENTIFIED VIA unix_socket OR mysql_native_password")
	require.Contains(t, w.column("show create user {ada}@localhost")[0], "REQUIRE SSL")
}

func TestAnAccountThatWasLockedStaysLocked(t *testing.T) {
	w := newWorld(t)
	w.person("ada", "%")
	w.sql("alter user {ada}@`%` account lock")
	ref := w.ref(w.name("ada"), "%")
	before := w.look(ref).Account
	for _, mode := range []access.Mode{access.Lock, access.Kill} {
		_, err := w.my.Contain(t.Context(), ref, mode)
		require.NoError(t, err)
	}
	_, err := w.my.Restore(t.Context(), before, access.Step{Action: access.Contain, Account: ref, Mode: access.Kill})
	require.NoError(t, err)
	require.True(t, w.look(ref).Account.Contained)
}

func TestGivingBackMakesNoAccount(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	w.sql("create database {shop}", "grant select on `[shop]`.* to {ada}@`%`")
	before := w.look(ref).Account
	w.sql("drop user {ada}@`%`")
	_, err := w.my.Restore(t.Context(), before, access.Step{Action: access.Revoke, Account: ref, Database: w.name("shop")})
	require.Contains(t, w.rejected(err), "undo its deletion first")
	require.True(t, w.look(ref).Gone())
}

func TestWhatIsLeftOfADroppedAccountIsSeen(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	w.sql("create database {shop}", "create definer={ada}@`%` view {shop}.v as select 1", "drop user {ada}@`%`")
	seen := w.look(ref)
	require.False(t, seen.Exists)
	require.False(t, seen.Gone())
	require.Contains(t, seen.Residue[0], "view v")
}

func TestPatternsAreTakenAsTheyStand(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	w.sql("create database {a}", "grant select on `[a]`.* to {ada}@`%`", "grant insert on `"+strings.ReplaceAll(w.name("a"), "_", `\_`)+"`.* to {ada}@`%`",
		"grant update on `[a]%`.* to {ada}@`%`")
	_, err := w.my.Revoke(t.Context(), access.Step{Action: access.Revoke, Account: ref, Database: w.name("a")})
	require.NoError(t, err)
	require.Equal(t, []string{w.fill("[a]% | privilege | database `[a]%` | UPDATE | cluster-wide | revoke")}, lines(w.look(ref).Account.Grants))
	_, err = w.my.Revoke(t.Context(), access.Step{Action: access.Revoke, Account: ref, Database: w.name("a") + "%"})
	require.NoError(t, err)
	require.Empty(t, w.look(ref).Account.Grants)
}

func TestASessionThatReconnectsIsEnded(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	for range 3 {
		w.mustLogin(ref.Name)
	}
	require.Equal(t, 3, w.look(ref).Sessions)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			default:
				_, _ = w.login(ref.Name, password) // left open
			}
		}
	}()
	_, err := w.my.Contain(t.Context(), ref, access.Lock)
	require.NoError(t, err)
	w.endSessions(ref)
	close(done)
	<-stopped
	require.Zero(t, w.look(ref).Sessions)
	require.False(t, w.opens(ref.Name, password))
}

func TestAnAdministratorWhoIsNotTheLast(t *testing.T) {
	w := newWorld(t)
	w.person("ada", "%")
	w.sql("grant all privileges on *.* to {ada}@`%` with grant option")
	ref := w.ref(w.name("ada"), "%")
	before := w.look(ref).Account
	require.Empty(t, before.Protected)
	require.Equal(t, []string{" | privilege | all databases | ALL PRIVILEGES, GRANT OPTION | cluster-wide | unlink"}, lines(before.Grants))
	step := access.Step{Action: access.Unlink, Account: ref, Object: "all databases"}
	_, err := w.my.Unlink(t.Context(), step)
	require.NoError(t, err)
	require.Empty(t, w.look(ref).Account.Grants)
	_, err = w.my.Restore(t.Context(), before, step)
	require.NoError(t, err)
	require.Equal(t, before, w.look(ref).Account)
}

func TestDroppedBySomebodyElseMeanwhile(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	w.mustLogin(ref.Name)
	w.sql("drop user {ada}@`%`") // ends no session
	require.False(t, w.look(ref).Gone())
	require.Equal(t, 1, w.look(ref).Sessions)
	w.endSessions(ref)
	for _, s := range []access.Step{{Action: access.Contain}, {Action: access.Unlink, Object: "role x"}, {Action: access.Revoke, Database: "d"}, {Action: access.Delete}} {
		s.Account = ref
		r, err := w.act(s)
		require.NoError(t, err)
		require.True(t, r.Already)
	}
	require.True(t, w.look(ref).Gone())
}

func TestTheServerIsDownForAWhileAndBack(t *testing.T) {
	w := newWorld(t)
	ref := w.person("ada", "%")
	p := w.throughProxy()
	w.my = w.open(w.urlAs(w.name("sever"), "steel-stapler", p.Addr()))
	p.Down()
	_, err := w.my.Contain(t.Context(), ref, access.Lock)
	require.Equal(t, provider.Transient, provider.KindOf(err), "%v", err)
	p.Up()
	r, err := w.my.Contain(t.Context(), ref, access.Lock)
	require.NoError(t, err)
	require.False(t, r.Already)
}

func TestWhatError1396IsAboutIsReadBack(t *testing.T) {
	w := newWorld(t)
	p := w.throughProxy()
	w.my = w.open(w.urlAs(w.name("sever"), "steel-stapler", p.Addr()))
	for _, s := range []access.Step{{Action: access.Contain}, {Action: access.Delete}} {
		s.Account = w.person("ada", "%")
		p.During(func() { w.sql("drop user {ada}@`%`") })
		r, err := w.act(s)
		require.NoError(t, err)
		require.Equal(t, access.Receipt{Already: true, Words: "there is no such account"}, r, "gone between our look and our statement")
	}
}
