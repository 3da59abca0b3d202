package digitalocean

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider/digitalocean/simulator"
	"github.com/severhq/sever/internal/provider/providertest"
)

// TestContract holds the provider against the contract, on every engine, with every
// setting of every switch of the simulator.
func TestContract(t *testing.T) {
	t.Parallel()
	for _, setting := range simulator.Settings() {
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			for _, engine := range slices.DeleteFunc(slices.Sorted(maps.Keys(ids)), func(e string) bool { return !supported(e) || !setting.Concerns(e) }) {
				t.Run(engine, func(t *testing.T) {
					t.Parallel()
					providertest.Run(t, subject(engine, setting.Switches, varsFor(setting.Switches)))
				})
			}
		})
	}
	t.Run("pools go to somebody else", func(t *testing.T) {
		t.Parallel()
		providertest.Run(t, subject(pg, simulator.Switches{}, config.Vars{"POOLS": "user:app-01"}))
	})
	t.Run("pools are deleted", func(t *testing.T) {
		t.Parallel()
		providertest.Run(t, subject(pg, simulator.Switches{}, config.Vars{"POOLS": "delete"}))
	})
}

// varsFor are the settings with which a switch can be lived with. Without them the
// step is refused with words that name them (see TestRefusedWithARemedy).
func varsFor(sw simulator.Switches) config.Vars {
	switch {
	case sw.MergeRules:
		return config.Vars{"RULES": rulesDelete}
	case sw.KeepPoolUser:
		return config.Vars{"POOLS": poolsDelete}
	}
	return nil
}

func subject(engine string, sw simulator.Switches, vars config.Vars) providertest.Subject {
	var less []access.Action
	unknownReach := sw.HideSettings && slices.Contains([]string{mongodb, kafka, opensearch}, engine)
	if sw.HideNewPassword {
		less = append(less, access.Rotate) // and says so: see TestWhatCannotBeGivenBack
	}
	if sw.HideNewPassword || unknownReach {
		less = append(less, access.Restore) // and says so: see TestWhatCannotBeGivenBack
	}
	lost := map[string][]string{pg: {"what SQL granted"}, mysql: {"what SQL granted"}, kafka: {"client certificate"}}[engine]
	if engine == pg && sw.HideSettings {
		lost = append(lost, replication)
	}
	return providertest.Subject{
		New:           func(t *testing.T) providertest.World { return world(t, engine, sw, vars) },
		Can:           can(engine, less...),
		DeletesAnyway: engine != pg,
		BlindLock:     true,
		Lost:          lost,
		Parallel:      true,
	}
}

func world(t *testing.T, engine string, sw simulator.Switches, vars config.Vars) providertest.World {
	o := options{Options: simulator.Options{Switches: sw}, vars: vars}
	if sw.Overlap {
		o.Latency = time.Millisecond
	}
	f := setup(t, o, town(engine), simulator.Cluster{ID: ids["valkey"], Name: "cache", Engine: "valkey"})
	ada := f.ref(ids[engine], "ada")
	first := password(f.sim, ids[engine], "ada")
	w := providertest.World{
		Provider: f.Team, Planted: ada, Bystander: f.ref(ids[engine], "adam"), Protected: f.ref(ids[engine], "doadmin"),
		Grants: held(engine, sw, vars["RULES"]), Sessions: -1, Secrets: f.sim.Secrets(),
		Levers: providertest.Levers{
			Login: func(_ *testing.T, secret string) bool {
				if secret == "" {
					secret = first
				}
				return f.sim.Connect(ids[engine], "ada", secret)
			},
			Remove: func(*testing.T) { f.sim.Drop(ids[engine], "ada") },
			Break: func(_ *testing.T, action access.Action, after bool) {
				fault := breaks(action)
				fault.After = after
				f.sim.Fail(fault)
			},
			Down: func(*testing.T) { f.sim.Down() },
			Up:   func(*testing.T) { f.sim.Up() },
		},
	}
	if sw.Lag != simulator.NoLag {
		w.Provider = patient{f.Team}
		w.Break, w.Down = nil, nil // a failure that is repeated at once is none
	}
	others := untouched(f.sim, "ada")
	t.Cleanup(func() {
		require.Equal(t, others, untouched(f.sim, "ada"), "somebody else was touched")
		for _, r := range f.sim.Journal() {
			require.NotContains(t, r.URI, ids["valkey"], "engines decide before anything is sent")
		}
	})
	return w
}

// password is a user's, as the simulator has it.
func password(s *simulator.Server, cluster, name string) string {
	for _, c := range s.World() {
		for _, u := range c.Users {
			if c.ID == cluster && u.Name == name {
				return u.Password
			}
		}
	}
	return ""
}

// untouched is the whole world but one name.
func untouched(s *simulator.Server, name string) []simulator.Cluster {
	out := s.World()
	for i := range out {
		out[i].Users = slices.DeleteFunc(out[i].Users, func(u simulator.User) bool { return u.Name == name })
		out[i].Pools = slices.DeleteFunc(out[i].Pools, func(p simulator.Pool) bool { return p.Name == name+"-pool" || p.Name == name+"-batch" })
	}
	return out
}
