package mysql_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/cutproxy"
	"github.com/severhq/sever/internal/provider/mysql"
	"github.com/severhq/sever/internal/provider/providertest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Subject{
		New: contractWorld, Can: mysql.Spec.Engines["mariadb"], Parallel: true,
	})
}

func contractWorld(t *testing.T) providertest.World {
	t.Helper()
	w := makeWorld(t)
	w.person("ada", "%")
	w.person("adam", "%")
	w.person("grace", "%")
	w.person("carol", "localhost")
	w.sql("create role {reporting}", "create role {billing}", "grant {reporting} to {sever}@`%` with admin option", "grant {billing} to {sever}@`%` with admin option",
		"create database {shop}", "create table {shop}.orders (id int, secret text)", "create procedure {shop}.tally() select 1",
		"create database {archive}", "create table {archive}.old (id int)", "create table {archive}.older (id int)",
		"grant select, update, insert on {archive}.* to {grace}@`%`")
	for _, name := range []string{"ada", "adam"} {
		w.grantAll(name)
	}
	ada := w.ref(w.name("ada"), "%")
	session := w.mustLogin(ada.Name)
	_, err := session.ExecContext(t.Context(), "begin")
	require.NoError(t, err)

	proxied := w.throughProxy()
	p := w.open(w.urlAs(w.name("sever"), "steel-stapler", proxied.Addr()))
	drop := func(t *testing.T) {
		t.Helper()
		w.sql("drop user {ada}@`%`", "drop view {archive}.{ada}", "drop function {archive}.{ada}", "drop trigger {archive}.{ada}", "drop event {archive}.{ada}",
			"delete from mysql.proxies_priv where proxied_user = '[ada]'", "flush privileges")
		for _, id := range w.column("select id from information_schema.processlist where user = '[ada]'") {
			_, _ = w.admin.Exec("kill hard " + id)
		}
		require.Eventually(t, func() bool {
			return len(w.column("select id from information_schema.processlist where user = '[ada]'")) == 0
		}, longTime, shortTime)
	}
	return providertest.World{
		Provider: p, Planted: ada, Bystander: w.ref(w.name("adam"), "%"), Successor: w.ref(w.name("grace"), "%"), Protected: w.ref(w.name("sever"), "%"),
		CheckGrants: func(t *testing.T, got []access.Grant) {
			require.ElementsMatch(t, strings.Split(w.fill(contractGrants), "\n"), lines(got))
		},
		Sessions:  1,
		Normalize: normalize,
		Secrets:   []string{password, "steel-stapler"},
		Levers: providertest.Levers{
			Login: func(_ *testing.T, secret string) bool {
				if secret == "" {
					secret = password
				}
				return w.opens(ada.Name, secret)
			},
			Remove: drop,
			Recreate: func(t *testing.T) {
				drop(t)
				w.sql("create user {ada}@`%` identified by 'x'")
				w.grantAll("ada")
			},
			Break: func(_ *testing.T, _ access.Action, late bool) {
				if late {
					proxied.Fail(cutproxy.After)
				} else {
					proxied.Fail(cutproxy.Before)
				}
			},
			Down: func(*testing.T) { proxied.Down() },
			Up:   func(*testing.T) { proxied.Up() },
		},
	}
}

// grantAll gives an account one of each kind of grant.
func (w *world) grantAll(name string) {
	w.Helper()
	for _, s := range []string{
		"grant {reporting} to {x}@`%` with admin option", "grant {billing} to {x}@`%`", "set default role {billing} for {x}@`%`",
		"grant process, binlog admin on *.* to {x}@`%` require none with grant option max_queries_per_hour 5000",
		"grant proxy on {grace}@`%` to {x}@`%`", "grant proxy on {x}@`%` to {carol}@localhost with grant option",
		"grant select, create temporary tables, delete history on `[shop]`.* to {x}@`%` with grant option",
		"grant insert on `[shop]\\_%`.* to {x}@`%`",
		"grant select, update (id), insert (id) on {shop}.orders to {x}@`%`", "grant execute on procedure {shop}.tally to {x}@`%` with grant option",
		"grant select, show view on {archive}.old to {x}@`%`", "grant select on {archive}.older to {x}@`%`",
		"create definer={x}@`%` view {archive}.{x} as select id, 'it''s' as s from {archive}.old where id > 1 with check option",
		"create definer={x}@`%` function {archive}.{x}(a int) returns int deterministic comment 'c' return a + 1",
		"create definer={x}@`%` trigger {archive}.{x} before insert on {archive}." + map[string]string{"ada": "old", "adam": "older"}[name] + " for each row set new.id = 1",
		"create definer={x}@`%` event {archive}.{x} on schedule every 1 day starts '2036-01-01' on completion preserve disable comment 'e' do delete from old",
	} {
		w.sql(strings.ReplaceAll(s, "{x}", "{"+name+"}"))
	}
}

const contractGrants = ` | membership | role [reporting] | member with ADMIN OPTION | cluster-wide | unlink
 | membership | role [billing] | member by default | cluster-wide | unlink
 | membership | proxy as [grace]@% | PROXY | cluster-wide | unlink
 | membership | proxied by [carol]@localhost | PROXY, GRANT OPTION | cluster-wide | unlink
 | privilege | all databases | PROCESS, BINLOG ADMIN, GRANT OPTION | cluster-wide | unlink
[shop] | privilege | database [shop] | SELECT, CREATE TEMPORARY TABLES, DELETE HISTORY, GRANT OPTION | database | revoke
[shop]\_% | privilege | database ` + "`[shop]\\_%`" + ` | INSERT | cluster-wide | revoke
[shop] | privilege | table orders | SELECT, INSERT (id), UPDATE (id) | database | revoke
[shop] | privilege | procedure tally | EXECUTE, GRANT OPTION | database | revoke
[archive] | privilege | table old | SELECT, SHOW VIEW | database | revoke
[archive] | privilege | table older | SELECT | database | revoke
[archive] | ownership | view [ada] | DEFINER | database | reassign
[archive] | ownership | function [ada] | DEFINER | database | reassign
[archive] | ownership | trigger [ada] | DEFINER | database | reassign
[archive] | ownership | event [ada] | DEFINER | database | reassign`

// normalize takes the id of the credential out of the record.
func normalize(a access.Account) access.Account {
	var s map[string]any
	if err := json.Unmarshal(a.Snapshot, &s); err != nil {
		return a
	}
	delete(s, "id")
	a.Snapshot, _ = json.Marshal(s)
	return a
}
