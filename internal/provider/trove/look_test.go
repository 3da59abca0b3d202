package trove_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/trove/simulator"
)

func (c *cloud) look(t *testing.T, ref access.Ref) access.Sighting {
	t.Helper()
	seen, err := c.Look(t.Context(), ref)
	require.NoError(t, err)
	return seen
}

// An identity without a host fits no account. That it is not found is not said where
// the name exists at some host.
func TestANameWithoutAHost(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, nil)
	s.Plant(simulator.Instance{ID: simulator.ID(1)}, simulator.Account{Name: "ada", Host: "%"}, simulator.Account{Name: "bob", Host: "10.0.0.%"})
	s.Plant(simulator.Instance{ID: simulator.ID(2)}, simulator.Account{Name: "ada", Host: "::1"})
	bare := access.Ref{Connection: "trove", Name: "ada"}
	seen := s.look(t, bare)
	require.False(t, seen.Exists)
	require.False(t, seen.Gone())
	require.Len(t, seen.Gaps, 1)
	for _, words := range []string{"ada@% on RegionOne/" + simulator.ID(1), "ada@::1 on RegionOne/" + simulator.ID(2), "names no host"} {
		require.Contains(t, seen.Gaps[0].Why, words)
	}

	bare.Name = "ad"
	seen = s.look(t, bare)
	require.True(t, seen.Gone())
	require.Contains(t, seen.Answered, "not among 3 accounts; accounts at localhost")

	// With its host it is gone from everywhere, or it came after the list was made.
	require.True(t, s.look(t, access.Ref{Connection: "trove", Name: "bob", Host: "%"}).Gone())
	seen = s.look(t, access.Ref{Connection: "trove", Name: "bob", Host: "10.0.0.%"})
	require.False(t, seen.Gone())
	require.Contains(t, seen.Gaps[0].Remedy, "discover")

	s.Change(simulator.ID(2), func(i *simulator.Instance) { i.State = "shutdown" })
	_, err := s.Look(t.Context(), access.Ref{Connection: "trove", Name: "zoe"})
	require.ErrorContains(t, err, "shutdown")
}

// All hosts of a name are accounts of their own.
func TestHostsAreAccounts(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, nil)
	id := simulator.ID(1)
	s.Plant(simulator.Instance{ID: id},
		simulator.Account{Name: "ada", Host: "%", Password: "x", Databases: []string{"shop"}},
		simulator.Account{Name: "ada", Host: "10.0.0.0/255.255.255.0", Password: "x", Databases: []string{"crm"}},
		simulator.Account{Name: "ada", Host: "localhost", Password: "x", Databases: []string{"shop"}},
	)
	require.Equal(t, []string{"ada@%", "ada@10.0.0.0/255.255.255.0"}, all(t, s))
	step := access.Step{Account: s.ref(id, "ada", "10.0.0.0/255.255.255.0"), Database: "crm"}
	receipt, err := s.Provider.(provider.Revoker).Revoke(t.Context(), step)
	require.NoError(t, err)
	require.False(t, receipt.Already || receipt.Pending)
	_, err = s.Provider.(provider.Deleter).Delete(t.Context(), step)
	require.NoError(t, err)
	require.True(t, s.look(t, step.Account).Gone())
	require.True(t, s.look(t, s.ref(id, "ada", "%")).Exists)
	_, there := s.Account(id, "ada", "localhost")
	require.True(t, there, "the API can neither see nor touch it")
	require.Contains(t, s.look(t, s.ref(id, "ada", "localhost")).Answered, "localhost and open sessions are not shown")
}

