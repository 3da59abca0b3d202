package chaos

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"

	driver "github.com/go-sql-driver/mysql"

	"github.com/severhq/sever/internal/dev/mariadb"
	"github.com/severhq/sever/internal/provider/catalog"
)

// maria is the MariaDB server of a world, and a way to it past the proxy and the tap.
type maria struct {
	*server
	*mariadb.Server
	tap *tap
	db  *sql.DB // as root; each use logs in anew, for the server may have been killed
}

// startMaria starts the server, which keeps what it said yes to when it is killed, the
// tap before it and the proxy before that.
func (w *world) startMaria(ctx context.Context) error {
	s, err := mariadb.Start(ctx, mariadb.Options{Dir: filepath.Join(w.home, "maria"),
		Settings: map[string]string{"innodb-flush-log-at-trx-commit": "2", "event-scheduler": "OFF"}})
	if err != nil {
		return err
	}
	m := &maria{server: &server{part: s, stop: s.Stop}, Server: s}
	w.maria, m.db = m, m.open("", "")
	if m.tap, err = startTap(w.wire, s.Addr, m.whose); err != nil {
		return err
	}
	if w.proxies[Maria], err = startProxy(Maria, m.tap.l.Addr().String()); err != nil {
		return err
	}
	return m.run(ctx, "create database wiki", "create table wiki.pages (id int, title text)", "insert into wiki.pages values (1, 'first')", "create role chaos_editors",
		"create user "+adminLogin+"@`%` identified by '"+password+"'", "grant all privileges on *.* to "+adminLogin+"@`%` with grant option",
		mariaLock, mariaUnlock, "grant chaos_editors to "+adminLogin+"@`%` with admin option", "grant proxy on ``@`%` to "+adminLogin+"@`%` with grant option",
		"create user chaos_stays@`%` identified by 'p'", "grant chaos_editors to chaos_stays@`%`", "grant select on wiki.* to chaos_stays@`%`")
}

// settings are the variables of its connection.
func (m *maria) settings(addr string) []string {
	at := url.URL{Scheme: "mysql", User: url.UserPassword(adminLogin, password), Host: addr}
	return []string{catalog.Prefix(Maria) + "URL=" + at.String(), catalog.Prefix(Maria) + "TLS=off"}
}

// open is a pool that keeps nothing, as root where nobody is named.
func (m *maria) open(name, password string) *sql.DB {
	c := m.Config()
	c.Logger = &driver.NopLogger{}
	if name != "" {
		c.User, c.Passwd = name, password
	}
	connector, err := driver.NewConnector(c)
	if err != nil {
		panic("chaos: " + err.Error()) // the configuration is ours
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(-1)
	return db
}

func (m *maria) close() error {
	var errs []error
	if m.tap != nil {
		errs = append(errs, m.tap.l.Close())
	}
	return errors.Join(append(errs, m.db.Close(), m.stop())...)
}

func (m *maria) run(ctx context.Context, statements ...string) error {
	c, err := m.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, s := range statements {
		if _, err := c.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// column is what a query of one column returns.
func (m *maria) column(ctx context.Context, query string) (out []string, err error) {
	found, err := m.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var line string
		if err := found.Scan(&line); err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, found.Err()
}

// whose is the name of whoever has a session now. A server that does not answer has none.
func (m *maria) whose(session string) string {
	ctx, cancel := context.WithTimeout(context.Background(), pingLimit)
	defer cancel()
	who, err := m.column(ctx, `select user from information_schema.processlist where id = `+session)
	if err != nil || len(who) == 0 {
		return ""
	}
	return who[0]
}

// facts are the server's own tables, a line for each thing. What is about an account says
// whether it lets anybody in before all else that is known of it.
var facts = []struct{ what, query string }{
	{"account", `select concat(user, '@', host, if(json_value(priv, '$.account_locked') in ('1', 'true'), ' locked ', ' open '), priv) from mysql.global_priv`},
	{"role", `select concat_ws(' ', role, 'of', concat(user, '@', host), admin_option) from mysql.roles_mapping`},
	{"rights in", `select concat_ws(' ', db, 'of', concat(user, '@', host), select_priv, insert_priv, update_priv, delete_priv, grant_priv, execute_priv) from mysql.db`},
	{"rights on", `select concat_ws(' ', db, table_name, 'of', concat(user, '@', host), table_priv, column_priv) from mysql.tables_priv`},
	{"rights on", `select concat_ws(' ', db, table_name, column_name, 'of', concat(user, '@', host), column_priv) from mysql.columns_priv`},
	{"rights on", `select concat_ws(' ', db, routine_name, routine_type, 'of', concat(user, '@', host), proc_priv) from mysql.procs_priv`},
	{"proxy", `select concat_ws(' ', concat(user, '@', host), 'as', concat(proxied_user, '@', proxied_host), with_grant) from mysql.proxies_priv`},
	{"view", `select concat_ws(' ', table_schema, table_name, 'of', definer, security_type) from information_schema.views where table_schema = 'wiki'`},
	{"routine", `select concat_ws(' ', routine_schema, routine_name, 'of', definer) from information_schema.routines where routine_schema = 'wiki'`},
	{"table", `select concat_ws(' ', table_schema, table_name) from information_schema.tables where table_schema = 'wiki' and table_type = 'BASE TABLE'`},
}

// everything is the server's account of itself.
func (m *maria) everything(ctx context.Context) (out []string, err error) {
	for _, f := range facts {
		lines, err := m.column(ctx, f.query)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.query, err)
		}
		for _, l := range lines {
			out = append(out, Maria+" "+f.what+" "+l)
		}
	}
	slices.Sort(out)
	return out, nil
}
