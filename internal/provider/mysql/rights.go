package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// rights reads what the grant tables say of an account. Of a table that we may not read
// the caller is told by the error: nothing less than all of them is an answer.
func (s *Server) rights(ctx context.Context, c *session, a account, there bool) ([]right, error) {
	var out []right
	reads := []func(context.Context, *session, identity) ([]right, error){onDatabases, onTables, onRoutines, proxies}
	for _, read := range reads {
		found, err := read(ctx, c, a.identity)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	roles, err := c.roles(ctx, c, a)
	if err != nil {
		return nil, err
	}
	out = append(out, roles...)
	if there {
		global, err := c.everywhere(ctx, c, a)
		if err != nil {
			return nil, err
		}
		out = append(out, global...)
	}
	slices.SortFunc(out, compareRights)
	return out, nil
}

// words are the privileges that the tables spell in another way than GRANT does.
var words = map[string]string{
	"CREATE TMP TABLE":       "CREATE TEMPORARY TABLES",
	"DELETE VERSIONING ROWS": "DELETE HISTORY",
	"GRANT":                  "GRANT OPTION",
	"SHOW DB":                "SHOW DATABASES",
	"REPL SLAVE":             "REPLICATION SLAVE",
	"REPL CLIENT":            "REPLICATION CLIENT",
}

func word(stored string) string {
	w := strings.ToUpper(strings.ReplaceAll(strings.TrimSuffix(stored, "_priv"), "_", " "))
	if known, ok := words[w]; ok {
		return known
	}
	return w
}

// set reads a column of type SET into privileges, and GRANT OPTION for itself.
func set(stored string) (privileges []string, grantable bool) {
	for p := range strings.SplitSeq(stored, ",") {
		switch w := word(strings.TrimSpace(p)); w {
		case "":
		case "GRANT OPTION":
			grantable = true
		default:
			privileges = append(privileges, w)
		}
	}
	return privileges, grantable
}

// onDatabases reads mysql.db, whose columns are the privileges: whatever this version has.
func onDatabases(ctx context.Context, c *session, who identity) ([]right, error) {
	var out []right
	err := c.records(ctx, func(names, values []string) error {
		r, is := right{Kind: onDatabase, Literal: c.literal()}, identity{}
		for i, name := range names {
			switch v := values[i]; {
			case name == "Host":
				is.Host = v
			case name == "User":
				is.User = v
			case name == "Db":
				r.Database = v
			case !strings.HasSuffix(name, "_priv"):
				return fmt.Errorf("mysql.db has a column %s that I do not know", name)
			case v != "Y":
			case word(name) == "GRANT OPTION":
				r.Grantable = true
			default:
				r.Privileges = append(r.Privileges, word(name))
			}
		}
		if is == who {
			out = append(out, r)
		}
		return nil
	}, `select * from mysql.db where User = ? and Host = ?`, who.User, who.Host)
	return out, err
}

// onTables reads privileges on tables and on their columns.
func onTables(ctx context.Context, c *session, who identity) ([]right, error) {
	var out []right
	err := c.rows(ctx, func(scan func(...any) error) error {
		r, is, stored := right{Kind: onTable}, identity{}, ""
		if err := scan(&is.User, &is.Host, &r.Database, &r.Name, &stored); err != nil {
			return err
		}
		if r.Privileges, r.Grantable = set(stored); is == who {
			out = append(out, r)
		}
		return nil
	}, `select User, Host, Db, Table_name, Table_priv from mysql.tables_priv where User = ? and Host = ?`, who.User, who.Host)
	if err != nil {
		return nil, err
	}
	err = c.rows(ctx, func(scan func(...any) error) error {
		var is identity
		var database, table, name, stored string
		if err := scan(&is.User, &is.Host, &database, &table, &name, &stored); err != nil {
			return err
		}
		if is != who {
			return nil
		}
		i := slices.IndexFunc(out, func(r right) bool { return r.Database == database && r.Name == table })
		if i < 0 {
			out = append(out, right{Kind: onTable, Database: database, Name: table})
			i = len(out) - 1
		}
		privileges, _ := set(stored)
		out[i].Columns = append(out[i].Columns, column{name, privileges})
		return nil
	}, `select User, Host, Db, Table_name, Column_name, Column_priv from mysql.columns_priv where User = ? and Host = ? order by Column_name`, who.User, who.Host)
	return out, err
}

func onRoutines(ctx context.Context, c *session, who identity) ([]right, error) {
	var out []right
	err := c.rows(ctx, func(scan func(...any) error) error {
		r, is, stored := right{Kind: onRoutine}, identity{}, ""
		if err := scan(&is.User, &is.Host, &r.Database, &r.Name, &r.Type, &stored); err != nil {
			return err
		}
		if r.Privileges, r.Grantable = set(stored); is == who {
			out = append(out, r)
		}
		return nil
	}, `select User, Host, Db, Routine_name, Routine_type, Proc_priv from mysql.procs_priv where User = ? and Host = ?`, who.User, who.Host)
	return out, err
}

// proxies reads both directions: whom the account may act as, and who may act as it.
// Locking an account does not stop the latter.
func proxies(ctx context.Context, c *session, who identity) ([]right, error) {
	var out []right
	err := c.rows(ctx, func(scan func(...any) error) error {
		var from, to identity
		var grantable bool
		if err := scan(&from.User, &from.Host, &to.User, &to.Host, &grantable); err != nil {
			return err
		}
		if from == who {
			out = append(out, right{Kind: proxyAs, Other: to, Grantable: grantable})
		}
		if to == who {
			out = append(out, right{Kind: proxiedBy, Other: from, Grantable: grantable})
		}
		return nil
	}, `select User, Host, Proxied_user, Proxied_host, With_grant from mysql.proxies_priv`)
	return out, err
}
