package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	driver "github.com/go-sql-driver/mysql"
)

// pool keeps no connection: each call opens its own. So what a call sees was seen from
// outside, after all that came before.
func pool(dsn *driver.Config, most int) (*sql.DB, error) {
	connector, err := driver.NewConnector(dsn)
	if err != nil {
		return nil, errURL
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(-1)
	return db, nil
}

// session is one connection, with what the server says about itself.
type session struct {
	*sql.Conn
	dialect
	version string // 10.11.19-MariaDB-...
	ours    identity
	at      string
}

// identity is a name and a host, of an account or (with an empty host) of a role.
type identity struct {
	User string `json:"user"`
	Host string `json:"host"`
}

const aboutUs = `select version(), current_user(), utc_timestamp(3)`

// with runs fn on a connection of its own.
func (s *Server) with(ctx context.Context, fn func(*session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if n := number(err); n == 1045 || n == 1698 { // which mean another thing later on
		return fmt.Errorf("%w: %w", errLogin, err)
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	c := &session{Conn: conn}
	var us string
	if err := conn.QueryRowContext(ctx, aboutUs).Scan(&c.version, &us, &c.at); err != nil {
		return err
	}
	c.ours = splitAccount(us)
	if c.dialect, err = s.product(ctx, c); err != nil {
		return err
	}
	return fn(c)
}

// splitAccount reads name@host as the server writes it, unquoted. A host holds no @.
func splitAccount(text string) identity {
	i := strings.LastIndexByte(text, '@')
	if i < 0 {
		return identity{User: text}
	}
	return identity{text[:i], text[i+1:]}
}

// exec sends statements that change something, one by one.
func (c *session) exec(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		if _, err := c.ExecContext(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// rows calls read for each row of an answer.
func (c *session) rows(ctx context.Context, read func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// records calls read with each row of an answer whose columns differ between versions.
func (c *session) records(ctx context.Context, read func(names, values []string) error, query string, args ...any) error {
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		found := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range found {
			into[i] = &found[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		values := make([]string, len(names))
		for i := range found {
			values[i] = found[i].String
		}
		if err := read(names, values); err != nil {
			return err
		}
	}
	return rows.Err()
}
