package trove_test

import (
	"testing"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider/providertest"
	"github.com/severhq/sever/internal/provider/trove"
	"github.com/severhq/sever/internal/provider/trove/simulator"
)

// The contract holds with every setting of every switch, whether orders are carried
// out at once or wait.
func TestContract(t *testing.T) {
	t.Parallel()
	for _, held := range []bool{false, true} {
		for _, setting := range simulator.Settings() {
			name := setting.Name + ", orders at once"
			if held {
				name = setting.Name + ", orders wait"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				engine := "mysql"
				if setting.Postgres {
					engine = "postgresql"
				}
				providertest.Run(t, providertest.Subject{
					New:           func(t *testing.T) providertest.World { return world(t, setting, engine, held) },
					Can:           trove.Spec.Engines[engine],
					DeletesAnyway: true, BlindLock: true, Parallel: true,
					Lost: []string{"privileges that the API does not show"},
				})
			})
		}
	}
}

// breakable are the requests that an action changes something with.
var breakable = map[access.Action][]string{
	access.Contain: {simulator.OpPassword},
	access.Rotate:  {simulator.OpPassword},
	access.Revoke:  {simulator.OpRevoke},
	access.Delete:  {simulator.OpDelete},
	access.Restore: {simulator.OpCreate, simulator.OpPassword, simulator.OpGrant},
}

func world(t *testing.T, setting simulator.Switched, engine string, held bool) providertest.World {
	t.Helper()
	face := simulator.Trove
	if setting.Rackspace {
		face = simulator.Rackspace
	}
	c := start(t, simulator.Options{Face: face, HoldCasts: held, Switches: setting.Switches}, config.Vars{"APPROVE_PUBLIC": "*"})
	id := simulator.ID(7)
	host := "192.168.1.12"
	if setting.Postgres {
		host = "%"
	}
	ada := simulator.Account{Name: "ada.b", Host: host, Password: "correct horse", Databases: []string{"shop", "my crm", "a#f?x"}, Sessions: 2}
	c.Plant(simulator.Instance{ID: simulator.ID(3), Datastore: "redis", Version: "6.2"})
	c.Plant(simulator.Instance{ID: id, Datastore: engine, RootEnabled: setting.RootListed}, ada,
		simulator.Account{Name: "ada", Host: "%", Password: "battery staple", Databases: []string{"shop"}},
		simulator.Account{Name: "app%41", Host: "%", Password: "app-secret-1", Databases: []string{"shop"}},
		simulator.Account{Name: "app1", Host: "%", Password: "app-secret-2", Databases: []string{"shop"}},
		simulator.Account{Name: "zoe", Host: "%", Password: "zoe-secret-1", Databases: []string{"shop", "my crm"}},
	)
	c.Plant(simulator.Instance{ID: simulator.ID(9), Datastore: engine, ReplicaOf: id})
	w := providertest.World{
		Provider: c.Provider, Planted: c.ref(id, ada.Name, host), Bystander: c.ref(id, "zoe", "%"), Protected: c.ref(id, "os_admin", "%"),
		Sessions: -1, Secrets: c.secrets("correct horse", "battery staple", "app-secret-1", "zoe-secret-1"),
		Grants: []access.Grant{
			granted("shop"), granted("my crm"), granted("a#f?x"),
			{Kind: access.Privilege, Object: "privileges that the API does not show", Privilege: "unknown: global, table, column, routine, role",
				Extent: access.ExtentUnknown, EndedBy: access.Delete},
		},
	}
	w.Levers = providertest.Levers{
		Login: func(_ *testing.T, secret string) bool {
			if secret == "" {
				secret = "correct horse"
			}
			return c.Login(id, ada.Name, host, secret)
		},
		Remove: func(*testing.T) { c.Drop(id, ada.Name, host) },
		Settle: func(*testing.T) { c.Settle() },
		Break: func(_ *testing.T, action access.Action, after bool) {
			c.Mend()
			for _, op := range breakable[action] {
				c.Fail(simulator.Fault{Op: op, After: after})
			}
		},
		Down: func(*testing.T) { c.Down() },
		Up:   func(*testing.T) { c.Up() },
	}
	return w
}

func granted(database string) access.Grant {
	return access.Grant{Kind: access.Privilege, Database: database, Privilege: "any", Extent: access.ExtentDatabase, EndedBy: access.Revoke}
}
