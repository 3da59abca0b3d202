package roster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func rosterEntry(id, login string, left bool, attributes map[string]string) store.Entry {
	return store.Entry{Principal: access.Principal{ID: access.PrincipalID(id), Login: login}, Attributes: attributes, Left: left}
}

func TestRosterFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in       string
		want     []store.Entry
		problems []string
	}{
		"the least": {in: "principal\nE1\nE2\n", want: []store.Entry{rosterEntry("E1", "", false, nil), rosterEntry("E2", "", false, nil)}},
		"who left, and attributes": {
			in:   "Principal,Login,status,ATTR.Hosting,attr.team\nE1,ada,active,NW1,\nE2,bob,left,,blue\n",
			want: []store.Entry{rosterEntry("E1", "ada", false, map[string]string{"Hosting": "NW1"}), rosterEntry("E2", "bob", true, map[string]string{"team": "blue"})},
		},
		"JSON": {
			in:   `{"principals": [{"principal": "E1", "login": "ada", "attributes": {"Hosting": "NW1", "team": ""}}, {"principal": "E2", "status": "left"}]}`,
			want: []store.Entry{rosterEntry("E1", "ada", false, map[string]string{"Hosting": "NW1"}), rosterEntry("E2", "", true, nil)},
		},
		"JSON, with nothing in its attributes": {in: `[{"principal": "E1", "attributes": {}}]`, want: []store.Entry{rosterEntry("E1", "", false, map[string]string{})}},
		"nobody":                               {in: "principal,login\n"},
		"somebody twice":                       {in: "login,principal\na,E1\nb,E1\n", problems: []string{"line 3, column 3 (principal): E1 is there twice, first in line 2"}},
		"a status that is none": {
			in: "principal,status\nE1,gone\nE2,\n", problems: []string{`line 2, column 4 (status): it is "gone": write active or left`, "line 3, column 4 (status): it is empty: write active or left"},
		},
		"attributes that cannot be": {
			in: "principal,attr.a b,attr.Login,attr.,hosting\n", problems: []string{
				`line 1, column 11: "a b" is no name for an attribute: letters, digits and _, a letter first`,
				`line 1, column 20: the attribute "Login" would hide the principal's own; naming rules have that already`,
				`line 1, column 31: "" is no name for an attribute: letters, digits and _, a letter first`,
				`line 1, column 37: there is no column "hosting"; there are: principal, login, name, email, status, attr.<name>`,
			},
		},
		"an attribute over two lines": {in: "principal,attr.x\nE1,\"a\nb\"\n", problems: []string{"line 2, column 4 (attr.x): it has a character at byte 2 that cannot be seen: U+000A"}},
		"JSON attributes that cannot be": {
			in: "[{\"principal\": \"E1\", \"attributes\": {\"ID\": \"x\", \"n\": 7}},\n{\"principal\": \"E2\", \"attributes\": []}]", problems: []string{
				`line 1, column 37: the attribute "ID" would hide the principal's own; naming rules have that already`,
				`line 1, column 53 (attr.n): it is a number, and text in quotes belongs here`,
				`line 2, column 35 (attributes): it is a list, and an object belongs here`,
			},
		},
		"JSON of something else": {in: `{}`, problems: []string{`line 1, column 1: the list "principals" is missing`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := Read([]byte(c.in), "standard input")
			var words []string
			for _, p := range problems {
				words = append(words, p.String())
			}
			require.Equal(t, c.problems, words)
			if c.problems == nil {
				require.Equal(t, c.want, got)
			}
		})
	}
}

