package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// right is one thing that the grant tables say of an account.
type right struct {
	Kind       string   `json:"kind"`
	Database   string   `json:"database,omitempty"` // of onDatabase a pattern, as it is stored
	Name       string   `json:"name,omitempty"`     // of a table, a routine or a role
	Type       string   `json:"type,omitempty"`     // of a routine: FUNCTION, PROCEDURE, PACKAGE
	Privileges []string `json:"privileges,omitempty"`
	Columns    []column `json:"columns,omitempty"`
	Grantable  bool     `json:"grantable,omitempty"` // GRANT OPTION, ADMIN OPTION
	Default    bool     `json:"default,omitempty"`   // of a role: active at login
	Other      identity `json:"other,omitzero"`      // of proxies, and of memberships in MySQL

	// Except is what MySQL takes back of privileges on all databases.
	Except []restriction `json:"except,omitempty"`
	// Literal is whether % and _ mean themselves in Database.
	Literal bool `json:"literal,omitempty"`
}

// restriction is what a privilege on all databases does not give in one of them.
type restriction struct {
	Database   string   `json:"database"`
	Privileges []string `json:"privileges"`
}

// column has privileges of its own.
type column struct {
	Name       string   `json:"name"`
	Privileges []string `json:"privileges"`
}

// The kinds of rights.
const (
	onServer   = "server"
	onDatabase = "database"
	onTable    = "table"
	onRoutine  = "routine"
	ofRole     = "role"
	proxyAs    = "proxy as"
	proxiedBy  = "proxied by"
	// Only MySQL has these.
	ofPlugins = "dynamic"    // privileges on all databases, of plugins and components
	grantedTo = "granted to" // the account is a role of another
)

// wild is the name that a pattern stands for, and whether it has a % and stands for many.
// A backslash takes the meaning from what follows it.
func wild(pattern string) (name string, many bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern) && (pattern[i+1] == '%' || pattern[i+1] == '_' || pattern[i+1] == '\\'):
			i++
			b.WriteByte(pattern[i])
			continue
		case c == '%':
			many = true
		}
		b.WriteByte(pattern[i])
	}
	return b.String(), many
}

// database is the one to which a right counts. A pattern with a % counts to itself; one
// with only a _ is mostly a name whose author forgot the backslash, and counts to that.
func (r right) database() string {
	if r.Kind != onDatabase || r.Literal {
		return r.Database
	}
	name, many := wild(r.Database)
	if many {
		return r.Database
	}
	return name
}

func (r right) object() string {
	switch r.Kind {
	case onServer:
		return "all databases"
	case onDatabase:
		return "database " + readable(r.Database)
	case onTable:
		return "table " + readable(r.Name)
	case onRoutine:
		return strings.ToLower(r.Type) + " " + readable(r.Name)
	case ofRole:
		if r.Other.Host != "" && r.Other.Host != "%" {
			return "role " + r.Other.String()
		}
		return "role " + readable(r.Name)
	case ofPlugins:
		if r.Grantable {
			return "all databases, dynamic, with GRANT OPTION"
		}
		return "all databases, dynamic"
	}
	return r.Kind + " " + r.Other.String()
}

// role is the role as it must stand in SQL.
func (r right) role() string {
	if r.Other.Host != "" {
		return r.Other.sql()
	}
	return quote(r.Name)
}

func (r right) words() string {
	var parts []string
	switch r.Kind {
	case ofRole, grantedTo:
		parts = append(parts, "member")
		if r.Default {
			parts = append(parts, "by default")
		}
		if r.Grantable {
			parts = append(parts, "with ADMIN OPTION")
		}
		return strings.Join(parts, " ")
	case proxyAs, proxiedBy:
		parts = append(parts, "PROXY")
	}
	parts = append(parts, r.Privileges...)
	for _, c := range r.Columns {
		for _, p := range c.Privileges {
			parts = append(parts, p+" ("+readable(c.Name)+")")
		}
	}
	if r.Grantable {
		parts = append(parts, "GRANT OPTION")
	}
	for _, x := range r.Except {
		parts = append(parts, "except "+strings.Join(x.Privileges, " and ")+" in "+readable(x.Database))
	}
	return strings.Join(parts, ", ")
}

