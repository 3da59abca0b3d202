package postgres_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/cutproxy"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/provider/postgres"
	"github.com/severhq/sever/internal/provider/providertest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	for _, s := range devtest.Servers(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			sessionsOfNobody(s).RLock()
			t.Cleanup(sessionsOfNobody(s).RUnlock)
			providertest.Run(t, providertest.Subject{
				New:      func(t *testing.T) providertest.World { return contractWorld(t, s) },
				Can:      postgres.Spec.Engines["postgres"],
				Parallel: true,
			})
		})
	}
}

func contractWorld(t *testing.T, s devtest.Named) providertest.World {
	w := &world{T: t, server: s, suffix: fmt.Sprintf("_%08x", rand.Uint32())}
	w.pg = w.open(nil)
	w.person("ada")
	w.person("adam")
	w.contractDatabases()
	w.sql("postgres", "create role {grace}", "create role {reporting}", "create role {billing}", "create role {intern}")
	w.sql(shop, "create schema {s}")
	for _, name := range []string{"ada", "adam"} {
		w.grantAll(name)
	}
	ada := w.ref(w.name("ada"))
	session := w.mustLogin(shop, ada.Name)
	_, err := session.Exec(w.Context(), "begin")
	require.NoError(w, err)

	proxied, dsn := w.throughProxy()
	p := w.open(config.Vars{"SEVER_CONN_PG_URL": dsn})
	drop := func(t *testing.T) {
		t.Helper()
		w.sql(shop, "drop owned by {ada}")
		w.sql(archive, "drop owned by {ada}")
		w.sql("postgres", "drop role {ada}")
		w.eventually("its sessions end", func() bool {
			return len(w.query("postgres", "select pg_terminate_backend(pid)::text from pg_stat_activity where usesysid = "+ada.ForeignID)) == 0
		})
	}
	return providertest.World{
		Provider: p, Planted: ada, Bystander: w.ref(w.name("adam")), Successor: w.ref(w.name("grace")), Protected: w.ref("pg_read_server_files"),
		CheckGrants: func(t *testing.T, got []access.Grant) {
			require.Equal(t, strings.Split(w.fill(contractGrants), "\n"), lines(got))
		},
		Sessions:  1,
		Normalize: normalize,
		Secrets:   []string{password, secretOf(dsn)},
		Levers: providertest.Levers{
			Login: func(_ *testing.T, secret string) bool {
				if secret == "" {
					secret = password
				}
				conn, err := w.login("postgres", ada.Name, secret)
				if err == nil {
					_ = conn.Close(w.Context())
				}
				return err == nil
			},
			Remove: drop,
			Recreate: func(t *testing.T) {
				drop(t)
				w.sql("postgres", "create role {ada} login password 'x'")
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

// The worlds of the contract share two databases, because making one takes longer
// than a test. What is in them has names of its own.
const shop, archive = "contract_shop", "contract_archive"

var contractDatabases sync.Map // by server

func (w *world) contractDatabases() {
	w.Helper()
	once, _ := contractDatabases.LoadOrStore(w.server.Name, &sync.Once{})
	once.(*sync.Once).Do(func() { w.sql("postgres", "create database "+shop, "create database "+archive) })
}

// grantAll gives a role one of each kind of grant that can be given back whole.
func (w *world) grantAll(name string) {
	w.Helper()
	one := func(sql ...string) []string {
		for i := range sql {
			sql[i] = strings.ReplaceAll(sql[i], "{x}", "{"+name+"}")
		}
		return sql
	}
	w.sql("postgres", one("comment on role {x} is 'analyst'", "alter role {x} connection limit 7 createdb",
		"alter role {x} set work_mem = '8MB'", "grant {reporting}, {billing} to {x}", "grant {x} to {intern}")...)
	w.sql(shop, one("create table if not exists {s}.orders (id int, secret text)", "grant select, insert on {s}.orders to {x}",
		"grant update (id) on {s}.orders to {x}", "grant usage on schema {s} to {x}",
		"alter default privileges in schema {s} grant select on tables to {x}")...)
	w.sql(archive, one("create table {x}_old (id serial, x int)", "alter table {x}_old owner to {x}",
		"create table if not exists {new} (x int)", "grant select on {new} to {x}")...)
}

const contractGrants = ` | membership | member {intern} | member, granted by postgres | unlink
 | membership | role {billing} | member, granted by postgres | unlink
 | membership | role {reporting} | member, granted by postgres | unlink
 | privilege | server | CREATEDB: new databases | delete
contract_archive | ownership | sequence public.{ada}_old_id_seq | owner | reassign
contract_archive | ownership | table public.{ada}_old | owner | reassign
contract_archive | privilege | table public.{new} | SELECT | revoke
contract_shop | default privilege | default acl for role postgres in schema {s} on tables | SELECT | revoke
contract_shop | privilege | schema {s} | USAGE | revoke
contract_shop | privilege | table column {s}.orders.id | UPDATE | revoke
contract_shop | privilege | table {s}.orders | INSERT, SELECT | revoke`

// normalize takes from an account the numbers of what was made anew, and whether it
// has a password: one that was made anew has none until it is opened.
func normalize(a access.Account) access.Account {
	a.Attributes = maps.Clone(a.Attributes)
	delete(a.Attributes, "password")
	var s map[string]any
	if err := json.Unmarshal(a.Snapshot, &s); err != nil {
		return a
	}
	delete(s, "password")
	drop(s, "oid")
	a.Snapshot, _ = json.Marshal(s)
	return a
}

// secretOf is the password in a URL.
func secretOf(text string) string {
	u, _ := url.Parse(text)
	secret, _ := u.User.Password()
	return secret
}

// drop removes a key at every depth, and brings lists into an order of their own.
func drop(v any, key string) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, key)
		for _, child := range v {
			drop(child, key)
		}
	case []any:
		for _, child := range v {
			drop(child, key)
		}
		slices.SortFunc(v, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
}
