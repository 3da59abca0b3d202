package plesk_test

import (
	"maps"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/plesk"
	"github.com/severhq/sever/internal/provider/plesk/simulator"
	"github.com/severhq/sever/internal/provider/providertest"
)

// kind is who is planted.
type kind int

const (
	ordinary  kind = iota // a user of one database, which has others
	first                 // the default user of a database that has others
	alone                 // the only user of a database
	universal             // of a subscription on a server
)

// TestContract runs the suite at every setting of every switch of the simulator, for
// each kind of user and both interfaces, and then holds every packet that was sent,
// and every answer, against the schemas.
func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("suite", suite)
	t.Run("schemas", packetsOfTheSuite.checkSchemas)
}

func suite(t *testing.T) {
	for _, api := range []string{"xml", "rest"} {
		for _, who := range []struct {
			name string
			kind kind
		}{{"ordinary", ordinary}, {"default", first}, {"alone", alone}, {"universal", universal}} {
			for _, set := range simulator.Settings() {
				s, possible := subject(api, who.kind, set.Switches)
				if !possible || !matters(api, who.kind, set.Switches) {
					continue
				}
				t.Run(api+"/"+who.name+"/"+set.Name, func(t *testing.T) {
					t.Parallel()
					providertest.Run(t, s)
				})
			}
		}
	}
}

// matters leaves out what cannot make a difference: switches of the other interface
// and, for all but the richest kind of user, those that are about something else.
func matters(api string, who kind, set simulator.Switches) bool {
	if set == (simulator.Switches{}) {
		return true
	}
	shared := simulator.Switches{
		UniversalZero: set.UniversalZero, UniversalListed: set.UniversalListed, UniversalOnlyListed: set.UniversalOnlyListed,
		Default: set.Default, ReuseIDs: set.ReuseIDs,
	}
	rest := simulator.Switches{
		Forbidden: set.Forbidden, UniversalNull: set.UniversalNull, DomainObject: set.DomainObject, RESTCreated: set.RESTCreated,
	}
	switch {
	case api == "xml" && set == rest, api == "rest" && shared == (simulator.Switches{}) && rest == (simulator.Switches{}):
		return false
	case api == "xml" && who == first, api == "rest" && who == ordinary:
		return true
	case who == alone:
		return set.Default != simulator.DefaultNone || set.ReuseIDs
	case who == universal:
		return set.UniversalZero || set.UniversalListed || set.UniversalOnlyListed || set.UniversalNull
	}
	return false
}

// subject is the provider at one setting; false when Plesk would not let anybody
// carry out the whole ladder there.
func subject(api string, who kind, set simulator.Switches) (providertest.Subject, bool) {
	can := maps.Clone(plesk.Spec.Engines["mysql"])
	s := providertest.Subject{Can: can, BlindLock: true, Lost: []string{"role"}, Parallel: true, DeletesAnyway: who != first}
	if api == "rest" {
		s.Lost = append(s.Lost, "hosts and addresses")
		delete(can, access.Unlink)
	}
	placed := set.UniversalListed || set.UniversalOnlyListed
	if who == universal && !placed {
		delete(can, access.Restore) // nobody knows where it was
	}
	s.New = func(t *testing.T) providertest.World { return world(t, api, who, set) }
	stuck := who == first && api == "rest" || who == alone && set.Default == simulator.DefaultRefused
	return s, !stuck
}

