package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Make computes the plan. It never fails: what cannot be done is in the plan, as
// a verdict or as a blocked step, with the reason.
//
// The order: contain everything; then, for each lane, new passwords for what others go
// on using, links, then databases
// (handing over what is owned, or revoking), then the account itself; then look
// again at each account.
func Make(f Facts) Plan {
	p := Plan{Case: f.Case, Principal: f.Principal, Reason: f.Policy.Reason, Supplement: f.Supplement}
	for _, c := range f.Connections {
		if c.Unknown != "" {
			p.Unknown = append(p.Unknown, Silent{c.Name, c.Unknown})
		}
	}
	p.Questions = slices.Clone(f.Questions)
	slices.SortFunc(p.Questions, func(a, b Question) int { return cmp.Compare(a.ID, b.ID) })
	accounts := slices.Clone(f.Accounts)
	slices.SortFunc(accounts, func(a, b Account) int { return compareRefs(a.Ref, b.Ref) })
	for _, a := range accounts {
		conn := f.connection(a.Connection)
		v := judge(a, conn, f)
		p.Accounts = append(p.Accounts, v)
		caps := conn.Engines[a.Engine]
		ends := v.Act && len(a.SharedWith) == 0
		if v.Act && !ends {
			p.Steps = append(p.Steps, rotation(a, caps))
		}
		if ends {
			p.Steps = append(p.Steps, steps(a, caps, f)...)
		}
		if ends || v.Outcome == access.AlreadyGone {
			p.Steps = append(p.Steps, access.Step{Action: access.Confirm, Account: a.Ref})
		}
	}
	slices.SortStableFunc(p.Steps, compareSteps)
	for i := range p.Steps {
		p.Steps[i].Ordinal = i + 1
	}
	p.Guards = guards(p, f)
	return p
}

// judge decides whether an account is acted upon at all.
func judge(a Account, c Connection, f Facts) Verdict {
	v := Verdict{Account: a.Ref, Engine: a.Engine, Evidence: a.Evidence, Grants: len(a.Grants), ID: a.ID}
	pattern, listed := ProtectedBy(c.Protected, a.Name)
	asked := f.asked(a.Ref)
	switch {
	case a.Name == "":
		v.Outcome, v.Why = access.Unknown, "it has no name, so nobody can say which account it is"
	case a.Exists && a.Protected != "":
		v.Outcome, v.Why = access.Protected, a.Protected
	case listed:
		v.Outcome, v.Why = access.Protected, "matches the protected pattern "+pattern
	case c.Unknown != "":
		v.Outcome, v.Why = access.Unknown, c.Name+" could not be asked: "+c.Unknown
	case strength(a.Evidence) < 0:
		v.Outcome, v.Why = access.Unknown, fmt.Sprintf("nothing says that it is hers (evidence %q)", a.Evidence)
	case !a.Exists && len(a.Gaps) > 0:
		v.Outcome, v.Why = access.Unknown, GapsInWords(a.Gaps)
	case !a.Exists:
		v.Outcome, v.Why = access.AlreadyGone, "the system lists its accounts and this one is not among them"
	case asked != nil:
		v.Outcome, v.Why = access.Blocked, fmt.Sprintf("question %d waits for an answer: %s", asked.ID, asked.Words)
	case len(a.SharedWith) > 0:
		return shared(v, a, c, f.Policy.Shared)
	case c.Engines[a.Engine] == nil:
		v.Outcome, v.Why = access.Unsupported, fmt.Sprintf("nothing is known about engine %q", a.Engine)
	case !c.Engines[a.Engine].Can(access.Contain) && !c.Engines[a.Engine].Can(access.Delete):
		v.Outcome, v.Why = access.Unsupported, "the system can neither lock nor delete it"
	default:
		v.Act = true
		if len(a.Gaps) > 0 {
			v.Why = "could not be read whole: " + GapsInWords(a.Gaps)
		}
	}
	return v
}

// steps are what the plan does to one account.
func steps(a Account, caps access.Capabilities, f Facts) []access.Step {
	var out []access.Step
	add := func(s access.Step) {
		s.Account = a.Ref
		out = append(out, s)
	}
	if caps.Can(access.Contain) && !a.staysContained(f.Policy.Mode) {
		// Also for an account that somebody else has locked: its sessions may live.
		s := access.Step{Action: access.Contain, Mode: f.Policy.Mode}
		s.Irreversible = caps[access.Contain].Loses
		if s.Mode == access.Kill {
			s.Irreversible = "its credential; a cancel makes a new one"
		}
		add(s)
	}
	for _, link := range a.Grants {
		if link.EndedBy == access.Unlink {
			add(access.Step{Action: access.Unlink, Database: link.Database, Object: link.Object, Irreversible: caps[access.Unlink].Loses,
				Blocked: impossible(caps, access.Unlink, link)})
		}
	}
	for _, db := range databases(a.Grants) {
		if db.owned == 0 {
			add(access.Step{Action: access.Revoke, Database: db.name, Irreversible: caps[access.Revoke].Loses,
				Blocked: impossible(caps, access.Revoke, db.first)})
			continue
		}
		s := access.Step{Action: access.Reassign, Database: db.name, Successor: f.successor(a.Connection), Irreversible: caps[access.Reassign].Loses}
		s.Blocked = impossible(caps, access.Reassign, db.first)
		if s.Successor == "" {
			s.Blocked = append(s.Blocked, noSuccessor(f.Case, a, db))
		}
		add(s)
	}
	if caps.Can(access.Delete) {
		s := access.Step{Action: access.Delete, Irreversible: "its credential; a cancel makes a new one"}
		if more := caps[access.Delete].Loses; more != "" {
			s.Irreversible += "; " + more
		}
		add(s)
	} else {
		add(access.Step{Action: access.Delete, Blocked: []access.Blocker{{
			Object: a.Ref.String(), Why: "the system has no way to delete an account", Remedy: "it stays contained; delete it by hand, then retry"}}})
	}
	return dedupe(out)
}

