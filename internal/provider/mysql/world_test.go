package mysql_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/mariadb"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/mysql"
)

func TestMain(m *testing.M) { devtest.Main(m) }

const password = "correct-horse"

const longTime, shortTime = 20 * time.Second, 5 * time.Millisecond

// world is one test's part of the server: its own accounts and databases, and a provider.
type world struct {
	*testing.T
	server *mariadb.Server
	suffix string
	admin  *sql.DB
	url    string // of our login
	my     *mysql.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	return makeWorld(t)
}

func makeWorld(t *testing.T) *world {
	t.Helper()
	return worldOn(t, devtest.MariaDB(t))
}

func worldOn(t *testing.T, server *mariadb.Server) *world {
	t.Helper()
	w := &world{T: t, server: server, suffix: fmt.Sprintf("_%08x", rand.Uint32())}
	connector, err := driver.NewConnector(w.server.Config())
	require.NoError(t, err)
	w.admin = sql.OpenDB(connector)
	w.admin.SetMaxIdleConns(1)
	t.Cleanup(w.clean)
	w.sql("create user {sever}@`%` identified by 'steel-stapler'", "grant all privileges on *.* to {sever}@`%` with grant option", "grant proxy on ``@`%` to {sever}@`%` with grant option")
	w.url = w.urlAs(w.name("sever"), "steel-stapler", w.server.Addr)
	w.my = w.open(w.url)
	return w
}

// clean drops what has the test's suffix.
func (w *world) clean() {
	defer w.admin.Close()
	for _, q := range []string{
		`select concat('drop database ', char(96), schema_name, char(96)) from information_schema.schemata where schema_name like '%` + w.suffix + `%'`,
		`select if(host = '', concat('drop role ', char(96), user, char(96)), concat('drop user ', char(96), replace(user, char(96), repeat(char(96), 2)), char(96), '@', char(96), host, char(96)))
		 from mysql.global_priv where user like '%` + w.suffix + `%' order by host desc`,
	} {
		for _, drop := range w.column(q) {
			_, _ = w.admin.Exec(drop)
		}
	}
}

func (w *world) urlAs(user, pass, addr string) string {
	u := url.URL{Scheme: "mysql", User: url.UserPassword(user, pass), Host: addr}
	return u.String()
}

// open makes a provider.
func (w *world) open(url string) *mysql.Server {
	w.Helper()
	p, err := mysql.Spec.Open(provider.Settings{Connection: "my", Prefix: "SEVER_CONN_MY_",
		Vars: config.Vars{"SEVER_CONN_MY_URL": url, "SEVER_CONN_MY_TLS": "off"}})
	require.NoError(w, err)
	w.Cleanup(p.Close)
	return p.(*mysql.Server)
}

func (w *world) name(base string) string { return base + w.suffix }

// fill writes the names of the test into SQL: {ada} becomes `ada_1f2e3d4c`, [ada] the
// same without quotes.
func (w *world) fill(text string) string {
	for _, q := range []struct{ open, shut, quote string }{{"{", "}", "`"}, {"[", "]", ""}} {
		var b strings.Builder
		for {
			before, rest, ok := strings.Cut(text, q.open)
			b.WriteString(before)
			if !ok {
				break
			}
			name, after, _ := strings.Cut(rest, q.shut)
			b.WriteString(q.quote + w.name(name) + q.quote)
			text = after
		}
		text = b.String()
	}
	return text
}

// sql runs statements as root.
func (w *world) sql(statements ...string) {
	w.Helper()
	for _, s := range statements {
		_, err := w.admin.Exec(w.fill(s))
		require.NoError(w, err, s)
	}
}

// column is the first column of a query.
func (w *world) column(query string) []string {
	w.Helper()
	rows, err := w.admin.Query(w.fill(query))
	require.NoError(w, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		require.NoError(w, rows.Scan(&v))
		out = append(out, v)
	}
	require.NoError(w, rows.Err())
	return out
}

// person makes an account that can log in, and returns the reference to it.
func (w *world) person(base, host string) access.Ref {
	w.Helper()
	w.sql(fmt.Sprintf("create user {%s}@`%s` identified by '%s'", base, host, password))
	return w.ref(w.name(base), host)
}

// ref is the reference to an account as Accounts gives it.
func (w *world) ref(name, host string) access.Ref {
	w.Helper()
	for a, err := range w.my.Accounts(w.Context()) {
		require.NoError(w, err)
		if a.Name == name && a.Host == host {
			return a.Ref
		}
	}
	require.Fail(w, "no such account: "+name+"@"+host)
	return access.Ref{}
}

// login opens a session as a person.
func (w *world) login(name, pass string) (*sql.Conn, error) {
	c := w.server.Config()
	c.User, c.Passwd, c.Logger = name, pass, &driver.NopLogger{}
	connector, err := driver.NewConnector(c)
	require.NoError(w, err)
	db := sql.OpenDB(connector)
	w.Cleanup(func() { _ = db.Close() })
	return db.Conn(context.Background())
}

func (w *world) opens(name, pass string) bool {
	conn, err := w.login(name, pass)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func (w *world) mustLogin(name string) *sql.Conn {
	w.Helper()
	conn, err := w.login(name, password)
	require.NoError(w, err)
	return conn
}

func (w *world) look(ref access.Ref) access.Sighting {
	w.Helper()
	seen, err := w.my.Look(w.Context(), ref)
	require.NoError(w, err)
	return seen
}

// endSessions does what the ladder does: again and again until none twice in a row.
func (w *world) endSessions(ref access.Ref) {
	w.Helper()
	zeros := 0
	require.Eventually(w, func() bool {
		alive, err := w.my.EndSessions(w.Context(), ref)
		require.NoError(w, err)
		if zeros++; alive > 0 {
			zeros = 0
		}
		return zeros == 2
	}, 20*time.Second, time.Millisecond)
}

func (w *world) rejected(err error) string {
	w.Helper()
	require.Error(w, err)
	require.Equal(w, provider.Rejected, provider.KindOf(err), "%v", err)
	return err.Error()
}

// lines are grants on one line each.
func lines(grants []access.Grant) []string {
	out := make([]string, len(grants))
	for i, g := range grants {
		out[i] = fmt.Sprintf("%s | %s | %s | %s | %s | %s", g.Database, g.Kind, g.Object, g.Privilege, g.Extent, g.EndedBy)
	}
	return out
}
