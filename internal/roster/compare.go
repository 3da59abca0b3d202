package roster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/sheet"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/story"
)

// Diff is what a roster changes, as far as rosters speak about people.
type Diff struct {
	DryRun    bool     `json:"dry_run"`
	Active    int      `json:"active"`
	Joined    []Person `json:"joined"`   // on a roster for the first time
	Left      []Person `json:"left"`     // listed as gone, or not listed any more
	Returned  []Person `json:"returned"` // had left before
	Changed   []Person `json:"changed"`
	Unchanged int      `json:"unchanged"`
}

// Person is one of them.
type Person struct {
	Principal access.PrincipalID `json:"principal"`
	Name      string             `json:"name,omitempty"`
	Fields    []string           `json:"fields,omitempty"` // that changed
}

// Compare says what a roster changes for the people on record.
func Compare(have []store.Person, roster []store.Entry) Diff {
	d := Diff{Joined: []Person{}, Left: []Person{}, Returned: []Person{}, Changed: []Person{}}
	known, listed := map[access.PrincipalID]store.Person{}, map[access.PrincipalID]bool{}
	for _, p := range have {
		known[p.ID] = p
	}
	for _, e := range roster {
		listed[e.ID] = true
		was := known[e.ID]
		who := Person{Principal: e.ID, Name: cmp.Or(e.Name, was.Name), Fields: changedFields(was, e)}
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
			d.Left = append(d.Left, Person{Principal: p.ID, Name: p.Name})
		}
	}
	for _, l := range [][]Person{d.Joined, d.Left, d.Returned, d.Changed} {
		slices.SortFunc(l, func(a, b Person) int { return cmp.Compare(a.Principal, b.Principal) })
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
			out = append(out, sheet.AttributePrefix+name)
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
	return fmt.Sprintf("%s of the %d active on the last accepted roster (%s, %s ago) would have left: %d per cent, and more than %d per cent at once is refused",
		people(missing), before, last.Source, story.Span(now.Sub(last.At)), missing*100/before, percent)
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// Words are a diff on one line.
func (d Diff) Words() string {
	return fmt.Sprintf("%d active: %d joined, %d left, %d returned, %d changed, %d unchanged",
		d.Active, len(d.Joined), len(d.Left), len(d.Returned), len(d.Changed), d.Unchanged)
}
