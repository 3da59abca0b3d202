package digitalocean

import (
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

const replication = "replication"

// grants are what lets a user reach databases, as far as the API shows it. What it
// does not show has an extent that is unknown; it is never left out.
func (t *Team) grants(c cluster, u user, pools []pool) []access.Grant {
	switch c.Engine {
	case pg:
		return slices.Concat([]access.Grant{bySQL(c.Engine)}, replicationOf(u), linksOf(pools))
	case mysql:
		return []access.Grant{bySQL(c.Engine)}
	case mongodb:
		return mongoGrants(u)
	}
	return t.ruleGrants(c.Engine, u)
}

// bySQL stands for everything that SQL granted on the cluster.
func bySQL(engine string) access.Grant {
	what := "whatever SQL granted; the API does not show it"
	if engine == mysql {
		what = "whatever SQL granted, by default what the administrator may; the API does not show it"
	}
	return access.Grant{Kind: access.Privilege, Object: "all databases of the cluster", Privilege: what,
		Extent: access.ExtentUnknown, EndedBy: access.Delete}
}

func replicationOf(u user) []access.Grant {
	if u.Settings == nil || u.Settings.Replication == nil {
		return []access.Grant{{Kind: access.Privilege, Object: replication, Privilege: "not shown by the API",
			Extent: access.ExtentUnknown, EndedBy: access.Delete}}
	}
	if !*u.Settings.Replication {
		return nil
	}
	return []access.Grant{{Kind: access.Privilege, Object: replication, Privilege: "REPLICATION",
		Extent: access.ExtentClusterWide, EndedBy: access.Revoke}}
}

func linksOf(pools []pool) []access.Grant {
	var out []access.Grant
	for _, p := range pools {
		out = append(out, access.Grant{Kind: access.Link, Database: p.Database, Object: poolObject(p.Name),
			Privilege: fmt.Sprintf("its clients are this user: mode %s, size %d", printable(p.Mode), p.Size),
			Extent:    access.ExtentDatabase, EndedBy: access.Unlink})
	}
	return out
}

func poolObject(name string) string { return "pool " + name }

// mongoAll is the database that stands for all of them.
const mongoAll = "admin"

func mongoGrants(u user) []access.Grant {
	if u.Settings == nil || u.Settings.Mongo == nil || len(u.Settings.Mongo.Databases) == 0 {
		return []access.Grant{hidden("databases and role")}
	}
	var out []access.Grant
	for _, db := range slices.Compact(slices.Sorted(slices.Values(u.Settings.Mongo.Databases))) {
		g := access.Grant{Kind: access.Privilege, Database: db, Privilege: printable(u.Settings.Mongo.Role),
			Extent: access.ExtentDatabase, EndedBy: access.Delete}
		if db == mongoAll {
			g.Extent = access.ExtentClusterWide
		}
		out = append(out, g)
	}
	return out
}

// ruleGrants are one grant for each rule. The last rule of the list ends with the
// user: what an empty list means is not documented. All of them do where a rule
// could not be read, because the list cannot be sent back without it.
func (t *Team) ruleGrants(engine string, u user) []access.Grant {
	all, whole := rulesOf(engine, u.Settings)
	if len(all) == 0 {
		return []access.Grant{hidden("access control list")}
	}
	all = slices.CompactFunc(all, rule.same)
	var out []access.Grant
	for i, r := range all {
		if r.Permission == deny {
			continue
		}
		g := access.Grant{Kind: access.Privilege, Database: r.pattern(), Object: r.object(), Privilege: printable(r.Permission),
			Extent: access.ExtentDatabase, EndedBy: access.Unlink}
		if strings.Trim(r.pattern(), ".*") == "" {
			g.Extent = access.ExtentClusterWide
		}
		if i == len(all)-1 || !whole || t.cfg.Rules == rulesDelete {
			g.EndedBy = access.Delete
		}
		if !whole {
			g.Extent = access.ExtentUnknown
		}
		out = append(out, g)
	}
	return out
}

// hidden is a grant that the API does not show.
func hidden(what string) access.Grant {
	return access.Grant{Kind: access.Privilege, Object: what, Privilege: "not shown by the API",
		Extent: access.ExtentUnknown, EndedBy: access.Delete}
}
