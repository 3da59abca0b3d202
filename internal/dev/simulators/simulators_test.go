package simulators_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/simulators"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
)

func started(t *testing.T) *simulators.Site {
	t.Helper()
	s, err := simulators.Start(simulators.Options{Unlimited: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// TestTheVariablesOpenConnections: what is printed for a rehearsal is all that is
// needed, and what the connections list is what was planted.
func TestTheVariablesOpenConnections(t *testing.T) {
	t.Parallel()
	s := started(t)
	conns, err := catalog.Open(s.Vars().With(config.Vars{catalog.Variable: s.Connections()}))
	require.NoError(t, err)
	t.Cleanup(conns.Close)
	for _, person := range s.People() {
		for _, planted := range person.Accounts {
			require.True(t, s.LetsIn(planted), "%+v", planted)
			conn, err := conns.For(s.Connection(planted.On))
			require.NoError(t, err)
			n := 0
			for a, err := range conn.Provider.Accounts(t.Context()) {
				require.NoError(t, err)
				if a.Name == planted.Name && a.Host == planted.Host {
					n++
				}
			}
			require.Positive(t, n, "%+v", planted)
		}
		require.Len(t, s.Left(person.ID), len(person.Accounts))
	}
	for _, c := range conns.All() {
		checks, err := c.Provider.(provider.Preflighter).Preflight(t.Context())
		require.NoError(t, err)
		for _, check := range checks {
			require.False(t, check.Fatal && !check.OK, "%s: %+v", c.Name, check)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]simulators.Fault{
		"plesk=cut-after":    {On: "plesk", Trouble: simulators.CutAfter, Times: 1},
		" trove throttled:3": {On: "trove", Trouble: simulators.Throttled, Times: 3},
		"netim down":         {On: "netim", Trouble: simulators.Down, Times: 1},
	} {
		got, err := simulators.ParseFault(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "plesk", "plesk=", "oracle=down", "plesk=melts", "plesk=error:0", "plesk=error:x"} {
		_, err := simulators.ParseFault(text)
		require.Error(t, err, text)
	}
}

func TestDownAndUp(t *testing.T) {
	t.Parallel()
	s := started(t)
	conns, err := catalog.Open(s.Vars().With(config.Vars{catalog.Variable: s.Connections()}))
	require.NoError(t, err)
	t.Cleanup(conns.Close)
	ask := func(c *catalog.Connection) (last error) {
		for _, err := range c.Provider.Accounts(t.Context()) {
			last = err
		}
		return last
	}
	for _, name := range simulators.Names {
		c, err := conns.For(name)
		require.NoError(t, err)
		s.Switch(simulators.Fault{On: name, Trouble: simulators.Down})
		require.Error(t, ask(c), name)
		s.Switch(simulators.Fault{On: name, Trouble: simulators.Up})
		require.NoError(t, ask(c), name)
	}
}

// A fault that nobody met does not wait for whoever comes next.
func TestCalmDropsWhatWasNotUsedUp(t *testing.T) {
	t.Parallel()
	s := started(t)
	conns, err := catalog.Open(s.Vars().With(config.Vars{catalog.Variable: s.Connections()}))
	require.NoError(t, err)
	t.Cleanup(conns.Close)
	contain := func(person, on string) error {
		c, err := conns.For(on)
		require.NoError(t, err)
		for _, planted := range s.Accounts(person) {
			for a, err := range c.Provider.Accounts(t.Context()) {
				require.NoError(t, err)
				if planted.On == on && a.Name == planted.Name && a.Host == planted.Host {
					_, err := c.Provider.(provider.Container).Contain(t.Context(), a.Ref, access.Lock)
					return err
				}
			}
		}
		return errors.New("she has no account there")
	}
	for _, name := range simulators.Names {
		s.Switch(simulators.Fault{On: name, Trouble: simulators.Broken, Times: 50})
		require.Error(t, contain(simulators.Carol, name), name)
	}
	s.Calm()
	for _, name := range simulators.Names {
		require.NoError(t, contain(simulators.Carol, name), name)
	}
}