func world(t *testing.T, api string, who kind, set simulator.Switches) providertest.World {
	sim := simulator.New(simulator.Options{Switches: set})
	mysql, postgres := sim.DBServer("mysql"), sim.DBServer("postgresql")
	sub := sim.Subscription("north.example")
	shop, archive := sim.Database(sub, mysql, "shop"), sim.Database(sub, mysql, "archive")
	other := sim.Database(sub, postgres, "shop")
	ada := simulator.User{Login: "ada", Password: "correct horse", Role: "readWrite", Database: shop}
	if api == "xml" {
		ada.Hosts, ada.Addresses = []string{"%", "10.0.0.1"}, []string{"192.0.2.7"}
	}
	heir := simulator.User{Login: "shop_app", Password: "staple battery", Database: shop}
	var id int
	switch who {
	case first:
		id = sim.Plant(ada)
		sim.Plant(heir)
	case ordinary:
		sim.Plant(heir)
		id = sim.Plant(ada)
	case alone:
		sim.Plant(heir)
		ada.Database = archive
		id = sim.Plant(ada)
	case universal:
		sim.Plant(heir)
		ada.Database, ada.Subscription, ada.Server = 0, sub, mysql
		id = sim.Plant(ada)
	}
	adam := sim.Plant(simulator.User{Database: shop, Login: "adam", Password: "battery staple"})
	sim.Plant(simulator.User{Database: other, Login: "ada", Password: "another ada's"})
	sim.Plant(simulator.User{Subscription: sub, Server: postgres, Login: "backup", Password: "backup's own"})

	server := httptest.NewServer(packetsOfTheSuite.tap(sim, !set.UniversalZero))
	t.Cleanup(server.Close)
	t.Cleanup(func() { require.Empty(t, sim.Alarms()) })
	p := opened(t, api, server.URL, nil)
	resource := "database server " + strconv.Itoa(mysql)
	ref := access.Ref{Connection: "panel", Resource: resource, Name: "ada", ForeignID: strconv.Itoa(id)}
	if who == universal {
		ref.Resource = "universal"
	}
	ops := map[access.Action]string{
		access.Contain: "set-db-user", access.Rotate: "set-db-user", access.Unlink: "set-default-user", access.Delete: "del-db-user", access.Restore: "change",
	}
	drop := func() { sim.Drop(id) }
	return providertest.World{
		Provider: p, Planted: ref,
		Bystander: access.Ref{Connection: "panel", Resource: resource, Name: "adam", ForeignID: strconv.Itoa(adam)},
		Grants:    grants(api, who, set, sub, mysql),
		Sessions:  -1,
		Secrets:   []string{"correct horse", "battery staple", "admin-password", "admin-key"},
		Levers: providertest.Levers{
			Login: func(_ *testing.T, secret string) bool {
				if secret == "" {
					secret = ada.Password
				}
				return sim.Opens(mysql, "ada", secret)
			},
			Remove: func(*testing.T) { drop() },
			Recreate: func(*testing.T) {
				drop()
				if set.ReuseIDs { // somebody else has the id by now
					sim.Plant(simulator.User{Database: shop, Login: "eve", Password: "eve's own"})
				}
				sim.Plant(ada)
			},
			Break: func(_ *testing.T, action access.Action, after bool) {
				f := simulator.Fault{Op: ops[action], Kind: simulator.CutBefore}
				if after {
					f.Kind = simulator.CutAfter
				}
				sim.Fail(f)
			},
			Down: func(*testing.T) { sim.Down() },
			Up:   func(*testing.T) { sim.Up() },
		},
	}
}

// grants are those of ada.
func grants(api string, who kind, set simulator.Switches, sub, server int) []access.Grant {
	const role, tools = "its role, which Plesk does not show", "the tools of the panel log in with it"
	link := func(database, object, privilege string, extent access.Extent, by access.Action) access.Grant {
		return access.Grant{Kind: access.Link, Database: database, Object: object, Privilege: privilege, Extent: extent, EndedBy: by}
	}
	switch who {
	case first:
		return []access.Grant{
			link("shop", "", role, access.ExtentDatabase, access.Delete),
			link("shop", "default user", tools, access.ExtentDatabase, access.Unlink),
		}
	case alone:
		return []access.Grant{
			link("archive", "", role, access.ExtentDatabase, access.Delete),
			link("archive", "default user", tools, access.ExtentDatabase, access.Delete),
		}
	case universal:
		if !set.UniversalListed && !set.UniversalOnlyListed {
			return []access.Grant{link("", "every database of its subscription, which Plesk does not name", role, access.ExtentUnknown, access.Delete)}
		}
		return []access.Grant{
			link("", "every database of subscription "+strconv.Itoa(sub)+" on database server "+strconv.Itoa(server), role, access.ExtentClusterWide, access.Delete),
			link("shop", "", role, access.ExtentDatabase, access.Delete),
			link("archive", "", role, access.ExtentDatabase, access.Delete),
		}
	}
	return []access.Grant{link("shop", "", role, access.ExtentDatabase, access.Delete)}
}

// opened is the provider, connected to nothing yet.
func opened(t *testing.T, api, url string, more config.Vars) provider.Provider {
	t.Helper()
	vars := config.Vars{"P_URL": url, "P_API": api, "P_LOGIN": "admin", "P_PASSWORD": "admin-password"}.With(more)
	p, err := plesk.Spec.Open(provider.Settings{Connection: "panel", Vars: vars, Prefix: "P_"})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}
