package mysql

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// mariaDB is MariaDB from 10.4 on.
type mariaDB struct{ release }

func (mariaDB) engine() string { return "mariadb" }

// listed reads mysql.global_priv, which has a JSON document for each account and role.
func (mariaDB) listed(ctx context.Context, c *session, names ...string) ([]account, error) {
	query := `select Host, User, Priv from mysql.global_priv`
	var args []any
	if len(names) > 0 {
		query += ` where (cast(json_value(Priv, '$.access') as unsigned) & ?) = ? or User in (` + places(names) + `)`
		args = append(args, administers, administers)
	}
	for _, n := range names {
		args = append(args, n)
	}
	var out []account
	err := c.rows(ctx, func(scan func(...any) error) error {
		var who identity
		var record []byte
		if err := scan(&who.Host, &who.User, &record); err != nil {
			return err
		}
		a, err := recorded(who, record)
		out = append(out, a)
		return err
	}, query, args...)
	return out, err
}

// recorded reads the document of one account.
func recorded(who identity, record []byte) (a account, err error) {
	if err := json.Unmarshal(record, &a); err != nil {
		return a, fmt.Errorf("mysql.global_priv: the record of %s is not one that I know: %w", who, err)
	}
	a.identity = who
	return a, nil
}

// places are as many question marks.
func places(names []string) string {
	return strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")
}

// everywhere has the server's own words, which name privileges that its tables have only
// as numbers. Behind TO stands the hash of the password, which goes nowhere.
func (mariaDB) everywhere(ctx context.Context, c *session, a account) ([]right, error) {
	if a.Access == 0 {
		return nil, nil
	}
	r := right{Kind: onServer, Grantable: a.Access&grantOption != 0}
	err := c.rows(ctx, func(scan func(...any) error) error {
		var line string
		if err := scan(&line); err != nil {
			return err
		}
		r.Privileges = append(r.Privileges, granted(line, a.identity)...)
		return nil
	}, `show grants for `+a.sql())
	if err != nil {
		return nil, err
	}
	if len(r.Privileges) == 0 && a.Access != grantOption {
		return nil, fmt.Errorf("%s has privileges on all databases (%d), and SHOW GRANTS does not name them; they may have changed just now", a.identity, a.Access)
	}
	return []right{r}, nil
}

// granted are the privileges on all databases that one line of SHOW GRANTS gives an account.
func granted(line string, to identity) []string {
	list, who, _ := strings.Cut(line, " ON *.* TO ")
	list, privileges := strings.CutPrefix(list, "GRANT ")
	if !privileges || list == "USAGE" || strings.Contains(list, "`") || !strings.HasPrefix(who, to.sql()) {
		return nil
	}
	return strings.Split(list, ", ")
}

func (mariaDB) roles(ctx context.Context, c *session, a account) ([]right, error) {
	var out []right
	err := c.rows(ctx, func(scan func(...any) error) error {
		r, is, admin := right{Kind: ofRole}, identity{}, ""
		if err := scan(&is.User, &is.Host, &r.Name, &admin); err != nil {
			return err
		}
		r.Grantable, r.Default = admin == "Y", r.Name == a.DefaultRole
		if is == a.identity {
			out = append(out, r)
		}
		return nil
	}, `select User, Host, Role, Admin_option from mysql.roles_mapping where User = ? and Host = ?`, a.User, a.Host)
	return out, err
}

func (mariaDB) literal() bool { return false }

func (mariaDB) objects() []definitions {
	return []definitions{
		{kinds: []string{"function", "procedure", "package", "package body"}, database: "db", kind: "type", read: `
select definer, lower(type), db, name, cast(sql_mode as char), character_set_client, '', security_type, '' from mysql.proc where definer = ?`,
			one: `select definer from mysql.proc where db = ? and name = ?`},
		{kinds: []string{"event"}, database: "db", read: `
select definer, 'event', db, name, cast(sql_mode as char), character_set_client, '', 'DEFINER', cast(status as char) from mysql.event where definer = ?`,
			one: `select definer from mysql.event where db = ? and name = ?`},
		views, triggers,
	}
}

// Both kinds of server have these two in the same form.
var (
	views = definitions{kinds: []string{"view"}, database: "TABLE_SCHEMA", read: `
select DEFINER, 'view', TABLE_SCHEMA, TABLE_NAME, '', CHARACTER_SET_CLIENT, '', SECURITY_TYPE, '' from information_schema.VIEWS where DEFINER = ?`,
		one: `select DEFINER from information_schema.VIEWS where TABLE_SCHEMA = ? and TABLE_NAME = ?`}
	triggers = definitions{kinds: []string{"trigger"}, database: "TRIGGER_SCHEMA", read: `
select DEFINER, 'trigger', TRIGGER_SCHEMA, TRIGGER_NAME, SQL_MODE, CHARACTER_SET_CLIENT,
       concat_ws('.', EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION), 'DEFINER', ''
from information_schema.TRIGGERS where DEFINER = ?`,
		one: `select DEFINER from information_schema.TRIGGERS where TRIGGER_SCHEMA = ? and TRIGGER_NAME = ?`}
)

func (mariaDB) fixed(string) bool { return false }

func (mariaDB) seeing() []string { return []string{"SELECT", "SHOW VIEW", "TRIGGER"} }
func (mariaDB) killing() string  { return "CONNECTION ADMIN" }
func (mariaDB) handing() string  { return "SET USER" }

// super is what 10.4 has instead of these, and what 10.11 took out of it.
func (m mariaDB) super() []string {
	if m.since(10, 11) {
		return nil
	}
	return []string{"CONNECTION ADMIN", "SET USER"}
}

func (mariaDB) kill(id int64) string { return fmt.Sprintf("kill hard connection %d", id) }
func (mariaDB) plugin() string       { return native }

// mode keeps a GRANT to an account that is not there from making one, without a password.
func (mariaDB) mode() string { return sqlMode + ",NO_AUTO_CREATE_USER" }

// refusesHashes is about a plugin that judges passwords: it refuses all hashes, and the
// server says so in the words for an account that is not there.
func (mariaDB) refusesHashes(ctx context.Context, c *session) (strict bool, err error) {
	err = c.QueryRowContext(ctx, `
select @@strict_password_validation and
       (select count(*) from information_schema.PLUGINS where PLUGIN_TYPE = 'PASSWORD VALIDATION' and PLUGIN_STATUS = 'ACTIVE') > 0`).Scan(&strict)
	return strict, err
}