// Of two accounts that differ in case only, one seems to have no databases.
func TestAccountsThatDifferInCase(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, nil)
	id := simulator.ID(1)
	s.Plant(simulator.Instance{ID: id},
		simulator.Account{Name: "Ab", Host: "%", Password: "x", Databases: []string{"shop"}},
		simulator.Account{Name: "ab", Host: "%", Password: "x", Databases: []string{"crm"}},
		simulator.Account{Name: "ab", Host: "::1", Password: "x", Databases: []string{"crm"}},
	)
	seen := s.look(t, s.ref(id, "ab", "%"))
	require.True(t, seen.Exists)
	require.Len(t, seen.Account.Grants, 1, "its databases are hidden")
	require.Len(t, seen.Gaps, 1)
	require.Contains(t, seen.Gaps[0].Why, "Ab@%")
	require.Empty(t, s.look(t, s.ref(id, "ab", "::1")).Gaps)

	step := access.Step{Account: s.ref(id, "ab", "%"), Database: "crm"}
	_, err := s.Provider.(provider.Revoker).Revoke(t.Context(), step)
	refusal(t, err, "differs in nothing but case")
	_, err = s.Provider.(provider.Deleter).Delete(t.Context(), step)
	require.NoError(t, err)
	require.True(t, s.look(t, step.Account).Gone())
}

// A role of MariaDB is listed, and is not found by name.
func TestRolesThatLookLikeAccounts(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, nil)
	id := simulator.ID(1)
	s.Plant(simulator.Instance{ID: id, Datastore: "mariadb"}, simulator.Account{Name: "readers", Host: "%", Role: true})
	ref := s.ref(id, "readers", "%")
	require.Equal(t, []string{"readers@%"}, all(t, s))
	seen := s.look(t, ref)
	require.False(t, seen.Gone())
	require.Contains(t, seen.Gaps[0].Remedy, "DROP ROLE")
	_, err := s.Provider.(provider.Deleter).Delete(t.Context(), access.Step{Account: ref})
	refusal(t, err, "DROP ROLE")
	require.Zero(t, s.sent(""))
}

func TestReservedAccounts(t *testing.T) {
	t.Parallel()
	for _, listed := range []bool{false, true} {
		s := start(t, simulator.Options{Switches: simulator.Switches{RootListed: listed}}, nil)
		id, never := simulator.ID(1), simulator.ID(2)
		s.Plant(simulator.Instance{ID: id, RootEnabled: true}, simulator.Account{Name: "rooty", Password: "x"})
		s.Plant(simulator.Instance{ID: never})
		for a, err := range s.Accounts(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, a.Name == "root", a.Protected != "", a.Name)
		}
		seen := s.look(t, s.ref(id, "root", "%"))
		require.True(t, seen.Exists)
		require.Equal(t, "built-in", seen.Account.Protected)
		require.Contains(t, seen.Account.Attributes["root"], "was enabled")
		require.Equal(t, "was never enabled", s.look(t, s.ref(never, "root", "%")).Account.Attributes["root"])
		for _, name := range []string{"root", "os_admin", "clusterrepuser"} {
			_, err := s.Provider.(provider.Deleter).Delete(t.Context(), access.Step{Account: s.ref(id, name, "%")})
			refusal(t, err, "protected")
		}
		require.Zero(t, s.sent(""))
	}
}

// An instance that is gone takes its accounts along, unless everything is gone: then
// we may be looking into another project.
func TestInstancesThatAreGone(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, nil)
	id, other := simulator.ID(1), simulator.ID(2)
	s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"shop"}})
	s.Plant(simulator.Instance{ID: other})
	ref := s.ref(id, "ada", "%")
	require.True(t, s.look(t, ref).Exists)
	s.DropInstance(id)
	seen := s.look(t, ref)
	require.True(t, seen.Gone())
	require.Contains(t, seen.Answered, "in the list of 1 instances")
	for op, call := range changes(s, ref) {
		err := call()
		switch op {
		case simulator.OpCreate:
			refusal(t, err, "the instance is not there")
		case simulator.OpGrant:
			require.Equal(t, provider.Transient, provider.KindOf(err))
		default:
			require.NoError(t, err, op)
		}
	}
	s.DropInstance(other)
	seen = s.look(t, ref)
	require.False(t, seen.Gone())
	require.Contains(t, seen.Gaps[0].Why, "another project")
	_, err := s.Provider.(provider.Deleter).Delete(t.Context(), access.Step{Account: ref})
	refusal(t, err, "another project")
	require.Zero(t, s.sent(""))
}

