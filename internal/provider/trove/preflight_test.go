package trove_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/trove/simulator"
)

func preflight(t *testing.T, p provider.Provider) map[string]provider.Check {
	t.Helper()
	checks, err := p.(provider.Preflighter).Preflight(t.Context())
	require.NoError(t, err)
	out := map[string]provider.Check{}
	for _, c := range checks {
		require.True(t, c.OK || c.Remedy != "", "%+v", c)
		out[c.Name] = c
	}
	return out
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{Regions: []string{"DFW", "ORD"}}, nil)
	ids := simulator.Seed(s.Server)
	checks := preflight(t, s.Provider)
	require.Len(t, checks, 2+2+5)
	for name, c := range checks {
		require.True(t, c.OK, name)
	}
	detail := func(name, region string) string {
		return checks["sees the accounts of instance "+region+"/"+ids[name]+" ("+name+")"].Detail
	}
	require.Contains(t, detail("cache", "DFW"), "no accounts")
	require.Contains(t, detail("orders-replica", "DFW"), "a replica of")
	require.Contains(t, detail("ledger", "ORD"), "APPROVE_PUBLIC")
	require.Contains(t, detail("orders", "DFW"), "28 accounts")

	s.Change(ids["reporting"], func(i *simulator.Instance) { i.State = "building" })
	s.Add(ids["orders"], simulator.Account{Name: "odd", Poison: "my% is not a valid database name."})
	for _, c := range preflight(t, s.Provider) {
		bad := strings.Contains(c.Name, ids["reporting"]) || strings.HasSuffix(c.Name, "(orders)")
		require.Equal(t, !bad, c.OK, "%+v", c)
		require.False(t, bad && c.Fatal)
	}
	s.vars = s.vars.With(config.Vars{prefix + "SKIP_INSTANCES": ids["reporting"] + ", " + ids["orders"]})
	for _, c := range preflight(t, s.open(t)) {
		require.True(t, c.OK, "%+v", c)
	}
	s.ChangeCredentials()
	bad := preflight(t, s.open(t))["may log in"]
	require.True(t, bad.Fatal)
	require.False(t, bad.OK)
	s.Down()
	_, err := s.open(t).(provider.Preflighter).Preflight(t.Context())
	require.Error(t, err)
}

func TestRoles(t *testing.T) {
	t.Parallel()
	for role, may := range map[string]bool{"dbaas:admin": true, "admin": true, "dbaas:creator": false, "dbaas:observer": false} {
		s := start(t, simulator.Options{Face: simulator.Rackspace, Roles: []string{"identity:default", role}}, nil)
		require.Equal(t, may, preflight(t, s.Provider)["may change and delete accounts"].OK, role)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, nil)
	id := simulator.ID(1)
	s.Plant(simulator.Instance{ID: id, Datastore: "postgresql"}, simulator.Account{Name: "ada"})
	require.Len(t, all(t, s), 1)
	explain := s.Provider.(provider.Explainer).Explain
	ref := s.ref(id, "ada", "%")
	at := "/instances/" + id + "/users/ada%2540%2525"
	require.Equal(t, []string{
		"DELETE " + at + "/databases/my%20crm", "GET " + at + "/databases # has to lack it", "# takes CONNECT on my crm from PUBLIC too",
	}, explain(access.Step{Action: access.Revoke, Account: ref, Database: "my crm"}))
	require.Equal(t, "DELETE "+at, explain(access.Step{Action: access.Delete, Account: ref})[0])
	require.Contains(t, explain(access.Step{Action: access.Contain, Account: ref})[0], `"host": "%"`)
	ref.Name = "a/b"
	require.Contains(t, explain(access.Step{Action: access.Delete, Account: ref})[0], "cannot be addressed")
}
