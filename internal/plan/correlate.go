package plan

import (
	"cmp"
	"slices"

	"github.com/severhq/sever/internal/access"
)

// Match is an account name that belongs to the principal, with the reason why we
// think so, and everybody else who claims it.
type Match struct {
	Name       string               `json:"name"`
	Host       string               `json:"host,omitempty"`
	Evidence   access.Evidence      `json:"evidence"`
	SharedWith []access.PrincipalID `json:"shared_with,omitempty"`
}

// Correlate says which account names at one connection belong to a principal:
// those that an identity names exactly, letter for letter, and no other. The
// claims are all identities at the connection, of anybody; a name that somebody
// else claims too is shared. The strongest evidence for a name is kept.
func Correlate(who access.PrincipalID, connection string, claims []access.Identity) []Match {
	type key struct{ name, host string }
	mine := map[key]*Match{}
	for _, c := range claims {
		if c.Connection != connection || c.Principal != who || c.Account == "" {
			continue
		}
		k := key{c.Account, c.Host}
		if m, ok := mine[k]; !ok {
			mine[k] = &Match{Name: c.Account, Host: c.Host, Evidence: c.Evidence}
		} else if strength(c.Evidence) < strength(m.Evidence) {
			m.Evidence = c.Evidence
		}
	}
	for _, c := range claims {
		m, ok := mine[key{c.Account, c.Host}]
		if ok && c.Connection == connection && c.Principal != who && !slices.Contains(m.SharedWith, c.Principal) {
			m.SharedWith = append(m.SharedWith, c.Principal)
		}
	}
	out := make([]Match, 0, len(mine))
	for _, m := range mine {
		slices.Sort(m.SharedWith)
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Host, b.Host))
	})
	return out
}

// strength orders evidence: lower is stronger.
func strength(e access.Evidence) int {
	return slices.Index([]access.Evidence{access.Confirmed, access.Imported, access.ByRule}, e)
}

// Find gives the listed account that a match names. Comparison is exact, in name
// and host. A match without a host fits an account on a system without hosts only.
func Find(m Match, listed []access.Account) (found []access.Account) {
	for _, a := range listed {
		if a.Name == m.Name && a.Host == m.Host {
			found = append(found, a)
		}
	}
	return found
}

// Namesakes gives the listed accounts that have the name of a match, another host, and
// nobody who claims them: whose they are is a question. Protected ones are nobody's.
func Namesakes(matches []Match, connection string, claims []access.Identity, listed []access.Account) (found []access.Account) {
	for _, a := range listed {
		alike := slices.ContainsFunc(matches, func(m Match) bool { return m.Name == a.Name && m.Host != "" && a.Host != "" })
		claimed := slices.ContainsFunc(claims, func(c access.Identity) bool {
			return c.Connection == connection && c.Account == a.Name && c.Host == a.Host
		})
		if alike && !claimed && a.Protected == "" {
			found = append(found, a)
		}
	}
	return found
}
