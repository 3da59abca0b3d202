package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Links are all that is known about whose the accounts of one connection are.
type Links struct {
	Who        access.PrincipalID
	Connection string
	// Claims are the identities at the connection, of anybody, that name one of the
	// accounts that Who may have, whatever its letters. A host of * means every host.
	Claims  []access.Identity
	Rules   []Rule
	Profile Profile   // Who, for the rules
	Others  NameIndex // who has which name by the rules; Who may be among them
	// Ties are the accounts, with their ids, that the links of Who last led to.
	Ties []access.Ref
	// Rejected are accounts that a person said are not somebody's.
	Rejected []Rejection
	// Hosts is true where an account is a name and a host.
	Hosts  bool
	Listed []access.Account
	// Known are the accounts that the case has found before.
	Known []KnownAccount
}

// Rejection is a person's word that an account is not a principal's, or, with a rule
// instead of an account, that the principal has no name by it.
type Rejection struct {
	Principal access.PrincipalID
	Account   access.Ref
	Rule      string
}

// KnownAccount is an account that a case has found before.
type KnownAccount struct {
	access.Ref
	Evidence   access.Evidence
	SharedWith []access.PrincipalID
	Seen       bool // it was there
}

// Target is an account to look at.
type Target struct {
	access.Ref
	Evidence   access.Evidence
	SharedWith []access.PrincipalID
	// Doubt is the question that the account is if it turns out to be there although
	// the system did not list it.
	Doubt *Question
}

// Correlated is what the links and rules make of the accounts that a connection lists:
// those that are hers, and those about which a person has to be asked.
type Correlated struct {
	Targets   []Target
	Questions []Question
}

// Correlate is exact or nothing: an account is hers when a link or a rule names it letter
// for letter, name and host, and nothing speaks against it. Everything less is a question.
//
// A name that links give to others too is shared. A name that a rule gives to her and to
// somebody else, or that a link gives to one and a rule to the other, is a question; only
// a person's own word stands above rules. What a link names and the system does not list
// is to be looked at by its bare name, so that the system itself says that it is absent.
func Correlate(l Links) Correlated {
	l.Hosts = l.Hosts || slices.ContainsFunc(l.Listed, func(a access.Account) bool { return a.Host != "" })
	c := correlation{Links: l}
	c.mine()
	for _, a := range l.Listed {
		c.listed(a.Ref)
	}
	for _, m := range c.links {
		c.near(m)
		c.absent(m)
	}
	for _, k := range l.Known {
		if !c.rejected(l.Who, k.Ref) {
			c.target(Target{Ref: k.Ref, Evidence: k.Evidence, SharedWith: k.SharedWith})
		}
	}
	slices.SortStableFunc(c.out.Questions, func(a, b Question) int {
		return cmp.Or(compareRefs(a.Account, b.Account), cmp.Compare(a.Rule, b.Rule))
	})
	return c.out
}

// correlation is one call of Correlate.
type correlation struct {
	Links
	links []link
	out   Correlated
}

// link is one way in which she may have an account.
type link struct {
	name, host string
	evidence   access.Evidence
	rule       string // of evidence by rule
}

// mine collects her links, the strongest evidence for each, and asks about rules that
// cannot be applied.
func (c *correlation) mine() {
	for _, id := range c.Claims {
		if id.Connection == c.Connection && id.Principal == c.Who && id.Account != "" {
			c.link(link{id.Account, id.Host, id.Evidence, ""})
		}
	}
	for _, r := range c.Rules {
		name, missing, err := r.Name(c.Profile)
		if err == nil && len(missing) == 0 {
			name, host := c.split(name)
			c.link(link{name, host, access.ByRule, r.String()})
			continue
		}
		q := unruly(c.Connection, r, missing, err)
		if !slices.Contains(c.Rejected, Rejection{c.Who, q.Account, q.Rule}) {
			c.out.Questions = append(c.out.Questions, q)
		}
	}
	slices.SortFunc(c.links, func(a, b link) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.host, b.host)) })
}

func (c *correlation) link(n link) {
	i := slices.IndexFunc(c.links, func(m link) bool { return m.name == n.name && m.host == n.host })
	switch {
	case i < 0:
		c.links = append(c.links, n)
	case strength(n.evidence) < strength(c.links[i].evidence):
		c.links[i] = n
	}
}

// anyHost is the host of a link that means the accounts of every host.
const anyHost = "*"

// split takes a generated name apart, where accounts have hosts.
func (c *correlation) split(name string) (account, host string) {
	if at := strings.LastIndex(name, "@"); c.Hosts && at > 0 {
		return name[:at], name[at+1:]
	}
	return name, ""
}

func covers(name, host string, a access.Ref) bool {
	return a.Name == name && (a.Host == host || host == anyHost)
}

// strength orders evidence: lower is stronger.
func strength(e access.Evidence) int {
	return slices.Index([]access.Evidence{access.Confirmed, access.Imported, access.ByRule}, e)
}

// best is her strongest link to an account.
func (c *correlation) best(a access.Ref) (out link, ok bool) {
	for _, m := range c.links {
		if covers(m.name, m.host, a) && (!ok || strength(m.evidence) < strength(out.evidence)) {
			out, ok = m, true
		}
	}
	return out, ok
}

