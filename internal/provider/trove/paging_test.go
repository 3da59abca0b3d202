package trove_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/trove/simulator"
)

// many are accounts whose order, hosts and names are as awkward as they get.
func many() []simulator.Account {
	var out []simulator.Account
	for i := range 57 {
		host := []string{"%", "10.0.0.%", "192.168.1.12", "::1", "127.0.0.1", "10.0.0.0/255.255.255.0"}[i%6]
		out = append(out, simulator.Account{Name: fmt.Sprintf("user%02d", i/2), Host: host, Password: "x", Databases: []string{"shop"}})
	}
	for _, name := range []string{"Ab", "a@b", "foo.json", "pct%41", "pctA", "pct5", "sp ace", "é", "a+b", "a&b", "a=b"} {
		out = append(out, simulator.Account{Name: name, Host: "%", Password: "x"})
	}
	return out
}

func names(accounts []simulator.Account) []string {
	var out []string
	for _, a := range accounts {
		out = append(out, a.Name+"@"+a.Host)
	}
	slices.Sort(out)
	return out
}

func TestEveryPageIsRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		simulator.Options
	}{
		{"twenty on a page", simulator.Options{}},
		{"one on a page", simulator.Options{Switches: simulator.Switches{PageSize: 1}}},
		{"seven on a page", simulator.Options{Switches: simulator.Switches{PageSize: 7}}},
		{"links of another name", simulator.Options{Switches: simulator.Switches{PageSize: 7, LinksKey: "users_links"}}},
		{"no link to the next page", simulator.Options{Switches: simulator.Switches{NoNext: true}}},
		{"the limit is ignored", simulator.Options{Switches: simulator.Switches{IgnoreLimit: true}}},
		{"markers are unescaped twice", simulator.Options{Face: simulator.Rackspace, Switches: simulator.Switches{MarkerTwice: true, PageSize: 5}}},
		{"markers are unescaped once", simulator.Options{Face: simulator.Rackspace, Switches: simulator.Switches{PageSize: 5}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.Options, nil)
			s.Plant(simulator.Instance{ID: simulator.ID(1)}, many()...)
			got := all(t, s)
			require.True(t, slices.IsSorted(got))
			require.Equal(t, names(many()), got)
		})
	}
}

// A list that cannot be had whole is an error, and never a shorter list.
func TestAListThatIsNotWholeIsAnError(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]simulator.Options{
		"the marker is ignored":                  {Switches: simulator.Switches{IgnoreMarker: true}},
		"the marker is ignored, and no link":     {Switches: simulator.Switches{IgnoreMarker: true, NoNext: true}},
		"an empty page with a successor":         {Switches: simulator.Switches{EmptyPage: true}},
		"no marker is safe on a page of its own": {Face: simulator.Rackspace, Switches: simulator.Switches{PageSize: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, o, nil)
			id := simulator.ID(1)
			s.Plant(simulator.Instance{ID: id}, many()...)
			_, err := try(t, s)
			require.Error(t, err)
			require.NotEqual(t, provider.Rejected, provider.KindOf(err))
			// An account that is not there cannot be told to be gone.
			_, err = s.Look(t.Context(), s.ref(id, "nobody", "%"))
			require.Error(t, err)
		})
	}
}

// Reserved accounts are taken out of a page after it was cut.
func TestAShortPageIsNotTheLast(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{Switches: simulator.Switches{PageSize: 2}}, nil)
	s.Plant(simulator.Instance{ID: simulator.ID(1), RootEnabled: true}, simulator.Account{Name: "pia"}, simulator.Account{Name: "zoe"}, simulator.Account{Name: "zz"})
	require.Equal(t, []string{"pia@%", "zoe@%", "zz@%"}, all(t, s))
}

func TestEveryInstanceOfEveryRegion(t *testing.T) {
	t.Parallel()
	for _, face := range []simulator.Face{simulator.Trove, simulator.Rackspace} {
		t.Run(string(face), func(t *testing.T) {
			t.Parallel()
			regions := []string{"DFW", "IAD", "ORD"}
			s := start(t, simulator.Options{Face: face, Regions: regions}, nil)
			var want []string
			for i := range 70 {
				name := fmt.Sprintf("u%02d", i)
				s.Plant(simulator.Instance{ID: simulator.ID(i), Region: regions[i%3], Clustered: i%5 == 0 && face == simulator.Trove},
					simulator.Account{Name: name, Host: "%"})
				want = append(want, name+"@%")
			}
			got := all(t, s)
			require.ElementsMatch(t, want, got)

			s.vars = s.vars.With(config.Vars{prefix + "REGIONS": "ORD, DFW,ORD"})
			some := all(t, s.open(t))
			require.Len(t, some, 47)
			require.Equal(t, "u02@%", some[0], "the regions in the order of the settings")

			s.vars = s.vars.With(config.Vars{prefix + "REGIONS": "LON"})
			_, err := try(t, s.open(t))
			require.Equal(t, provider.Denied, provider.KindOf(err))
			require.ErrorContains(t, err, "DFW, IAD, ORD")
		})
	}
}

// What cannot be read makes the list an error; the others are listed first.
func TestOneOddAccount(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"my% is not a valid database name.", "User name empty.", "User name averylongaccountname is too long. Max length = 16."} {
		s := start(t, simulator.Options{}, nil)
		id := simulator.ID(1)
		s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"shop"}}, simulator.Account{Name: "odd", Poison: odd})
		s.Plant(simulator.Instance{ID: simulator.ID(2)}, simulator.Account{Name: "zoe"})
		got, err := try(t, s)
		require.Equal(t, []string{"zoe@%"}, got)
		refusal(t, err, odd, id, "SKIP_INSTANCES")

		// She is there, and can be looked at; that she is gone could not be told.
		seen, err := s.Look(t.Context(), s.ref(id, "ada", "%"))
		require.NoError(t, err)
		require.True(t, seen.Exists)
		require.Len(t, seen.Account.Grants, 2)
		require.Len(t, seen.Gaps, 1)
		seen, err = s.Look(t.Context(), s.ref(id, "nobody", "%"))
		require.NoError(t, err)
		require.False(t, seen.Exists)
		require.False(t, seen.Gone())
		require.Contains(t, seen.Gaps[0].Why, odd)

		// The odd one itself can be neither seen nor deleted.
		_, err = s.Provider.(provider.Deleter).Delete(t.Context(), access.Step{Account: s.ref(id, "odd", "%")})
		refusal(t, err, odd)
		require.Zero(t, s.sent(""))

		// She can be deleted, and it is not said that she is gone.
		receipt, err := s.Provider.(provider.Deleter).Delete(t.Context(), access.Step{Account: s.ref(id, "ada", "%")})
		require.NoError(t, err)
		require.True(t, receipt.Pending)

		s.vars = s.vars.With(config.Vars{prefix + "SKIP_INSTANCES": id})
		require.Equal(t, []string{"zoe@%"}, all(t, s.open(t)))
	}
}
