package trove_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/trove/simulator"
)

// Trove tells neither which login is its own nor who administers an instance: its
// accounts are known by name, and where the engine is not known by every such name.
// What cannot be told about an account is a refusal, and nothing is sent.
func TestGuardsFailClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		datastore, account string
		words              string
	}{
		"its own administrator":            {"mysql", "os_admin", "protected: built-in"},
		"the administrator of MySQL":       {"mysql", "root", "protected: built-in"},
		"the administrator of a cluster":   {"mysql", "clusterrepuser", "protected: built-in"},
		"the administrator of PostgreSQL":  {"postgresql", "postgres", "protected: built-in"},
		"of an engine that nobody knows":   {"futuredb", "postgres", "protected: built-in"},
		"of an engine that nobody knows 2": {"futuredb", "root", "protected: built-in"},
	} {
		s := start(t, simulator.Options{}, nil)
		id := simulator.ID(1)
		s.Plant(simulator.Instance{ID: id, Datastore: c.datastore}, simulator.Account{Name: c.account, Host: "%", Password: "x"})
		s.nothingIsDone(t, name, s.ref(id, c.account, "%"), c.words)
	}

	s := start(t, simulator.Options{}, nil)
	id := simulator.ID(1)
	s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "ada", Host: "%", Password: "x"})
	s.Down()
	s.nothingIsDone(t, "the system does not answer", s.ref(id, "ada", "%"), "")
	s.Up()
	s.nothingIsDone(t, "no instance", access.Ref{Connection: "trove", Name: "ada", Host: "%"}, "")
	s.nothingIsDone(t, "no host", s.ref(id, "ada", ""), "")
	s.nothingIsDone(t, "another connection", access.Ref{Connection: "other", Resource: s.Resource(id), Name: "ada", Host: "%"}, "this is connection trove")
}

// nothingIsDone checks that an account is not acted upon, and that no request that
// changes something left.
func (c *cloud) nothingIsDone(t *testing.T, what string, ref access.Ref, words string) {
	t.Helper()
	before := c.sent("")
	_, locked := c.Provider.(provider.Container).Contain(t.Context(), ref, access.Lock)
	_, deleted := c.Provider.(provider.Deleter).Delete(t.Context(), access.Step{Action: access.Delete, Account: ref})
	for _, err := range []error{locked, deleted} {
		require.Error(t, err, what)
		require.ErrorContains(t, err, words, what)
	}
	require.Equal(t, before, c.sent(""), what)
}