// Replicas copy their accounts; one whose source cannot be seen is a hole in the list.
func TestReplicas(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 400, 403, 405, 409, 422} {
		s := start(t, simulator.Options{Face: simulator.Rackspace, Switches: simulator.Switches{ReplicaRefusal: status}}, nil)
		id, copied := simulator.ID(1), simulator.ID(2)
		s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"shop"}})
		s.Plant(simulator.Instance{ID: copied, ReplicaOf: id}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"shop"}})
		require.Equal(t, []string{"ada@%"}, all(t, s))
		for op, call := range changes(s, s.ref(copied, "ada", "%")) {
			if op != simulator.OpCreate {
				refusal(t, call(), "replica", id)
			}
		}
		require.Zero(t, s.sent(""))
		s.DropInstance(id)
		_, err := try(t, s)
		refusal(t, err, "its source", id)
	}
}

// Whatever the status of a refusal in a group for high availability, it is work for a
// person and no word about our rights.
func TestHighAvailability(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 405, 501} {
		s := start(t, simulator.Options{Face: simulator.Rackspace, Switches: simulator.Switches{HARefusal: status}}, nil)
		id := simulator.ID(1)
		s.Plant(simulator.Instance{ID: id, Group: "ha-7"}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"shop"}})
		for _, call := range changes(s, s.ref(id, "ada", "%")) {
			refusal(t, call(), "ha-7", "high availability")
		}
	}
	for op := range changes(&cloud{}, access.Ref{}) {
		s := start(t, simulator.Options{Face: simulator.Rackspace}, nil)
		id := simulator.ID(1)
		s.Plant(simulator.Instance{ID: id, Group: "ha-7"}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"shop"}})
		require.NoError(t, changes(s, s.ref(id, "ada", "%"))[op](), op)
	}
}

// Another kind of database than those with accounts is no error, and not empty by
// mistake either.
func TestKindsOfDatabases(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, nil)
	s.Plant(simulator.Instance{ID: simulator.ID(1), Datastore: "redis"})
	s.Plant(simulator.Instance{ID: simulator.ID(2), Datastore: "MySQL"}, simulator.Account{Name: "ada"})
	for a, err := range s.Accounts(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, "mysql", a.Engine)
	}
	require.True(t, s.look(t, s.ref(simulator.ID(2), "ada", "%")).Exists)
	seen := s.look(t, s.ref(simulator.ID(1), "ada", "%"))
	require.False(t, seen.Gone())
	require.Len(t, seen.Gaps, 1)
}

// Every planted account and every grant of the made-up company is found.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	for _, face := range []simulator.Face{simulator.Trove, simulator.Rackspace} {
		s := start(t, simulator.Options{Face: face, Regions: []string{"DFW", "ORD"}}, nil)
		ids := simulator.Seed(s.Server)
		want := map[string][]string{
			"DFW/" + ids["orders"] + " ada@%":             {"crm", "shop"},
			"DFW/" + ids["orders"] + " ada@192.168.1.12":  {"shop"},
			"ORD/" + ids["reporting"] + " ada.lovelace@%": {"reporting"},
		}
		if face == simulator.Trove {
			want["ORD/"+ids["ledger"]+" ada@%"] = []string{"ledger"}
		}
		got := map[string][]string{}
		listed := 0
		for a, err := range s.Accounts(t.Context()) {
			require.NoError(t, err)
			listed++
			if a.Name != "ada" && a.Name != "ada.lovelace" {
				continue
			}
			seen := s.look(t, a.Ref)
			require.Empty(t, seen.Gaps)
			require.Equal(t, a.Attributes, seen.Account.Attributes)
			key := a.Resource + " " + a.Name + "@" + a.Host
			unknown := 0
			for _, g := range seen.Account.Grants {
				if g.Extent == access.ExtentUnknown {
					unknown++
				} else {
					got[key] = append(got[key], g.Database)
				}
			}
			require.Equal(t, 1, unknown, "what the API does not show is not nothing")
		}
		require.Equal(t, want, got)
		require.Equal(t, map[simulator.Face]int{simulator.Trove: 33, simulator.Rackspace: 31}[face], listed)
	}
}
