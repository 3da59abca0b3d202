package hostile_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"sort"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/mariadb"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/mysql"
)

// onMariaDB is a MariaDB server.
type onMariaDB struct {
	*mariadb.Server
	mariaDialect
}

func (s onMariaDB) connection(t *testing.T, name string, as person, address string) catalog.Connection {
	t.Helper()
	c := s.Config()
	if as.name != "" {
		c.User, c.Passwd = as.name, as.password
	}
	if address != "" {
		c.Addr = address
	}
	u := url.URL{Scheme: "mysql", User: url.UserPassword(c.User, c.Passwd), Host: c.Addr}
	prefix := catalog.Prefix(name)
	p, err := mysql.Spec.Open(provider.Settings{Connection: name, Prefix: prefix, Vars: config.Vars{
		prefix + "URL": u.String(), prefix + "TLS": "off"}})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return catalog.Connection{Name: name, Spec: mysql.Spec, Provider: p, Owner: "dba@example.com"}
}

// open makes a pool of one connection.
func (s onMariaDB) open(who person) *sql.DB {
	c := s.Config()
	c.Logger = &driver.NopLogger{}
	if who.name != "" {
		c.User, c.Passwd = who.name, who.password
	}
	connector, err := driver.NewConnector(c)
	if err != nil {
		panic("hostile: " + err.Error()) // the configuration is ours
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db
}

func (s onMariaDB) run(t *testing.T, database string, statements ...string) {
	t.Helper()
	db := s.open(person{})
	defer db.Close()
	if database != "" {
		statements = append([]string{"use " + s.quote(database)}, statements...)
	}
	for _, q := range append([]string{"set session sql_mode = 'NO_BACKSLASH_ESCAPES'"}, statements...) {
		_, err := db.Exec(q)
		require.NoError(t, err, "%s", q)
	}
}

func (s onMariaDB) connect(ctx context.Context, who person, _ string) (session, bool, error) {
	db := s.open(who)
	conn, err := db.Conn(ctx)
	if err != nil {
		_ = db.Close()
		e, ok := errors.AsType[*driver.MySQLError](err)
		return nil, ok && (e.Number == 1045 || e.Number == 1698 || e.Number == 4151), err
	}
	return mariaSession{db, conn}, false, nil
}

// column is the first column of a query.
func column(t *testing.T, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.Query(query, args...)
	require.NoError(t, err, "%s", query)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		require.NoError(t, rows.Scan(&v))
		out = append(out, v)
	}
	require.NoError(t, rows.Err())
	return out
}

// itself is the row of one account, letter for letter: the server compares loosely.
const itself = ` from mysql.global_priv where cast(user as binary) = cast(? as binary) and host = ?`

func (s onMariaDB) account(t *testing.T, who person) (exists bool, sessions int) {
	t.Helper()
	db := s.open(person{})
	defer db.Close()
	require.NoError(t, db.QueryRow(`select (select count(*)`+itself+`) > 0,
		(select count(*) from information_schema.processlist where cast(user as binary) = cast(? as binary))`,
		who.name, who.host, who.name).Scan(&exists, &sessions))
	return exists, sessions
}

func (s onMariaDB) birthmark(t *testing.T, who person) string {
	t.Helper()
	db := s.open(person{})
	defer db.Close()
	return strings.Join(column(t, db, `select json_value(priv, '$.password_last_changed')`+itself, who.name, who.host), "")
}

func (s onMariaDB) state(t *testing.T, _ string, people ...person) string {
	t.Helper()
	db := s.open(person{})
	defer db.Close()
	var out []string
	for _, who := range people {
		record := column(t, db, `select priv`+itself, who.name, who.host)
		if len(record) == 0 {
			out = append(out, "none")
			continue
		}
		grants := column(t, db, "show grants for "+s.at(who))
		sort.Strings(grants)
		out = append(append(out, record...), grants...)
		out = append(out, column(t, db, `select concat(table_schema, '.', table_name) from information_schema.views where definer = concat(?, '@', ?) order by 1`, who.name, who.host)...)
	}
	return strings.Join(out, "\n")
}

func (s onMariaDB) owner(t *testing.T, database, thing string) string {
	t.Helper()
	db := s.open(person{})
	defer db.Close()
	return strings.TrimSuffix(strings.Join(column(t, db, `select definer from information_schema.views where table_schema = ? and table_name = ?`, database, thing), ","), "@%")
}

type mariaSession struct {
	db   *sql.DB
	conn *sql.Conn
}

func (s mariaSession) exec(ctx context.Context, statement string) error {
	_, err := s.conn.ExecContext(ctx, statement)
	return err
}