func FuzzRosterFile(f *testing.F) {
	for _, seed := range []string{"", "principal\nE1\n", "principal,attr.x,status\nE1,y,left\n", `[{"principal": "E1", "attributes": {"x": "y"}}]`, `{"principals": [`, "{\"principals\": [{\"principal\": \"\\ud800\"}]}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, problems := Read([]byte(in), "standard input")
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.What == "" {
				t.Fatalf("a mistake without a place: %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		seen := map[access.PrincipalID]bool{}
		for _, e := range got {
			if seen[e.ID] || desk.ValidText("it", string(e.ID), desk.MaxPrincipal) != nil {
				t.Fatalf("twice, or no id: %+v", e)
			}
			seen[e.ID] = true
			for name, value := range e.Attributes {
				if name == "" || desk.ValidName("it", value) != nil {
					t.Fatalf("an attribute that cannot be one: %q=%q", name, value)
				}
			}
		}
	})
}

func onRecord(id string, known, active bool) store.Person {
	return store.Person{Principal: access.Principal{ID: access.PrincipalID(id), Login: "old"}, Attributes: map[string]string{"Hosting": "NW1"},
		Standing: store.Standing{Known: known, Active: active}}
}

func TestCompareRoster(t *testing.T) {
	t.Parallel()
	have := []store.Person{onRecord("A-active", true, true), onRecord("B-left", true, false), onRecord("C-import", false, false), onRecord("D-active", true, true),
		onRecord("E-left", true, false), onRecord("F-import", false, false), onRecord("G-active", true, true)}
	d := Compare(have, []store.Entry{
		rosterEntry("A-active", "new", false, map[string]string{"Hosting": "NW2", "team": "blue"}), rosterEntry("B-left", "", false, nil),
		rosterEntry("C-import", "", false, nil), rosterEntry("D-active", "", true, nil), rosterEntry("E-left", "", true, nil), rosterEntry("H-new", "", false, nil),
		rosterEntry("I-new", "", true, nil)})
	require.Equal(t, Diff{
		Active:    4,
		Joined:    []Person{{Principal: "C-import"}, {Principal: "H-new"}},
		Left:      []Person{{Principal: "D-active"}, {Principal: "G-active"}, {Principal: "I-new"}},
		Returned:  []Person{{Principal: "B-left"}},
		Changed:   []Person{{Principal: "A-active", Fields: []string{"login", "attr.Hosting", "attr.team"}}},
		Unchanged: 1,
	}, d)
}

func TestARosterThatCannotBeBelieved(t *testing.T) {
	t.Parallel()
	var have []store.Person
	var all []store.Entry
	for _, id := range []string{"E0", "E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9"} {
		have = append(have, onRecord(id, true, true))
		all = append(all, rosterEntry(id, "", false, nil))
	}
	have = append(have, onRecord("L", true, false), onRecord("I", false, false))
	other := []store.Entry{}
	for _, id := range []string{"X0", "X1", "X2", "X3", "X4", "X5", "X6", "X7", "X8", "X9"} {
		other = append(other, rosterEntry(id, "", false, nil))
	}
	last := store.Roster{Source: "hr.csv", At: noon.Add(-48 * time.Hour)}
	for name, c := range map[string]struct {
		have    []store.Person
		roster  []store.Entry
		percent int
		says    string
	}{
		"the same":                 {have, all, 20, ""},
		"two of ten":               {have, all[:8], 20, ""},
		"three of ten":             {have, all[:7], 20, "3 people of the 10 active on the last accepted roster (hr.csv, 2 d ago) would have left: 30 per cent, and more than 20 per cent at once is refused"},
		"three of ten are allowed": {have, all[:7], 30, ""},
		"nobody may be missing":    {have, all[:9], 0, "1 person of the 10 active"},
		"as many, and others":      {have, other, 20, "10 people of the 10 active"},
		"empty":                    {have, nil, 100, "it has nobody who is active"},
		"everybody left":           {have, []store.Entry{rosterEntry("E1", "", true, nil)}, 100, "it has nobody who is active"},
		"the first one":            {nil, all[:1], 0, ""},
		"the first one, empty":     {nil, nil, 20, "it has nobody who is active"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tooSmall(c.have, c.roster, last, c.percent, noon)
			if c.says == "" {
				require.Empty(t, got)
			} else {
				require.Contains(t, got, c.says)
			}
		})
	}
}