// staysContained is true for what this case has contained, no more mildly than it would
// now, and what the system shows to be contained still: nobody has come in since. A large
// plan that is made anew has to get further than the one before it.
func (a Account) staysContained(mode access.Mode) bool {
	return a.WasContained && a.Contained && (a.ContainedAs == mode || a.ContainedAs == access.Kill)
}

// database is what is left in one database after the links are gone.
type database struct {
	name  string
	owned int
	first access.Grant
	names []string
}

// databases groups the grants that are ended one database at a time.
func databases(grants []access.Grant) []database {
	byName := map[string]*database{}
	var order []string
	for _, g := range grants {
		if g.EndedBy != access.Revoke && g.EndedBy != access.Reassign {
			continue
		}
		d, ok := byName[g.Database]
		if !ok {
			d = &database{name: g.Database, first: g}
			byName[g.Database] = d
			order = append(order, g.Database)
		}
		if g.EndedBy == access.Reassign {
			d.owned++
			d.names = append(d.names, g.Object)
			d.first = g
		}
	}
	slices.Sort(order)
	out := make([]database, 0, len(order))
	for _, n := range order {
		out = append(out, *byName[n])
	}
	return out
}

func noSuccessor(caseID string, a Account, d database) access.Blocker {
	names := d.names
	more := ""
	if len(names) > 20 {
		more = fmt.Sprintf(" and %d more", len(names)-20)
		names = names[:20]
	}
	return access.Blocker{
		Object: "database " + d.name,
		Why:    fmt.Sprintf("%s owns %s%s there, and nobody is named to receive them", a.Name, strings.Join(names, ", "), more),
		Remedy: fmt.Sprintf("sever retry %s --successor %s=ACCOUNT", caseID, a.Connection),
	}
}

// impossible names the blocker when a provider lacks an action that a grant needs.
func impossible(caps access.Capabilities, action access.Action, g access.Grant) []access.Blocker {
	if caps.Can(action) {
		return nil
	}
	return []access.Blocker{{Object: cmp.Or(g.Object, g.Database), Why: fmt.Sprintf("the system has no way to %s", action)}}
}

// dedupe drops repeated steps: two grants may be ended by the same one.
func dedupe(in []access.Step) []access.Step {
	seen := map[string]bool{}
	return slices.DeleteFunc(in, func(s access.Step) bool {
		id := identity(s)
		if seen[id] {
			return true
		}
		seen[id] = true
		return false
	})
}

var rungs = []access.Action{access.Contain, access.Rotate, access.Unlink, access.Reassign, access.Revoke, access.Delete, access.Confirm}

// compareSteps puts containing first of all and looking again last; between them
// each lane stands together, in the order of the ladder.
func compareSteps(a, b access.Step) int {
	return cmp.Or(
		cmp.Compare(stage(a), stage(b)),
		cmp.Compare(a.Account.Connection, b.Account.Connection),
		cmp.Compare(a.Account.Resource, b.Account.Resource),
		cmp.Compare(slices.Index(rungs, a.Action), slices.Index(rungs, b.Action)),
		compareRefs(a.Account, b.Account),
		cmp.Compare(a.Database, b.Database),
		cmp.Compare(a.Object, b.Object),
	)
}

func stage(s access.Step) int {
	switch s.Action {
	case access.Contain:
		return 0
	case access.Confirm:
		return 2
	}
	return 1
}

func compareRefs(a, b access.Ref) int {
	return cmp.Or(cmp.Compare(a.Connection, b.Connection), cmp.Compare(a.Resource, b.Resource),
		cmp.Compare(a.Name, b.Name), cmp.Compare(a.Host, b.Host), cmp.Compare(a.ForeignID, b.ForeignID))
}

func (f Facts) connection(name string) Connection {
	for _, c := range f.Connections {
		if c.Name == name {
			return c
		}
	}
	return Connection{Name: name}
}

// asked is the open question about an account, if there is one.
func (f Facts) asked(a access.Ref) *Question {
	i := slices.IndexFunc(f.Questions, func(q Question) bool { return q.Rule == "" && q.Account == a })
	if i < 0 {
		return nil
	}
	return &f.Questions[i]
}

func (f Facts) successor(connection string) string {
	return cmp.Or(f.Successors[connection], f.Successors[""])
}

// GapsInWords lists gaps on one line: what, and why.
func GapsInWords(gaps []access.Gap) string {
	words := make([]string, len(gaps))
	for i, g := range gaps {
		words[i] = g.Object + ": " + g.Why
	}
	return strings.Join(words, "; ")
}

func idsInWords(ids []access.PrincipalID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, ", ")
}
