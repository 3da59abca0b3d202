package sweep

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
)

// Looked is one account that was looked at for itself.
type Looked struct {
	access.Ref
	Owners []access.PrincipalID
	Seen   access.Sighting
	Use    access.Use
	// Refused is why the system will not be asked about this account; then nothing was
	// seen.
	Refused string
}

// JudgeLooks says what is found in accounts that were looked at.
func (s Scene) JudgeLooks(all []Looked) []Finding {
	var out []Finding
	for _, l := range all {
		switch {
		case l.Refused != "":
			out = append(out, s.about(CannotBeTold, l, "the account cannot be looked at: "+l.Refused))
		case !l.Seen.Exists && len(l.Seen.Gaps) == 0:
			// It went between the list and the look.
		case s.Rule.Kind == Unused:
			out = append(out, s.unused(l)...)
		case s.Rule.Kind == Entitlements:
			out = append(out, s.beyond(l)...)
		case s.Rule.Kind == ACL:
			out = append(out, s.bloat(l)...)
		}
	}
	return out
}

func (s Scene) about(what What, l Looked, words string) Finding {
	f := Finding{What: what, Ref: l.Ref, Words: words, Evidence: map[string]string{}, loose: s.LooseIDs}
	if l.Seen.Exists {
		f.Ref = l.Seen.Account.Ref
		if l.Seen.Account.Contained {
			f.Evidence["contained"] = "yes: nobody can log in with it now"
		}
	}
	if len(l.Owners) == 1 {
		f.Principal = l.Owners[0]
	}
	if len(l.Owners) > 1 {
		names := make([]string, len(l.Owners))
		for i, o := range l.Owners {
			names[i] = string(o)
		}
		f.Evidence["shared_with"] = strings.Join(names, ", ")
	}
	return f
}

// gaps are what could not be read of an account. What was read is judged all the same.
func (s Scene) gaps(l Looked) []Finding {
	var out []Finding
	for _, g := range l.Seen.Gaps {
		f := s.about(CannotBeTold, l, "not everything that the account may do could be read: "+g.Object+": "+g.Why)
		f.Object = g.Object
		if g.Remedy != "" {
			f.Evidence["remedy"] = g.Remedy
		}
		out = append(out, f)
	}
	return out
}

// unused tells the use of an account by what the system itself says of it. A system that
// keeps no record of it makes the account unknown: a login that nobody wrote down is no
// login that did not happen.
func (s Scene) unused(l Looked) []Finding {
	limit := s.Now.AddDate(0, 0, -s.Rule.Days)
	u := l.Use
	switch {
	case l.Seen.Sessions > 0, !u.Last.IsZero() && u.Last.After(limit):
		return nil
	case !u.Since.IsZero() && !u.Since.After(limit):
		words := fmt.Sprintf("the account was not used in the last %d days", s.Rule.Days)
		if !u.Last.IsZero() {
			words = fmt.Sprintf("the account was last used on %s", u.Last.UTC().Format(time.DateOnly))
		}
		f := s.about(NotUsed, l, words+", says "+u.Source)
		f.Evidence["watched_since"] = u.Since.UTC().Format(time.RFC3339)
		if !u.Last.IsZero() {
			f.Evidence["last_used"] = u.Last.UTC().Format(time.RFC3339)
		}
		return []Finding{f}
	}
	why := u.Why
	switch {
	case !u.Since.IsZero():
		why = fmt.Sprintf("%s has kept record only since %s", u.Source, u.Since.UTC().Format(time.DateOnly))
	case why == "":
		why = "the system keeps no record of when an account was last used"
	}
	f := s.about(CannotBeTold, l, fmt.Sprintf("whether the account was used in the last %d days is unknown: %s", s.Rule.Days, why))
	if l.Seen.Sessions == 0 {
		f.Evidence["sessions"] = "none at the moment of the look, which says nothing of the days before"
	}
	return []Finding{f}
}

// beyond finds each grant that the entitlements do not cover.
func (s Scene) beyond(l Looked) []Finding {
	out := s.gaps(l)
	if s.Spared(l.Seen.Account) != "" {
		return out
	}
	var mine []Entitlement
	for _, e := range s.Rule.Allowed {
		if e.of(l.Ref, l.Owners) {
			mine = append(mine, e)
		}
	}
	for _, g := range l.Seen.Account.Grants {
		over := beyond(mine, g)
		if len(over) == 0 {
			continue
		}
		what, words := Beyond, fmt.Sprintf("%s is more than %s allows", strings.Join(over, ", ")+reach(g), s.Rule.Source)
		if g.Extent == access.ExtentUnknown {
			what, words = CannotBeTold, fmt.Sprintf("how far %s reaches could not be read: whether %s allows it is unknown", strings.Join(over, ", ")+reach(g), s.Rule.Source)
		}
		f := s.about(what, l, words)
		f.Object = strings.TrimSpace(string(g.Kind) + " " + g.Privilege + reach(g))
		f.Evidence["extent"] = string(g.Extent)
		if !slices.ContainsFunc(out, func(o Finding) bool { return o.What == f.What && o.Object == f.Object }) {
			out = append(out, f)
		}
	}
	return out
}

// reach is what a grant is on.
func reach(g access.Grant) string {
	out := ""
	if g.Object != "" {
		out += " on " + g.Object
	}
	if g.Database != "" {
		return out + " in " + g.Database
	}
	return out + " on the whole resource"
}

// bloat warns of an account with more grants than anybody looks after.
func (s Scene) bloat(l Looked) []Finding {
	n := len(l.Seen.Account.Grants)
	if n <= s.Rule.Most {
		return s.gaps(l)
	}
	f := s.about(TooMany, l, fmt.Sprintf("the account has %s, more than %d: what it may do is hard to oversee", access.Count(n, "grant"), s.Rule.Most))
	f.Evidence["grants"] = fmt.Sprint(n)
	return append(s.gaps(l), f)
}
