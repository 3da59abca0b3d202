package main

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
)

// rosterDiff is what a roster changes, as far as rosters speak about people. It is the
// JSON of roster import.
type rosterDiff struct {
	DryRun    bool           `json:"dry_run"`
	Active    int            `json:"active"`
	Joined    []rosterPerson `json:"joined"`   // on a roster for the first time
	Left      []rosterPerson `json:"left"`     // listed as gone, or not listed any more
	Returned  []rosterPerson `json:"returned"` // had left before
	Changed   []rosterPerson `json:"changed"`
	Unchanged int            `json:"unchanged"`
}

type rosterPerson struct {
	Principal access.PrincipalID `json:"principal"`
	Name      string             `json:"name,omitempty"`
	Fields    []string           `json:"fields,omitempty"` // that changed
}

// compareRoster says what a roster changes for the people on record.
func compareRoster(have []store.Person, roster []store.Entry) rosterDiff {
	d := rosterDiff{Joined: []rosterPerson{}, Left: []rosterPerson{}, Returned: []rosterPerson{}, Changed: []rosterPerson{}}
	known, listed := map[access.PrincipalID]store.Person{}, map[access.PrincipalID]bool{}
	for _, p := range have {
		known[p.ID] = p
	}
	for _, e := range roster {
		listed[e.ID] = true
		was := known[e.ID]
		who := rosterPerson{Principal: e.ID, Name: cmp.Or(e.Name, was.Name), Fields: changedFields(was, e)}
		if !e.Left {
			d.Active++
		}
		switch {
		case !was.Standing.Known && !e.Left:
			who.Fields = nil
			d.Joined = append(d.Joined, who)
		case e.Left && (was.Standing.Active || !was.Standing.Known):
			d.Left = append(d.Left, who)
		case !e.Left && !was.Standing.Active:
			d.Returned = append(d.Returned, who)
		case len(who.Fields) > 0:
			d.Changed = append(d.Changed, who)
		default:
			d.Unchanged++
		}
	}
	for _, p := range have {
		if p.Standing.Active && !listed[p.ID] {
			d.Left = append(d.Left, rosterPerson{Principal: p.ID, Name: p.Name})
		}
	}
	for _, l := range [][]rosterPerson{d.Joined, d.Left, d.Returned, d.Changed} {
		slices.SortFunc(l, func(a, b rosterPerson) int { return cmp.Compare(a.Principal, b.Principal) })
	}
	return d
}

// changedFields names what the records will have otherwise.
func changedFields(was store.Person, e store.Entry) []string {
	var out []string
	for _, f := range []struct{ name, old, new string }{
		{"login", was.Login, e.Login}, {"name", was.Name, e.Name}, {"email", was.Email, e.Email}} {
		if f.new != "" && f.new != f.old {
			out = append(out, f.name)
		}
	}
	if e.Attributes == nil {
		return out
	}
	names := slices.Concat(slices.Collect(maps.Keys(was.Attributes)), slices.Collect(maps.Keys(e.Attributes)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if was.Attributes[name] != e.Attributes[name] {
			out = append(out, attributePrefix+name)
		}
	}
	return out
}

// tooSmall says, in words, why a roster cannot be believed, or nothing. Who was active
// and is not any more is counted, so that a list of the same length with other people on
// it is none either.
func tooSmall(have []store.Person, roster []store.Entry, last store.Roster, percent int, now time.Time) string {
	here, active := map[access.PrincipalID]bool{}, 0
	for _, e := range roster {
		if !e.Left {
			here[e.ID] = true
			active++
		}
	}
	if active == 0 {
		return "it has nobody who is active: an empty roster means that something is broken, never that everybody left"
	}
	before, missing := 0, 0
	for _, p := range have {
		if p.Standing.Active {
			before++
			if !here[p.ID] {
				missing++
			}
		}
	}
	if before == 0 || missing*100 <= before*percent {
		return ""
	}
	return plural(missing, "person", "people") + " of the " + plural(before, "active one", "active ones") + " on the last accepted roster (" + last.Source + ", " +
		relative(last.At, now) + ") would have left: " + plural(missing*100/before, "per cent", "per cent") + ", and more than " +
		plural(percent, "per cent", "per cent") + " at once is refused"
}
