package memory_test

import (
	"testing"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/provider/providertest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		providertest.Run(t, providertest.Subject{New: world, Can: memory.Spec.Engines["memory"], Parallel: true})
	})
	t.Run("accepted and done later", func(t *testing.T) {
		t.Parallel()
		providertest.Run(t, providertest.Subject{New: slowWorld, Can: memory.Spec.Engines["memory"], Parallel: true})
	})
}

func world(t *testing.T) providertest.World {
	grants := []access.Grant{
		memory.Can("SELECT, INSERT", "shop", "table orders"),
		memory.Can("USAGE", "shop", "schema public"),
		memory.Can("CREATE", "", "tablespace fast"),
		memory.Owns("archive", "table old"),
		memory.Owns("archive", "table older"),
		memory.Can("SELECT", "archive", "table new"),
		memory.Member("reporting"), memory.Member("billing"),
		memory.Linked("shop"),
		memory.Inherent("CREATEDB"),
	}
	planted := memory.Account{
		Name: "ada", Password: "correct horse", Grants: grants, Sessions: 3, Reconnects: true, Stubborn: 2,
		Attributes: map[string]string{"comment": "analyst"}, ConnectionLimit: 7,
	}
	s := memory.New("mem").Add(planted,
		memory.Account{Name: "adam", Password: "battery staple", Grants: grants, Sessions: 1},
		memory.Account{Name: "grace"},
		memory.Account{Name: "root", Protected: "built-in", Grants: grants, Sessions: 1},
	)
	ada := s.Ref("ada")
	t.Cleanup(func() {
		if blind := s.Blind(); len(blind) > 0 {
			t.Errorf("written again without a look: %v", blind)
		}
	})
	return providertest.World{
		Provider: s, Planted: ada, Bystander: s.Ref("adam"), Successor: s.Ref("grace"), Protected: s.Ref("root"),
		Grants: grants, Sessions: 3, Secrets: []string{"correct horse", "battery staple"},
		Levers: providertest.Levers{
			Login: func(_ *testing.T, secret string) bool {
				if secret == "" {
					secret = "correct horse"
				}
				return s.Connect(ada, secret)
			},
			Remove: func(*testing.T) { s.Drop(ada) },
			Recreate: func(*testing.T) {
				s.Drop(ada)
				s.Add(planted)
			},
			Break: func(_ *testing.T, action access.Action, after bool) {
				s.Fail(memory.Fault{Op: memory.Op(action), After: after})
			},
			Down: func(*testing.T) { s.Down() },
			Up:   func(*testing.T) { s.Up() },
		},
	}
}

// slowWorld carries out nothing before it is told to.
func slowWorld(t *testing.T) providertest.World {
	w := world(t)
	s := w.Provider.(*memory.System)
	s.ApplyLater(memory.OpContain, memory.OpUnlink, memory.OpRevoke, memory.OpReassign, memory.OpDelete)
	w.Settle = func(*testing.T) { s.Settle() }
	w.Break = nil // a lost answer and an order that waits are two troubles
	return w
}
