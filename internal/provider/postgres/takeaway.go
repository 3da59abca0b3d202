package postgres

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// grantWords are the words of GRANT and REVOKE for a kind of object.
var grantWords = map[string]string{
	"table":                    "table",
	"view":                     "table",
	"materialized view":        "table",
	"foreign table":            "table",
	"table column":             "table",
	"view column":              "table",
	"materialized view column": "table",
	"foreign table column":     "table",
	"sequence":                 "sequence",
	"function":                 "routine",
	"procedure":                "routine",
	"aggregate":                "routine",
	"schema":                   "schema",
	"type":                     "type",
	"language":                 "language",
	"large object":             "large object",
	"foreign-data wrapper":     "foreign data wrapper",
	"server":                   "foreign server",
	"database":                 "database",
	"tablespace":               "tablespace",
	"parameter ACL":            "parameter",
}

// defaultWords are the same for the kinds of objects that default privileges know.
var defaultWords = map[string]string{
	"r": "tables", "S": "sequences", "f": "functions", "T": "types", "n": "schemas", "L": "large objects",
}

// atOnce is how many objects one REVOKE names. A statement that names thousands is
// hard to read in a log and gains nothing.
const atOnce = 200

// takeAway are the statements that end what the objects give to the role. None of
// them can drop or change what belongs to somebody else.
//
// A login that is no superuser cannot act for other grantors than the owners whose
// rights it has. What it may not take is left out, and then found to be left.
func takeAway(role string, objects []object, superuser bool) []string {
	var out []string
	for _, o := range objects {
		if o.May || superuser {
			out = append(out, takeAwaySpecial(role, o)...)
		}
	}
	for _, r := range revocations(role, objects, superuser) {
		switch sql := r.sql(role); {
		case r.grantor == "":
			out = append(out, sql...)
		case superuser: // only the grantor can take back what is not the owner's
			out = append(out, "set local role "+quote(r.grantor))
			out = append(append(out, sql...), "reset role")
		}
	}
	return out
}

// revocation is what one grantor gave on objects of one kind, or on columns of one
// table. The grantor is empty for the owners.
type revocation struct {
	grantor string
	word    string
	table   string // of columns
	names   []string
}

func (r revocation) sql(role string) []string {
	var out []string
	for some := range slices.Chunk(r.names, atOnce) {
		what, on := "", strings.Join(some, ", ")
		if r.table != "" {
			what, on = " ("+on+")", r.table
		}
		out = append(out, fmt.Sprintf("revoke all privileges%s on %s %s from %s cascade", what, r.word, on, quote(role)))
	}
	return out
}

// revocations groups what the role was granted.
func revocations(role string, objects []object, superuser bool) []revocation {
	var out []revocation
	for _, o := range objects {
		word, name := grantWords[o.Kind], o.Identity
		if word == "" || o.Bond != inACL || (!o.May && !superuser) {
			continue
		}
		if o.More.Column != "" {
			name = quote(o.More.Column)
		}
		for _, g := range grantors(o, role) {
			at := slices.IndexFunc(out, func(r revocation) bool { return r.grantor == g && r.word == word && r.table == o.More.Table })
			if at < 0 {
				at = len(out)
				out = append(out, revocation{grantor: g, word: word, table: o.More.Table})
			}
			out[at].names = append(out[at].names, name)
		}
	}
	// What the owners granted goes first: with it often goes the rest.
	slices.SortStableFunc(out, func(a, b revocation) int { return cmp.Compare(a.grantor, b.grantor) })
	return out
}

// grantors are those who granted the role something on the object; the owner is "".
func grantors(o object, role string) []string {
	var out []string
	for _, e := range o.ACL {
		g := e.Grantor
		if g == o.Owner {
			g = ""
		}
		if e.Grantee == role && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

// takeAwaySpecial has the kinds of object that are no subject of REVOKE.
func takeAwaySpecial(role string, o object) []string {
	switch {
	case o.Class == "pg_default_acl" && o.Bond == inACL:
		return []string{fmt.Sprintf("%s revoke all privileges on %s from %s", alterDefaults(o), defaultWords[o.More.On], quote(role))}
	case o.Class == "pg_default_acl":
		return resetDefaults(role, o)
	case o.Class == "pg_user_mapping":
		return []string{fmt.Sprintf("drop user mapping if exists for %s server %s", quote(role), quote(o.More.Name))}
	case o.Bond == inPolicy:
		return []string{leavePolicy(role, o)}
	}
	return nil
}

func alterDefaults(o object) string {
	sql := "alter default privileges for role " + quote(o.Owner)
	if o.More.Schema != "" {
		sql += " in schema " + quote(o.More.Schema)
	}
	return sql
}

// resetDefaults brings the role's own default privileges back to what a new role
// has; PostgreSQL then drops the entry.
func resetDefaults(role string, o object) []string {
	alter, on := alterDefaults(o), defaultWords[o.More.On]
	var out []string
	for _, g := range distinct(o.ACL, func(e ace) string { return e.Grantee }) {
		out = append(out, fmt.Sprintf("%s revoke all privileges on %s from %s", alter, on, to(g)))
	}
	if o.More.Schema != "" {
		return out // those of a schema only add, so none is the beginning
	}
	out = append(out, fmt.Sprintf("%s grant all privileges on %s to %s", alter, on, quote(role)))
	switch o.More.On {
	case "f":
		out = append(out, alter+" grant execute on functions to public")
	case "T":
		out = append(out, alter+" grant usage on types to public")
	}
	return out
}

// leavePolicy takes the role out of a policy. A policy for the role alone is
// dropped: it could only stay by being for everybody.
func leavePolicy(role string, o object) string {
	on := quote(o.More.Name) + " on " + o.More.Table
	var others []string
	for _, r := range o.More.Roles {
		if r != role {
			others = append(others, quote(r))
		}
	}
	if len(others) == 0 {
		return "drop policy if exists " + on
	}
	return "alter policy " + on + " to " + strings.Join(others, ", ")
}

// to is a grantee as it stands after TO and FROM.
func to(grantee string) string {
	if grantee == "" {
		return "public"
	}
	return quote(grantee)
}

// distinct are the different values of a key, in the order of their first appearance.
func distinct[T any](list []T, key func(T) string) []string {
	var out []string
	for _, v := range list {
		if k := key(v); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}