// listed judges an account that the system lists.
func (c *correlation) listed(a access.Ref) {
	m, ok := c.best(a)
	if !ok {
		return
	}
	if old, recycled := c.recycled(a); recycled {
		c.target(Target{Ref: old, Evidence: m.evidence})
		c.ask(madeAgain(a))
		return
	}
	shared, rivals := c.others(a, m.evidence)
	if len(rivals) > 0 && len(shared) == 0 {
		c.ask(contested(a, m, rivals))
		return
	}
	if !c.rejected(c.Who, a) {
		c.target(Target{Ref: a, Evidence: m.evidence, SharedWith: shared})
	}
}

// recycled is the account that the link last led to, when this is another one of its
// name. Within a case that has seen one of them, the guard of the plan speaks.
func (c *correlation) recycled(a access.Ref) (old access.Ref, yes bool) {
	seen := slices.ContainsFunc(c.Known, func(k KnownAccount) bool { return k.Seen && k.Same(a) })
	i := slices.IndexFunc(c.Ties, func(t access.Ref) bool { return t.Same(a) })
	if seen || i < 0 || a.ForeignID == "" || c.Ties[i].ForeignID == "" || c.Ties[i].ForeignID == a.ForeignID {
		return old, false
	}
	return c.Ties[i], true
}

// others are who else has an account: by a link, so that it is shared; or in a way that
// makes it doubtful whose it is.
func (c *correlation) others(a access.Ref, mine access.Evidence) (shared []access.PrincipalID, rivals []rival) {
	links := c.claimants(a)
	for who, e := range links {
		switch {
		case mine == access.ByRule || e == access.ByRule && mine != access.Confirmed:
			rivals = append(rivals, rival{who, e})
		case e != access.ByRule:
			shared = append(shared, who)
		}
	}
	slices.Sort(shared)
	slices.SortFunc(rivals, func(a, b rival) int { return cmp.Compare(a.who, b.who) })
	return shared, rivals
}

// generated are the names that a rule may have generated for an account.
func (c *correlation) generated(a access.Ref) []string {
	var out []string
	if c.Hosts {
		out = append(out, a.Name+"@"+anyHost)
	}
	if a.Host == "" {
		return append(out, a.Name)
	}
	return append(out, a.Name+"@"+a.Host)
}

func (c *correlation) rejected(who access.PrincipalID, a access.Ref) bool {
	return slices.Contains(c.Rejected, Rejection{Principal: who, Account: a})
}

// near asks about accounts that a link may mean and does not name: of a host where the
// link has none; of other letters or another host, when nobody else claims them. Protected
// ones are nobody's.
func (c *correlation) near(m link) {
	// An account that the case has ended already was what the link named.
	fits := func(resource string) bool {
		return slices.ContainsFunc(c.Listed, func(a access.Account) bool { return a.Resource == resource && covers(m.name, m.host, a.Ref) }) ||
			slices.ContainsFunc(c.Known, func(k KnownAccount) bool { return k.Seen && k.Resource == resource && covers(m.name, m.host, k.Ref) })
	}
	for _, a := range c.Listed {
		if _, hers := c.best(a.Ref); hers || a.Protected != "" {
			continue
		}
		sameHost := m.host == anyHost || m.host == "" || strings.EqualFold(m.host, a.Host)
		switch {
		case m.host == "" && a.Host != "" && a.Name == m.name:
			c.ask(withoutHost(a.Ref, m))
		case a.Host != "" && a.Name == m.name && !c.claimed(a.Ref):
			c.ask(atAnotherHost(a.Ref, m))
		case strings.EqualFold(a.Name, m.name) && sameHost && !fits(a.Resource) && !c.claimed(a.Ref):
			c.ask(otherLetters(a.Ref, m))
		}
	}
}

// claimed reports whether a link of anybody else names exactly this account.
func (c *correlation) claimed(a access.Ref) bool {
	return slices.ContainsFunc(c.Claims, func(id access.Identity) bool {
		return id.Connection == c.Connection && id.Principal != c.Who && covers(id.Account, id.Host, a) && !c.rejected(id.Principal, a)
	})
}

// absent makes a target of a link that fits nothing the system lists. Should it be there
// after all, a doubt about whose it is holds as well. A link without a host to a name that
// has accounts with one was asked about: it is no account of its own.
func (c *correlation) absent(m link) {
	ref := access.Ref{Connection: c.Connection, Name: m.name, Host: m.host}
	if m.host == anyHost {
		ref.Host = ""
	}
	if slices.ContainsFunc(c.Listed, func(a access.Account) bool { return covers(m.name, m.host, a.Ref) || m.host == "" && a.Name == m.name }) ||
		slices.ContainsFunc(c.Known, func(k KnownAccount) bool { return covers(m.name, m.host, k.Ref) }) {
		return
	}
	t := Target{Ref: ref, Evidence: m.evidence}
	var rivals []rival
	t.SharedWith, rivals = c.others(ref, m.evidence)
	if len(rivals) > 0 && len(t.SharedWith) == 0 {
		q := contested(ref, m, rivals)
		t.Doubt = &q
	}
	c.target(t)
}

// target adds an account once: the first time, it stands in the light of the links.
func (c *correlation) target(t Target) {
	if !slices.ContainsFunc(c.out.Targets, func(o Target) bool { return o.Ref == t.Ref }) {
		c.out.Targets = append(c.out.Targets, t)
	}
}

// ask adds a question unless a person has answered it.
func (c *correlation) ask(q Question) {
	asked := slices.ContainsFunc(c.out.Questions, func(o Question) bool { return o.Account == q.Account && o.Rule == q.Rule })
	if !asked && !c.rejected(c.Who, q.Account) {
		c.out.Questions = append(c.out.Questions, q)
	}
}
