package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// membership is one row of pg_auth_members. Before 16 there is one for each pair,
// the grantor is a note, and a member always has both options.
type membership struct {
	Role    string `json:"role"`
	Member  string `json:"member"`
	Grantor string `json:"grantor"`
	Admin   bool   `json:"admin,omitempty"`
	Inherit *bool  `json:"inherit,omitempty"` // nil before 16
	Set     *bool  `json:"set,omitempty"`     // nil before 16
}

// Going through JSON reads the columns of 16 where they are and gives null where not.
const membershipColumns = `
select pg_get_userbyid(m.roleid)::text, pg_get_userbyid(m.member)::text, pg_get_userbyid(m.grantor)::text, m.admin_option,
       (to_jsonb(m)->>'inherit_option')::bool, (to_jsonb(m)->>'set_option')::bool
from pg_auth_members m`

// membershipsOf are those in which the role $1 is the group, the member or the grantor.
const membershipsOf = membershipColumns + `
where $1::int8::oid in (m.roleid, m.member, m.grantor)
order by 1, 2, 3`

const membershipsBetween = membershipColumns + `
where pg_get_userbyid(m.roleid)::text = $1 and pg_get_userbyid(m.member)::text = $2
order by 3`

func collectMemberships(rows pgx.Rows) ([]membership, error) {
	return pgx.CollectRows(rows, pgx.RowToStructByPos[membership])
}

// pair names what an Unlink takes apart: every membership of one role in another.
type pair struct{ Role, Member string }

func (m membership) pair() pair { return pair{m.Role, m.Member} }

// The three ways in which a membership has to do with a role. Plans order steps by
// these words, and the order matters: a membership that rests on her ADMIN OPTION
// must end before her own.
const (
	issuedWord = "grant of role " // "grant of role reporting to bob": she made bob a member
	memberWord = "member "        // "member bob": bob is a member of her role
	roleWord   = "role "          // "role reporting": she is a member of reporting
)

// object is how a pair stands in a grant and in a step for the account named self.
func (p pair) object(self string) string {
	switch self {
	case p.Member:
		return roleWord + readable(p.Role)
	case p.Role:
		return memberWord + readable(p.Member)
	}
	return issuedWord + readable(p.Role) + " to " + readable(p.Member)
}

// parsePair reads what object wrote.
func parsePair(object, self string) (pair, error) {
	if rest, ok := strings.CutPrefix(object, issuedWord); ok {
		role, rest, err := cutName(rest)
		if err != nil {
			return pair{}, fmt.Errorf("%q %w", object, err)
		}
		rest, ok = strings.CutPrefix(rest, "to ")
		member, left, err := cutName(rest)
		if err != nil || !ok || left != "" {
			return pair{}, fmt.Errorf("%q %w", object, errNotReadable)
		}
		return pair{role, member}, nil
	}
	for word, at := range map[string]func(string) pair{
		memberWord: func(name string) pair { return pair{self, name} },
		roleWord:   func(name string) pair { return pair{name, self} },
	} {
		rest, ok := strings.CutPrefix(object, word)
		if !ok {
			continue
		}
		name, left, err := cutName(rest)
		if err != nil || left != "" {
			return pair{}, fmt.Errorf("%q %w", object, errNotReadable)
		}
		return at(name), nil
	}
	return pair{}, fmt.Errorf("%q %w", object, errNotReadable)
}

// uses reports whether the membership lets the member act with the role's rights.
// Without, it is only the right to administer the role (from 16 on, whoever creates
// a role has that).
func (m membership) uses() bool {
	return m.Inherit == nil || *m.Inherit || *m.Set
}

// noted reports whether a role is in a membership as its grantor only, on a server
// where that has no effect: before 16 the membership does not depend on it, so it
// is left as it is.
func (m membership) noted(self string) bool {
	return m.Inherit == nil && m.Role != self && m.Member != self
}

// grantorNotes are the memberships that merely remember the role as their grantor.
func grantorNotes(self string, all []membership) []string {
	var out []string
	for _, m := range all {
		if m.noted(self) {
			out = append(out, readable(m.Member)+" in "+readable(m.Role))
		}
	}
	return out
}

// membershipGrants turns memberships into grants of the account named self.
func membershipGrants(self, ourLogin string, all []membership) []access.Grant {
	rows := map[pair][]membership{}
	var pairs []pair
	for _, m := range all {
		if m.Role == self && m.Member == ourLogin && !m.uses() {
			continue // our own right to administer her
		}
		if m.noted(self) {
			continue
		}
		if rows[m.pair()] == nil {
			pairs = append(pairs, m.pair())
		}
		rows[m.pair()] = append(rows[m.pair()], m)
	}
	var out []access.Grant
	for _, p := range pairs {
		g := access.Grant{
			Kind:      access.Membership,
			Object:    p.object(self),
			Privilege: wordsOf(rows[p]),
			Extent:    access.ExtentClusterWide,
			EndedBy:   access.Unlink,
		}
		if p.Role != self && p.Member != self {
			g.Kind = access.Issued
		}
		// The creator's right over a role cannot be revoked by most, and ends with the role.
		if p.Role == self && !slices.ContainsFunc(rows[p], membership.uses) {
			g.EndedBy = access.Delete
		}
		out = append(out, g)
	}
	return out
}

func wordsOf(rows []membership) string {
	words := make([]string, len(rows))
	for i, m := range rows {
		w := "member"
		if m.Admin {
			w += " with admin option"
		}
		if m.Inherit != nil && !*m.Inherit {
			w += " without inherit"
		}
		if m.Set != nil && !*m.Set {
			w += " without set"
		}
		words[i] = w + ", granted by " + readable(m.Grantor)
	}
	return strings.Join(words, "; ")
}

// reachable lists the roles that the role $1 comes to through its groups' groups,
// each with one group on the way.
const reachable = `
with recursive up (oid, via) as (
    select m.roleid, m.member from pg_auth_members m where m.member = $1::int8::oid
    union
    select m.roleid, m.member from up join pg_auth_members m on m.member = up.oid
)
select distinct on (name) pg_get_userbyid(oid)::text as name, pg_get_userbyid(via)::text
from up
where oid not in (select roleid from pg_auth_members where member = $1::int8::oid)
order by name, 2`
