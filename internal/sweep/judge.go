package sweep

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// Scene is what a connection's accounts are judged against, page after page.
type Scene struct {
	Rule       Rule
	Connection string
	Hosts      bool // an account is a name and a host there
	LooseIDs   bool // ids change although the account stays the same
	Protected  []string
	Names      plan.NameIndex // who has which name by the connection's rules
	Now        time.Time
}

// Known is what the records say that could matter to one page of accounts.
type Known struct {
	Links    []access.Identity // that name one of the accounts, whatever the host
	Rejected []plan.Rejection
	Ties     []Tie
	People   map[access.PrincipalID]Person // everybody whom a link or a rule names
}

// Tie is the account, by its id, that a link of a principal was last seen to lead to.
type Tie struct {
	Principal access.PrincipalID
	access.Ref
}

// Person is how a principal stands.
type Person struct {
	Standing Standing
	LeftAt   time.Time
	Case     string // that is open
}

// Standing is what the rosters say of a principal.
type Standing string

// The standings. Of whom no roster speaks nobody may be taken for gone.
const (
	Unspoken Standing = ""
	Active   Standing = "active"
	HasLeft  Standing = "left"
)

// page is one page of accounts with its records in reach.
type page struct {
	Scene
	Known
	links    map[string][]access.Identity
	rejected map[string][]plan.Rejection
}

func (s Scene) page(k Known) page {
	p := page{Scene: s, Known: k, links: map[string][]access.Identity{}, rejected: map[string][]plan.Rejection{}}
	for _, id := range k.Links {
		p.links[id.Account] = append(p.links[id.Account], id)
	}
	for _, r := range k.Rejected {
		p.rejected[r.Account.Name] = append(p.rejected[r.Account.Name], r)
	}
	return p
}

// Owners are the principals to whom links and rules give an account.
func (s Scene) Owners(k Known, accounts []access.Account) [][]access.PrincipalID {
	p := s.page(k)
	out := make([][]access.PrincipalID, len(accounts))
	for i, a := range accounts {
		for _, c := range p.claimants(a) {
			out[i] = append(out[i], c.Principal)
		}
	}
	return out
}

// Judge says what is found in one page of accounts by a rule that needs no more than
// the list; see Rule.Looks for the others, and Orphaned for links.
func (s Scene) Judge(accounts []access.Account, k Known) []Finding {
	p := s.page(k)
	var out []Finding
	for _, a := range accounts {
		switch s.Rule.Kind {
		case Left:
			out = append(out, p.left(a)...)
		case Unissued:
			out = append(out, p.unissued(a)...)
		}
	}
	return out
}

func (p page) claimants(a access.Account) []plan.Claimant {
	return plan.Claimants(plan.Links{Connection: p.Connection, Claims: p.links[a.Name], Others: p.Names, Rejected: p.rejected[a.Name],
		Hosts: p.Hosts || a.Host != ""}, a.Ref)
}

func (p page) finding(what What, a access.Account, who access.PrincipalID, words string) Finding {
	f := Finding{What: what, Ref: a.Ref, Principal: who, Words: words, Evidence: map[string]string{}, loose: p.LooseIDs}
	if a.Contained {
		f.Evidence["contained"] = "yes: nobody can log in with it now"
	}
	if why := p.Scene.Spared(a); why != "" {
		f.Evidence["protected"] = why
	}
	return f
}

// left finds the account once for each principal who has it and has left. Who is not
// known to have left, and not known to be there, makes the account unknown.
func (p page) left(a access.Account) []Finding {
	var out []Finding
	owners := p.claimants(a)
	for _, c := range owners {
		who := p.People[c.Principal]
		var f Finding
		switch who.Standing {
		case Active:
			continue
		case HasLeft:
			f = p.finding(OfLeaver, a, c.Principal, fmt.Sprintf("%s left, and the account %s", c.Principal, thereNow(a)))
			f.Evidence["left_at"] = who.LeftAt.UTC().Format(time.RFC3339)
		default:
			f = p.finding(CannotBeTold, a, c.Principal, fmt.Sprintf("no roster has spoken of %s: whether the account should be there is unknown", c.Principal))
		}
		f.Evidence["link"] = string(c.Evidence)
		if who.Case != "" {
			f.Evidence["case"] = who.Case
		}
		if with := others(owners, c.Principal); with != "" {
			f.Words += "; it is claimed by " + with + " as well"
			f.Evidence["shared_with"] = with
		}
		if again, old := p.madeAgain(c.Principal, a); again {
			f.What = CannotBeTold
			f.Words = fmt.Sprintf("the account that %s had (id %s) is gone, and there is another of its name: whose it is a person has to say", c.Principal, old)
		}
		out = append(out, f)
	}
	return out
}

func thereNow(a access.Account) string {
	if a.Contained {
		return "is still there, locked"
	}
	return "is still there, and open"
}

// usable says whether anybody could log in. On some systems a group is an account with
// which nobody can.
func usable(a access.Account) string {
	if a.Contained {
		return "nobody can log in with it now"
	}
	return "it is open"
}

func others(owners []plan.Claimant, but access.PrincipalID) string {
	var out []string
	for _, c := range owners {
		if c.Principal != but {
			out = append(out, string(c.Principal))
		}
	}
	return strings.Join(out, ", ")
}

// madeAgain reports whether the link of a principal was last seen to lead to another
// account of the same name.
func (p page) madeAgain(who access.PrincipalID, a access.Account) (yes bool, old string) {
	i := slices.IndexFunc(p.Ties, func(t Tie) bool { return t.Principal == who && t.Same(a.Ref) })
	if p.LooseIDs || i < 0 || a.ForeignID == "" || p.Ties[i].ForeignID == "" || p.Ties[i].ForeignID == a.ForeignID {
		return false, ""
	}
	return true, p.Ties[i].ForeignID
}

// unissued finds an account that nobody is known to have. Protected accounts belong to
// the system or to the house, and are counted instead; see Spared.
func (p page) unissued(a access.Account) []Finding {
	if p.Spared(a) != "" || len(p.claimants(a)) > 0 {
		return nil
	}
	for _, id := range p.links[a.Name] {
		if id.Host == "" && a.Host != "" {
			f := p.finding(CannotBeTold, a, id.Principal, fmt.Sprintf("a link of %s says %s and names no host: whether it means %s is for a person to say", id.Principal, a.Name, spelt(a.Ref)))
			return []Finding{f}
		}
	}
	f := p.finding(OfNobody, a, "", "no link and no naming rule gives the account to anybody; "+usable(a))
	var not []string
	for _, r := range p.rejected[a.Name] {
		if r.Account.Same(a.Ref) {
			not = append(not, string(r.Principal))
		}
	}
	if len(not) > 0 {
		f.Evidence["not_of"] = strings.Join(not, ", ")
	}
	return []Finding{f}
}

// Spared says why an account is protected, and so nobody's to remove; empty if it is not.
func (s Scene) Spared(a access.Account) string {
	if a.Protected != "" {
		return a.Protected
	}
	if pattern, yes := plan.ProtectedBy(s.Protected, a.Name); yes {
		return "protected by configuration: " + pattern
	}
	return ""
}
