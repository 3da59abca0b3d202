package mysql

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
)

// mySQL is MySQL from 8.0.16 on. It is written from the public documentation, the
// reference manual of MySQL 8.0 and 8.4 above all, and held against a scripted server;
// nobody has seen it on a real one. So nothing of it runs unless the connection's
// setting MYSQL8 says that this is known.
//
// What it is built on, and where that is said:
//
//   - Grant Tables: mysql.user has the accounts, their static privileges in
//     columns, account_locked, and the JSON document User_attributes; mysql.global_grants
//     has dynamic privileges; mysql.role_edges the memberships, from the role to who has
//     it; mysql.default_roles those that are active at login.
//   - CREATE ROLE: a role is an account, which is locked, has no password and
//     the default plugin; SHOW CREATE USER shows it as expired, too. Any account can be
//     granted to another as a role, and gives it all that it has, locked or not.
//   - ALTER USER: ACCOUNT LOCK; IDENTIFIED WITH plugin AS hash; DISCARD OLD
//     PASSWORD for the second one of Password Management, which such a hash leaves.
//   - Account Locking: a lock stops neither sessions nor who logs in as a proxy.
//   - Privilege Restriction Using Partial Revokes: what is granted everywhere may
//     be taken back in one database, and while that is on, % and _ mean themselves.
//   - KILL, CONNECTION_ADMIN, SET_USER_ID or from 8.2 on SET_ANY_DEFINER,
//     ROLE_ADMIN, SYSTEM_USER: Privileges Provided by MySQL.
//   - Stored Object Access Control: ALTER VIEW and ALTER EVENT can name another
//     definer. Procedures, functions and triggers would have to be dropped and made again,
//     with what is granted on them, so they are left to a person.
//   - INFORMATION_SCHEMA: ROUTINES, EVENTS, VIEWS and TRIGGERS name definers, to who
//     has SELECT, EVENT, SHOW VIEW and TRIGGER.
//   - Server Error Message Reference: 3118, 3628, 3530, 3523 and 4006, see verdicts.
type mySQL struct {
	partial bool // @@partial_revokes
}

func (mySQL) engine() string { return mysqlEngine }

const mysqlEngine = "mysql"

const mysqlUsers = `
select Host, User, plugin, authentication_string, account_locked = 'Y', password_expired = 'Y', coalesce(unix_timestamp(password_last_changed), 0),
       password_lifetime, ssl_type, ssl_cipher, x509_issuer, x509_subject, max_questions, max_updates, max_connections, max_user_connections,
       Create_user_priv = 'Y', Grant_priv = 'Y', Super_priv = 'Y', coalesce(cast(User_attributes as char), '{}')
from mysql.user`

func (mySQL) listed(ctx context.Context, c *session, names ...string) ([]account, error) {
	query := mysqlUsers
	var args []any
	if len(names) > 0 {
		query += ` where (Create_user_priv = 'Y' and Grant_priv = 'Y') or User in (` + places(names) + `)`
	}
	for _, n := range names {
		args = append(args, n)
	}
	var out []account
	err := c.rows(ctx, func(scan func(...any) error) error {
		var a account
		var creates, grants, super, expired bool
		var tls, attributes string
		var cipher, issuer, subject []byte
		var lifetime sql.NullInt64
		if err := scan(&a.Host, &a.User, &a.Plugin, &a.Text, &a.Locked, &expired, &a.Changed, &lifetime, &tls, &cipher, &issuer, &subject,
			&a.Questions, &a.Updates, &a.Logins, &a.Sessions, &creates, &grants, &super, &attributes); err != nil {
			return err
		}
		a.Cipher, a.Issuer, a.Subject = string(cipher), string(issuer), string(subject)
		var known bool
		if a.TLS, known = tlsTypes[tls]; !known {
			return fmt.Errorf("mysql.user: the ssl_type %q of %s is not one that I know", tls, a.identity)
		}
		if lifetime.Valid {
			a.Lifetime = &lifetime.Int64
		}
		for bit, has := range map[uint64]bool{createUser: creates, grantOption: grants, superUser: super} {
			if has {
				a.Access |= bit
			}
		}
		var more struct {
			Second string `json:"additional_password"`
		}
		if err := json.Unmarshal([]byte(attributes), &more); err != nil {
			return fmt.Errorf("mysql.user: the User_attributes of %s are not what I know", a.identity) // they hold a hash
		}
		a.Second = more.Second != ""
		a.Role = a.Locked && expired && a.Text == "" && !without[a.Plugin]
		out = append(out, a)
		return nil
	}, query, args...)
	return out, err
}

// tlsTypes are MySQL's words for MariaDB's numbers.
var tlsTypes = map[string]int{"": 0, "ANY": 1, "X509": 2, "SPECIFIED": 3}

func (m mySQL) literal() bool { return m.partial }

