package plan

import (
	"fmt"
	"strings"
)

// matches reports whether a name fits one of the configured protected patterns:
// exact, or with one * at its beginning, its end or both. It says which.
func matches(patterns []string, name string) (string, bool) {
	for _, p := range patterns {
		head, tail := strings.HasPrefix(p, "*"), strings.HasSuffix(p, "*")
		core := strings.Trim(p, "*")
		switch {
		case core == "" && (head || tail):
			return p, true // "*" protects everything
		case head && tail && strings.Contains(name, core),
			head && !tail && strings.HasSuffix(name, core),
			tail && !head && strings.HasPrefix(name, core),
			!head && !tail && name == p:
			return p, true
		}
	}
	return "", false
}

// guards looks at a finished plan and says, in words, what must not happen
// without a person: a blast radius above the policy, and an account that was made
// again under a name that this case has seen before. A limit that is not set fails
// closed.
func guards(p Plan, facts Facts) []string {
	var tripped []string
	touched := map[string]int{}
	total := 0
	for _, v := range p.Accounts {
		if v.Act {
			touched[v.Account.Connection]++
			total++
		}
	}
	pol := facts.Policy
	if total > 0 && (pol.MaxAccounts <= 0 || pol.MaxPercent <= 0) {
		tripped = append(tripped, "blast radius: the policy sets no limit, so every plan waits for a person")
	} else if total > pol.MaxAccounts {
		tripped = append(tripped, fmt.Sprintf("blast radius: %d accounts in one case, the limit is %d", total, pol.MaxAccounts))
	}
	for _, c := range facts.Connections {
		n := touched[c.Name]
		switch {
		case n == 0:
		case c.Listed < n:
			tripped = append(tripped, fmt.Sprintf("blast radius: how many accounts %s has in all is not known", c.Name))
		case pol.MaxPercent > 0 && c.Listed >= minListed && n*100 > c.Listed*pol.MaxPercent:
			tripped = append(tripped, fmt.Sprintf("blast radius: %d of the %d accounts on %s (%d %%), the limit is %d %%",
				n, c.Listed, c.Name, n*100/c.Listed, pol.MaxPercent))
		}
	}
	for _, a := range facts.Accounts {
		if a.Recreated && a.Exists {
			tripped = append(tripped, fmt.Sprintf("created again: %s is not the account that this case first saw; is it still hers?", a.Ref))
		}
	}
	return tripped
}
