package plan

import (
	"cmp"
	"slices"

	"github.com/severhq/sever/internal/access"
)

// Claimant is somebody to whom a link or a rule gives an account.
type Claimant struct {
	Principal access.PrincipalID
	Evidence  access.Evidence // the strongest
}

// Claimants are all to whom the links and rules give an account, by the exactness of
// Correlate, in the order of their ids. Who is not among them.
func Claimants(l Links, a access.Ref) []Claimant {
	c := correlation{Links: l}
	var out []Claimant
	for who, e := range c.claimants(a) {
		out = append(out, Claimant{who, e})
	}
	slices.SortFunc(out, func(a, b Claimant) int { return cmp.Compare(a.Principal, b.Principal) })
	return out
}

// claimants are all but Who to whom a link or a rule gives an account, by name and host,
// letter for letter, and who were not rejected.
func (c *correlation) claimants(a access.Ref) map[access.PrincipalID]access.Evidence {
	links := map[access.PrincipalID]access.Evidence{}
	for _, id := range c.Claims {
		was, twice := links[id.Principal]
		if id.Connection != c.Connection || id.Principal == c.Who || !covers(id.Account, id.Host, a) || c.rejected(id.Principal, a) {
			continue
		}
		if !twice || strength(id.Evidence) < strength(was) {
			links[id.Principal] = id.Evidence
		}
	}
	for _, name := range c.generated(a) {
		for _, who := range c.Others[name] {
			if _, linked := links[who]; !linked && who != c.Who && !c.rejected(who, a) {
				links[who] = access.ByRule
			}
		}
	}
	return links
}
