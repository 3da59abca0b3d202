package leaver

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/mariadb"
)

// Maria is a MariaDB server with people on it.
type Maria struct {
	server   *mariadb.Server
	password string
}

// MariaRoster are the lines of a roster for the people that PlantMaria makes, for a
// connection of that name. Ada has two accounts, as a name with two hosts is.
func MariaRoster(connection string) string {
	return strings.ReplaceAll("E1042,{c},ada,%,Ada Lovelace,ada@example.com\n"+
		"E1042,{c},ada,10.20.30.%,Ada Lovelace,ada@example.com\n"+
		"E3001,{c},carol,%,Carol Shaw,carol@example.com\n", "{c}", connection)
}

// PlantMaria makes a database, a role and the people. Ada has privileges at every level
// and is the definer of one object of each kind; what she defines works for grace.
func PlantMaria(ctx context.Context, s *mariadb.Server) (*Maria, error) {
	m := &Maria{server: s, password: rand.Text()}
	db, err := m.open("")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for statement := range strings.SplitSeq(mariaScript, ";\n") {
		if _, err := conn.ExecContext(ctx, strings.ReplaceAll(statement, "{password}", m.password)); err != nil {
			return nil, fmt.Errorf("plant on MariaDB: %w", err)
		}
	}
	return m, nil
}

// Admin is how the demonstration's Sever logs in, without TLS.
func (m *Maria) Admin() config.Secret {
	u := url.URL{Scheme: "mysql", User: url.UserPassword(adminRole, m.password), Host: m.server.Addr}
	return config.NewSecret(u.String())
}

// open is a pool of nothing: each use logs in anew, as root when nobody is named.
func (m *Maria) open(who string) (*sql.DB, error) {
	c := m.server.Config()
	c.Logger = &mysql.NopLogger{}
	if who != "" {
		c.User, c.Passwd = who, m.password
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(-1)
	return db, nil
}

// Login tries to log in as somebody, now, and returns what the server said against it;
// nil when the door was open.
func (m *Maria) Login(ctx context.Context, who string) error {
	s, err := m.Open(ctx, who)
	if err == nil {
		s.Close()
	}
	return err
}

// MariaSession is one that somebody opened while they could.
type MariaSession struct {
	db   *sql.DB
	conn *sql.Conn
	ID   int64 // the server's number of it
}

// Open logs in and stays.
func (m *Maria) Open(ctx context.Context, who string) (*MariaSession, error) {
	db, err := m.open(who)
	if err != nil {
		return nil, err
	}
	s := &MariaSession{db: db}
	if s.conn, err = db.Conn(ctx); err == nil {
		err = s.conn.QueryRowContext(ctx, "select connection_id()").Scan(&s.ID)
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return s, nil
}

// Ask runs a query in the session and returns what was said against it; nil when the
// session lives.
func (s *MariaSession) Ask(ctx context.Context, query string) error {
	_, err := s.conn.ExecContext(ctx, query)
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) {
		return errors.New("the server has closed the connection")
	}
	return err
}

// Close ends the session, if it lives.
func (s *MariaSession) Close() {
	_ = s.conn.Close()
	_ = s.db.Close()
}

// Count asks as somebody for a number, or as root when nobody is named.
func (m *Maria) Count(ctx context.Context, who, query string) (n int, err error) {
	db, err := m.open(who)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	return n, db.QueryRowContext(ctx, query).Scan(&n)
}

// Named counts the rows of the server's own tables that name somebody: accounts,
// privileges, memberships, proxies, and what has somebody as its definer.
func (m *Maria) Named(ctx context.Context, who string) (int, error) {
	return m.Count(ctx, "", strings.ReplaceAll(`
select (select count(*) from mysql.global_priv where User = '{who}') + (select count(*) from mysql.db where User = '{who}')
     + (select count(*) from mysql.tables_priv where User = '{who}') + (select count(*) from mysql.columns_priv where User = '{who}')
     + (select count(*) from mysql.procs_priv where User = '{who}') + (select count(*) from mysql.roles_mapping where User = '{who}')
     + (select count(*) from mysql.proxies_priv where '{who}' in (User, Proxied_user)) + (select count(*) from mysql.proc where definer like '{who}@%')
     + (select count(*) from mysql.event where definer like '{who}@%')
     + (select count(*) from information_schema.VIEWS where DEFINER like '{who}@%') + (select count(*) from information_schema.TRIGGERS where DEFINER like '{who}@%')`,
		"{who}", who))
}

// Others is what the server has of everybody but these, to be held against a later look.
func (m *Maria) Others(ctx context.Context, not ...string) (accounts int, all string, err error) {
	db, err := m.open("")
	if err != nil {
		return 0, "", err
	}
	defer db.Close()
	names := "'" + strings.Join(not, "', '") + "'"
	err = db.QueryRowContext(ctx, `
select count(*), group_concat(User, '@', Host, Priv order by User, Host) from mysql.global_priv where User not in (`+names+`)`).Scan(&accounts, &all)
	return accounts, all, err
}

const mariaScript = "create database wiki;\n" +
	"create database wiki_archive;\n" +
	"use wiki;\n" +
	"create table wiki.pages (id int auto_increment primary key, title varchar(100), author varchar(80));\n" +
	"insert into wiki.pages (title, author) select concat('page ', seq), 'ada' from seq_1_to_200;\n" +
	"create role editors;\n" +
	"grant insert, update on wiki.pages to editors;\n" +
	"create user sever_admin identified by '{password}';\n" +
	"grant all privileges on *.* to sever_admin with grant option;\n" +
	"grant proxy on ''@'%' to sever_admin with grant option;\n" +
	"grant editors to sever_admin with admin option;\n" +
	"create user ada identified by '{password}', ada@'10.20.30.%' identified by '{password}', carol identified by '{password}', " +
	"grace identified by '{password}', adam identified by '{password}';\n" +
	"grant all privileges on wiki.* to grace;\n" +
	"grant select on wiki.* to adam;\n" +
	"grant editors to ada;\n" +
	"set default role editors for ada;\n" +
	"grant process on *.* to ada;\n" +
	"grant select, delete, create temporary tables on wiki.* to ada with grant option;\n" +
	"grant select on `wiki\\_%`.* to ada;\n" +
	"grant select, update (title) on wiki.pages to ada@'10.20.30.%';\n" +
	"create definer = ada view wiki.recent as select id, title from wiki.pages where id > 100;\n" +
	"create definer = ada function wiki.titles() returns int deterministic return (select count(*) from wiki.pages);\n" +
	"create definer = ada procedure wiki.tidy() delete from wiki.pages where title is null;\n" +
	"create definer = ada trigger wiki.stamp before insert on wiki.pages for each row set new.author = coalesce(new.author, 'nobody');\n" +
	"create definer = ada event wiki.nightly on schedule every 1 day disable do delete from wiki.pages where title is null;\n" +
	"grant execute on procedure wiki.tidy to ada@'10.20.30.%';\n" +
	"grant editors to carol;\n" +
	"grant select on wiki.pages to carol"