// grant is the right in the words of the contract.
func (r right) grant() access.Grant {
	g := access.Grant{Kind: access.Privilege, Database: r.database(), Object: r.object(), Privilege: r.words(),
		Extent: access.ExtentDatabase, EndedBy: access.Revoke}
	switch r.Kind {
	case onServer, ofPlugins:
		g.Extent, g.EndedBy = access.ExtentClusterWide, access.Unlink
	case onDatabase:
		if _, many := wild(r.Database); many && !r.Literal {
			g.Extent = access.ExtentClusterWide
		}
	case ofRole, grantedTo, proxyAs, proxiedBy:
		g.Kind, g.Extent, g.EndedBy = access.Membership, access.ExtentClusterWide, access.Unlink
	}
	return g
}

// on is what a REVOKE or GRANT of privileges names behind ON.
func (r right) on() string {
	switch r.Kind {
	case onServer, ofPlugins:
		return "*.*"
	case onDatabase:
		return quote(r.Database) + ".*"
	case onRoutine:
		return r.Type + " " + quote(r.Database) + "." + quote(r.Name)
	}
	return "table " + quote(r.Database) + "." + quote(r.Name)
}

// list is the privileges as they stand in SQL, with those of columns.
func (r right) list() []string {
	out := slices.Clone(r.Privileges)
	for _, c := range r.Columns {
		for _, p := range c.Privileges {
			out = append(out, p+" ("+quote(c.Name)+")")
		}
	}
	return out
}

// revoke are the statements that take the right from the account: exactly what was
// seen, so that what somebody grants meanwhile is seen by the read that follows.
func (r right) revoke(from identity) []string {
	switch r.Kind {
	case ofRole:
		sql := []string{"revoke " + r.role() + " from " + from.sql()}
		if r.Default && r.Other.Host == "" {
			sql = append(sql, "set default role none for "+from.sql())
		}
		return sql
	case grantedTo:
		return []string{"revoke " + from.sql() + " from " + r.Other.sql()}
	case proxyAs:
		return []string{"revoke proxy on " + r.Other.proxy() + " from " + from.sql()}
	case proxiedBy:
		return []string{"revoke proxy on " + from.sql() + " from " + r.Other.sql()}
	}
	var sql []string
	if list := r.list(); len(list) > 0 {
		sql = append(sql, fmt.Sprintf("revoke %s on %s from %s", strings.Join(list, ", "), r.on(), from.sql()))
	}
	if r.Grantable && r.Kind != ofPlugins { // where it goes with the privilege
		sql = append(sql, fmt.Sprintf("revoke grant option on %s from %s", r.on(), from.sql()))
	}
	return sql
}

// give are the statements that give the right back.
func (r right) give(to identity) []string {
	switch r.Kind {
	case ofRole:
		sql := "grant " + r.role() + " to " + to.sql() + r.administrable()
		if r.Default && r.Other.Host == "" {
			return []string{sql, "set default role " + quote(r.Name) + " for " + to.sql()}
		}
		return []string{sql}
	case grantedTo:
		return []string{"grant " + to.sql() + " to " + r.Other.sql() + r.administrable()}
	case proxyAs:
		return []string{"grant proxy on " + r.Other.proxy() + " to " + to.sql() + r.grantable()}
	case proxiedBy:
		return []string{"grant proxy on " + to.sql() + " to " + r.Other.sql() + r.grantable()}
	}
	list := r.list()
	if len(list) == 0 {
		list = []string{"usage"}
	}
	sql := []string{fmt.Sprintf("grant %s on %s to %s%s", strings.Join(list, ", "), r.on(), to.sql(), r.grantable())}
	for _, x := range r.Except {
		sql = append(sql, fmt.Sprintf("revoke %s on %s.* from %s", strings.Join(x.Privileges, ", "), quote(x.Database), to.sql()))
	}
	return sql
}

func (r right) administrable() string {
	if r.Grantable {
		return " with admin option"
	}
	return ""
}

func (r right) grantable() string {
	if r.Grantable {
		return " with grant option"
	}
	return ""
}

// proxy is an account that may lack a name: anybody.
func (i identity) proxy() string { return quote(i.User) + "@" + quote(i.Host) }

func compareRights(a, b right) int {
	return strings.Compare(a.Kind+"\x00"+a.Database+"\x00"+a.object(), b.Kind+"\x00"+b.Database+"\x00"+b.object())
}
