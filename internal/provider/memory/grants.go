package memory

import (
	"cmp"
	"slices"

	"github.com/severhq/sever/internal/access"
)

// Can is a privilege on an object of a database; Revoke ends it.
func Can(privilege, database, object string) access.Grant {
	return access.Grant{
		Kind: access.Privilege, Database: database, Object: object, Privilege: privilege,
		Extent: access.ExtentDatabase, EndedBy: access.Revoke,
	}
}

// Owns is the ownership of an object; Reassign hands it over.
func Owns(database, object string) access.Grant {
	return access.Grant{
		Kind: access.Ownership, Database: database, Object: object,
		Extent: access.ExtentDatabase, EndedBy: access.Reassign,
	}
}

// Member is the membership in a role of the whole resource; Unlink ends it.
func Member(role string) access.Grant {
	return access.Grant{
		Kind: access.Membership, Object: "role " + role,
		Extent: access.ExtentClusterWide, EndedBy: access.Unlink,
	}
}

// Linked is a link to a database; Unlink ends it.
func Linked(database string) access.Grant {
	return access.Grant{
		Kind: access.Link, Database: database,
		Extent: access.ExtentDatabase, EndedBy: access.Unlink,
	}
}

// Inherent is what an account may do for as long as it exists; Delete ends it.
func Inherent(privilege string) access.Grant {
	return access.Grant{
		Kind: access.Privilege, Privilege: privilege,
		Extent: access.ExtentClusterWide, EndedBy: access.Delete,
	}
}

// sorted are the grants in the one order in which they are always shown.
func sorted(grants []access.Grant) []access.Grant {
	out := slices.Clone(grants)
	slices.SortFunc(out, func(a, b access.Grant) int {
		return cmp.Or(
			cmp.Compare(a.Database, b.Database), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Object, b.Object), cmp.Compare(a.Privilege, b.Privilege),
		)
	})
	return slices.Compact(out)
}

// endedBy selects the grants that the step ends. A step without a database means
// the whole resource and is no wildcard.
func endedBy(step access.Step) func(access.Grant) bool {
	return func(g access.Grant) bool {
		switch {
		case g.Database != step.Database:
			return false
		case step.Action == access.Unlink:
			return g.EndedBy == access.Unlink && g.Object == step.Object
		case step.Action == access.Reassign:
			return g.EndedBy == access.Reassign || g.EndedBy == access.Revoke
		default:
			return g.EndedBy == step.Action
		}
	}
}

// only are the grants for which keep is true.
func only(grants []access.Grant, keep func(access.Grant) bool) []access.Grant {
	var out []access.Grant
	for _, g := range grants {
		if keep(g) {
			out = append(out, g)
		}
	}
	return out
}

// without are the grants that are not among those taken.
func without(grants, taken []access.Grant) []access.Grant {
	return only(grants, func(g access.Grant) bool { return !slices.Contains(taken, g) })
}

// owned are the objects among the grants.
func owned(g access.Grant) bool { return g.Kind == access.Ownership }
