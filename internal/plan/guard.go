package plan

import (
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// ProtectedBy reports whether a name fits one of the configured protected patterns:
// exact, or with one * at its beginning, its end or both. It says which.
func ProtectedBy(patterns []string, name string) (string, bool) {
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
// without a person: a blast radius above the policy, in this plan or in an hour, and
// an account that was made again under a name that this case has seen before. A
// limit that is not set and a number that is not known fail closed.
func guards(p Plan, facts Facts) []string {
	var tripped []string
	touched := map[string][]access.Ref{}
	total := 0
	for _, v := range p.Accounts {
		if v.Act {
			touched[v.Account.Connection] = append(touched[v.Account.Connection], v.Account)
			total++
		}
	}
	if total > 0 {
		tripped = append(tripped, unlimited(facts.Policy)...)
	}
	if pol := facts.Policy; pol.MaxAccounts > 0 && total > pol.MaxAccounts {
		tripped = append(tripped, fmt.Sprintf("blast radius: %d accounts in one case, the limit is %d", total, pol.MaxAccounts))
	}
	for _, c := range facts.Connections {
		if len(touched[c.Name]) > 0 {
			tripped = append(tripped, radius(c, len(touched[c.Name]), facts.Policy)...)
			tripped = append(tripped, hourly(c, touched[c.Name], facts.Policy)...)
		}
	}
	for _, a := range facts.Accounts {
		if a.Recreated && a.Exists {
			tripped = append(tripped, fmt.Sprintf("created again: %s is not the account that this case first saw; is it still hers?", a.Ref))
		}
	}
	return append(tripped, second(facts)...)
}

// unlimited trips for the limits that the policy does not set.
func unlimited(p Policy) []string {
	var missing []string
	for _, l := range []struct {
		what string
		set  int
	}{
		{"the accounts of a case", p.MaxAccounts}, {"the share of a connection", p.MaxPercent},
		{"the accounts in an hour", p.MaxPerHour}, {"the share in an hour", p.MaxHourPercent},
	} {
		if l.set <= 0 {
			missing = append(missing, l.what)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []string{"blast radius: the policy sets no limit for " + strings.Join(missing, ", ") + ", so every plan waits for a person"}
}

// radius trips for the share of one connection's accounts that the plan touches.
func radius(c Connection, n int, p Policy) []string {
	switch {
	case c.Listed < n:
		return []string{fmt.Sprintf("blast radius: how many accounts %s has in all is not known", c.Name)}
	case p.MaxPercent > 0 && c.Listed >= minListed && n*100 > c.Listed*p.MaxPercent:
		return []string{fmt.Sprintf("blast radius: %d of the %d accounts on %s (%d %%), the limit is %d %%",
			n, c.Listed, c.Name, n*100/c.Listed, p.MaxPercent)}
	}
	return nil
}

// hourly trips for what all cases together do on one connection within an hour. What
// they have deleted is not among the listed accounts any more, which makes the share
// larger than it was: it errs towards asking.
func hourly(c Connection, mine []access.Ref, p Policy) []string {
	if !c.Hour.Known {
		return []string{fmt.Sprintf("blast radius: how many accounts on %s all cases together acted upon within the last hour is not known", c.Name)}
	}
	n := len(distinct(mine, c.Hour.Accounts))
	var tripped []string
	if p.MaxPerHour > 0 && n > p.MaxPerHour {
		tripped = append(tripped, fmt.Sprintf("blast radius: %d accounts on %s within an hour, by all cases together; the limit is %d",
			n, c.Name, p.MaxPerHour))
	}
	if p.MaxHourPercent > 0 && c.Listed >= minListed && n*100 > c.Listed*p.MaxHourPercent {
		tripped = append(tripped, fmt.Sprintf("blast radius: %d accounts on %s within an hour, by all cases together, where %d are listed (%d %%); the limit is %d %%",
			n, c.Name, c.Listed, n*100/c.Listed, p.MaxHourPercent))
	}
	return tripped
}

// distinct are the accounts of the lists, each once, whatever their ids.
func distinct(lists ...[]access.Ref) map[access.Ref]bool {
	all := map[access.Ref]bool{}
	for _, list := range lists {
		for _, r := range list {
			r.ForeignID = ""
			all[r] = true
		}
	}
	return all
}