func (s mariaSession) number(ctx context.Context, query string) (n int, err error) {
	return n, s.conn.QueryRowContext(ctx, query).Scan(&n)
}

func (s mariaSession) close() { _, _ = s.conn.Close(), s.db.Close() }

type mariaDialect struct{}

func (mariaDialect) quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
func (mariaDialect) literal(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
func (mariaDialect) engine() string { return "MariaDB" }

func (d mariaDialect) at(who person) string { return d.quote(who.name) + "@" + d.quote(who.host) }

func (mariaDialect) everywhere(name, password string) person {
	return person{name: name, host: "%", password: password}
}

func (mariaDialect) neighbours(who person) []person {
	sum := sha256.Sum256([]byte(who.name)) // an address of each one's own
	nobody := fmt.Sprintf("10.%d.%d.%d", sum[0], sum[1], sum[2])
	return []person{
		{name: who.name, host: "10.9.8.7", password: "theirs", away: true},
		{name: "", host: nobody, password: "nobodys", away: true},
	}
}

func (d mariaDialect) create(who person) []string {
	return []string{"create user " + d.at(who) + " identified by " + d.literal(who.password)}
}

func (d mariaDialect) drop(who person) []string { return []string{"drop user " + d.at(who)} }

func (d mariaDialect) createDatabase(name string) string { return "create database " + d.quote(name) }

func (d mariaDialect) createTable(name string) []string {
	return []string{"create table " + d.quote(name) + " (id int)", "insert into " + d.quote(name) + " values (1)"}
}

func (d mariaDialect) letRead(who person, database, table string) []string {
	return []string{"grant select, update on " + d.quote(database) + "." + d.quote(table) + " to " + d.at(who)}
}

// letReadAll grants by a pattern that fits more than the one database.
func (d mariaDialect) letReadAll(who person, database string) []string {
	pattern := strings.ReplaceAll(database, "_", `\_`) + "%"
	return []string{"grant select, show view on " + d.quote(pattern) + ".* to " + d.at(who)}
}

func (d mariaDialect) owns(who person, database, thing, table string) []string {
	return []string{"create definer = " + d.at(who) + " sql security invoker view " + d.quote(database) + "." + d.quote(thing) +
		" as select * from " + d.quote(database) + "." + d.quote(table)}
}

func (d mariaDialect) createRole(role string) []string {
	return []string{"create role " + d.quote(role)}
}

func (d mariaDialect) join(who person, role string) []string {
	return []string{"grant " + d.quote(role) + " to " + d.at(who)}
}

func (d mariaDialect) become(role string) string { return "set role " + d.quote(role) }

func (d mariaDialect) count(database, table string) string {
	return "select count(*) from " + d.quote(database) + "." + d.quote(table)
}

func (d mariaDialect) transact(database, table string) []string {
	return []string{"begin", "update " + d.quote(database) + "." + d.quote(table) + " set id = id"}
}

func (mariaDialect) slowly(d time.Duration) string { return fmt.Sprintf("do sleep(%f)", d.Seconds()) }

func (d mariaDialect) administrator(who person) []string {
	return append(d.create(who), "grant all privileges on *.* to "+d.at(who)+" with grant option")
}

func (d mariaDialect) looker(who person) []string {
	return append(d.create(who), "grant select, show view, trigger, process on *.* to "+d.at(who))
}

func (d mariaDialect) promote(who person) []string {
	return []string{"grant all privileges on *.* to " + d.at(who) + " with grant option"}
}

func (d mariaDialect) weaken(who person) []string {
	return []string{"revoke update on *.* from " + d.at(who)}
}

func (d mariaDialect) blind(who person) []string {
	return []string{"revoke process on *.* from " + d.at(who)}
}

func (d mariaDialect) sighted(who person) []string {
	return []string{"grant process on *.* to " + d.at(who)}
}

func (mariaDialect) lacking() string { return "denied" }

func (d mariaDialect) strengthen(who person) []string {
	return []string{"grant update on *.* to " + d.at(who)}
}

func (mariaDialect) names(word string) []string {
	return append(hostileNames(word), "current_user", "public", " leading "+word, word+"@%", word+"'@'%",
		word+strings.Repeat("n", 63-len(word)), word+strings.Repeat("m", 64-len(word)), word+strings.Repeat("o", 80-len(word)), word+strings.Repeat("é", 128-len(word)))
}

// MariaDB cuts spaces off the end, and takes the rest for the name.
func (mariaDialect) strangers(word string) map[string]string {
	return map[string]string{"trailing " + word + " ": "trailing " + word, "long_" + word + strings.Repeat("n", 128): ""}
}
