package postgres

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// grants are what an object lets the role do, and what the role let others do.
func (o object) grants(role string) []access.Grant {
	g := access.Grant{Database: o.Database, Object: o.words(), Extent: access.ExtentDatabase, EndedBy: access.Revoke}
	if o.Class == "pg_tablespace" || o.Class == "pg_parameter_acl" {
		g.Extent = access.ExtentClusterWide
	}
	switch {
	case o.Class == "pg_default_acl":
		g.Kind = access.DefaultPrivilege
		g.Privilege = privileges(o.ACL, func(e ace) bool { return e.Grantee == role })
		if o.Bond == owns {
			g.Privilege = "on what it will create: " + grantees(o.ACL)
		}
		return []access.Grant{g}
	case o.Class == "pg_user_mapping":
		g.Kind, g.Privilege = access.Privilege, "credentials for a foreign server; a cancel cannot give them back"
		return []access.Grant{g}
	case o.Bond == inPolicy:
		g.Kind, g.Privilege = access.Privilege, "named by a row security policy"
		return []access.Grant{g}
	case o.Bond == inInit:
		g.Kind, g.Privilege = access.Privilege, "noted in the privileges that an extension was installed with"
		return []access.Grant{g}
	case o.owned():
		// What an owner granted stays: it passes to the successor together with the object.
		g.Kind, g.Privilege, g.EndedBy = access.Ownership, "owner", access.Reassign
		return []access.Grant{g}
	}
	var out []access.Grant
	if held := privileges(o.ACL, func(e ace) bool { return e.Grantee == role }); held != "" {
		g.Kind, g.Privilege = access.Privilege, held
		out = append(out, g)
	}
	issued := o.issued(role)
	for _, to := range slices.Sorted(maps.Keys(by(issued, func(e ace) string { return e.Grantee }))) {
		g.Kind, g.Privilege = access.Issued, privileges(issued, func(e ace) bool { return e.Grantee == to })+" to "+everybody(to)
		out = append(out, g)
	}
	return out
}

// issued are the privileges of others on the object that rest on a grant option of
// the role, at any remove. They end together with the role's own.
func (o object) issued(role string) []ace {
	left := slices.DeleteFunc(slices.Clone(o.ACL), func(e ace) bool { return e.Grantee == role })
	var gone []ace
	for {
		fallen := slices.IndexFunc(left, func(e ace) bool { return e.Grantor != o.Owner && !mayGrant(left, e) })
		if fallen < 0 {
			return gone
		}
		gone = append(gone, left[fallen])
		left = slices.Delete(left, fallen, fallen+1)
	}
}

// hers is the object with only those entries that our steps can end, or melt into
// the successor's.
func (o object) hers(role string) object {
	if o.Bond == owns {
		return o
	}
	issued := o.issued(role)
	o.ACL = slices.DeleteFunc(slices.Clone(o.ACL), func(e ace) bool { return e.Grantee != role && !slices.Contains(issued, e) })
	return o
}

// mayGrant reports whether the grantor of e still has the right to grant it.
func mayGrant(acl []ace, e ace) bool {
	return slices.ContainsFunc(acl, func(h ace) bool {
		return h.Grantee == e.Grantor && h.Privilege == e.Privilege && h.Grantable
	})
}

// privileges are some entries of an access control list in words: "SELECT, UPDATE
// with grant option".
func privileges(acl []ace, some func(ace) bool) string {
	grantable := map[string]bool{}
	for _, e := range acl {
		if some(e) {
			grantable[e.Privilege] = grantable[e.Privilege] || e.Grantable
		}
	}
	words := slices.Sorted(maps.Keys(grantable))
	for i, p := range words {
		if grantable[p] {
			words[i] += " with grant option"
		}
	}
	return strings.Join(words, ", ")
}

func grantees(acl []ace) string {
	names := slices.Sorted(maps.Keys(by(acl, func(e ace) string { return everybody(e.Grantee) })))
	return strings.Join(names, ", ")
}

func everybody(grantee string) string {
	if grantee == "" {
		return "PUBLIC"
	}
	return readable(grantee)
}

// by groups a list, keeping its order inside each group.
func by[T any](list []T, key func(T) string) map[string][]T {
	out := map[string][]T{}
	for _, v := range list {
		out[key(v)] = append(out[key(v)], v)
	}
	return out
}

// attributeGrants are the ways to a database that stand in the role itself and in
// no catalog of privileges.
func attributeGrants(r role) []access.Grant {
	var out []access.Grant
	for _, a := range []struct {
		set  bool
		word string
	}{
		{r.Super, "SUPERUSER: everything"},
		{r.Replication, "REPLICATION: a copy of everything"},
		{r.BypassRLS, "BYPASSRLS: every row"},
		{r.CreateRole, "CREATEROLE: other roles"},
		{r.CreateDB, "CREATEDB: new databases"},
	} {
		if a.set {
			out = append(out, access.Grant{Kind: access.Privilege, Object: "server", Privilege: a.word,
				Extent: access.ExtentClusterWide, EndedBy: access.Delete})
		}
	}
	return out
}

func compareGrants(a, b access.Grant) int {
	return cmp.Or(
		cmp.Compare(a.Database, b.Database),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Object, b.Object),
		cmp.Compare(a.Privilege, b.Privilege),
	)
}