func (mySQL) objects() []definitions {
	return []definitions{
		{kinds: []string{"function", "procedure", "library"}, database: "ROUTINE_SCHEMA", kind: "ROUTINE_TYPE", read: `
select DEFINER, lower(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME, cast(SQL_MODE as char), CHARACTER_SET_CLIENT, '', SECURITY_TYPE, ''
from information_schema.ROUTINES where DEFINER = ?`,
			one: `select DEFINER from information_schema.ROUTINES where ROUTINE_SCHEMA = ? and ROUTINE_NAME = ?`},
		{kinds: []string{"event"}, database: "EVENT_SCHEMA", read: `
select DEFINER, 'event', EVENT_SCHEMA, EVENT_NAME, cast(SQL_MODE as char), CHARACTER_SET_CLIENT, '', 'DEFINER', cast(STATUS as char)
from information_schema.EVENTS where DEFINER = ?`,
			one: `select DEFINER from information_schema.EVENTS where EVENT_SCHEMA = ? and EVENT_NAME = ?`},
		views, triggers,
	}
}

func (mySQL) fixed(kind string) bool { return kind != "view" && kind != "event" }

func (mySQL) seeing() []string     { return []string{"SELECT", "SHOW VIEW", "TRIGGER", "EVENT"} }
func (mySQL) killing() string      { return "CONNECTION_ADMIN" }
func (mySQL) handing() string      { return "SET_USER_ID" }
func (mySQL) super() []string      { return []string{"CONNECTION_ADMIN", "SET_USER_ID", "ROLE_ADMIN"} }
func (mySQL) kill(id int64) string { return fmt.Sprintf("kill connection %d", id) }
func (mySQL) plugin() string       { return sha2 }
func (mySQL) mode() string         { return sqlMode }

// refusesHashes: what judges passwords here judges those in clear only.
func (mySQL) refusesHashes(context.Context, *session) (bool, error) { return false, nil }

// mysqlRoles has both directions: what the account may be, and who may be what it is.
const mysqlRoles = `
select e.FROM_USER, e.FROM_HOST, e.TO_USER, e.TO_HOST, e.WITH_ADMIN_OPTION = 'Y', d.USER is not null
from mysql.role_edges e left join mysql.default_roles d
  on d.USER = e.TO_USER and d.HOST = e.TO_HOST and d.DEFAULT_ROLE_USER = e.FROM_USER and d.DEFAULT_ROLE_HOST = e.FROM_HOST
where (e.TO_USER = ? and e.TO_HOST = ?) or (e.FROM_USER = ? and e.FROM_HOST = ?)`

func (mySQL) roles(ctx context.Context, c *session, a account) ([]right, error) {
	var out []right
	err := c.rows(ctx, func(scan func(...any) error) error {
		var from, to identity
		var r right
		if err := scan(&from.User, &from.Host, &to.User, &to.Host, &r.Grantable, &r.Default); err != nil {
			return err
		}
		switch a.identity {
		case to:
			r.Kind, r.Name, r.Other = ofRole, from.User, from
			out = append(out, r)
		case from:
			r.Kind, r.Other, r.Default = grantedTo, to, false
			out = append(out, r)
		}
		return nil
	}, mysqlRoles, a.User, a.Host, a.User, a.Host)
	return out, err
}

// everywhere reads static privileges and those of plugins and components, which can
// each be passed on or not.
func (mySQL) everywhere(ctx context.Context, c *session, a account) ([]right, error) {
	var out []right
	err := c.records(ctx, func(names, values []string) error {
		r, is, attributes := right{Kind: onServer}, identity{}, ""
		for i, name := range names {
			switch v := values[i]; {
			case name == "Host":
				is.Host = v
			case name == "User":
				is.User = v
			case name == "User_attributes":
				attributes = v
			case !strings.HasSuffix(name, "_priv"), v != "Y":
			case word(name) == "GRANT OPTION":
				r.Grantable = true
			default:
				r.Privileges = append(r.Privileges, word(name))
			}
		}
		if is != a.identity || (len(r.Privileges) == 0 && !r.Grantable) {
			return nil
		}
		if attributes != "" {
			var more struct {
				Restrictions []restriction `json:"restrictions"`
			}
			if err := json.Unmarshal([]byte(attributes), &more); err != nil {
				return fmt.Errorf("mysql.user: the User_attributes of %s are not what I know", a.identity)
			}
			r.Except = more.Restrictions
		}
		out = append(out, r)
		return nil
	}, `select * from mysql.user where User = ? and Host = ?`, a.User, a.Host)
	if err != nil {
		return nil, err
	}
	dynamic := map[bool]*right{false: {Kind: ofPlugins}, true: {Kind: ofPlugins, Grantable: true}}
	err = c.rows(ctx, func(scan func(...any) error) error {
		var is identity
		var name string
		var grantable bool
		if err := scan(&is.User, &is.Host, &name, &grantable); err != nil {
			return err
		}
		if r := dynamic[grantable]; is == a.identity {
			r.Privileges = append(r.Privileges, name)
		}
		return nil
	}, `select USER, HOST, PRIV, WITH_GRANT_OPTION = 'Y' from mysql.global_grants where USER = ? and HOST = ? order by PRIV`, a.User, a.Host)
	for _, grantable := range []bool{false, true} {
		if r := dynamic[grantable]; len(r.Privileges) > 0 {
			out = append(out, *r)
		}
	}
	return out, err
}
