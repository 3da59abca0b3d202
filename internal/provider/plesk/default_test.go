package plesk_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/plesk"
	"github.com/severhq/sever/internal/provider/plesk/simulator"
)

func quoted(s string) string { b, _ := json.Marshal(s); return string(b) }

// TestTheDefaultUser: another one takes over before it goes, and nobody else changes.
func TestTheDefaultUser(t *testing.T) {
	t.Parallel()
	w := newTown(t, "xml", simulator.Switches{Default: simulator.DefaultRefused}, nil)
	w.sim.MakeDefault(w.shop, w.ada)
	_, err := w.do(w.step(access.Delete))
	w.kind(provider.Rejected, err)
	e, _ := errors.AsType[*provider.Error](err)
	require.Contains(t, e.Blockers[0].Remedy, "shop_app")
	_, err = w.do(w.step(access.Unlink))
	require.NoError(t, err)
	require.Equal(t, w.app, w.sim.Databases()[0].Default)
	_, err = w.do(w.step(access.Delete))
	require.NoError(t, err)
	require.True(t, w.look(w.ref).Gone())

	step := w.step(access.Unlink)
	step.Account = w.at("shop_app", w.app)
	_, err = w.do(step)
	w.kind(provider.Rejected, err, "nobody is left to take over")
	step.Object = "role x"
	_, err = w.do(step)
	w.kind(provider.Rejected, err)
}

// TestTheLastUser: what becomes of it is for Plesk to say.
func TestTheLastUser(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		for fate, refused := range map[simulator.DefaultFate]bool{
			simulator.DefaultNone: false, simulator.DefaultPromoted: false, simulator.DefaultRefused: true,
		} {
			w := newTown(t, api, simulator.Switches{Default: fate}, nil)
			w.sim.Drop(w.app) // ada is promoted
			_, err := w.do(w.step(access.Delete))
			if !refused {
				require.NoError(t, err)
				require.True(t, w.look(w.ref).Gone())
				continue
			}
			w.kind(provider.Rejected, err)
			e, _ := errors.AsType[*provider.Error](err)
			require.NotEmpty(t, e.Blockers[0].Remedy)
			require.True(t, w.look(w.ref).Exists)
		}
	})
}

// TestDefaultUsersThroughREST: it cannot set another one, and says so.
func TestDefaultUsersThroughREST(t *testing.T) {
	t.Parallel()
	w := newTown(t, "rest", simulator.Switches{Default: simulator.DefaultPromoted}, nil)
	w.sim.MakeDefault(w.shop, w.ada)
	before := w.look(w.ref).Account
	require.Equal(t, access.Delete, before.Grants[1].EndedBy)
	_, err := w.do(w.step(access.Unlink))
	w.kind(provider.Rejected, err)
	_, err = w.do(w.step(access.Delete))
	require.NoError(t, err)
	require.Equal(t, w.app, w.sim.Databases()[0].Default)
	back, err := w.panel.Restore(t.Context(), before, w.step(access.Delete))
	require.NoError(t, err)
	require.Len(t, back.Missing, 3, "the role, the hosts, and being the default user: %v", back.Missing)
}

// TestRestoreIsExact: it has the same hosts again, and no other role than the server
// gives, which is told.
func TestRestoreIsExact(t *testing.T) {
	t.Parallel()
	w := newTown(t, "xml", simulator.Switches{}, nil)
	before := w.look(w.ref).Account
	require.NotContains(t, string(before.Snapshot), "correct horse")
	_, err := w.do(w.step(access.Delete))
	require.NoError(t, err)
	back, err := w.panel.Restore(t.Context(), before, w.step(access.Delete))
	require.NoError(t, err)
	require.Equal(t, "role", back.Missing[0].Object)
	users := w.sim.Users()
	made := users[len(users)-1]
	require.Equal(t, back.ForeignID, strconv.Itoa(made.ID))
	require.Equal(t, []string{"%"}, made.Hosts)
	require.NotEqual(t, "correct horse", made.Password)

	// A process that has not made it does not take it for its own.
	other := opened(t, "xml", w.url, nil).(*plesk.Panel)
	_, err = other.Restore(t.Context(), before, w.step(access.Delete))
	require.ErrorIs(t, err, provider.ErrAnotherAccount)
}

func TestRestoreNeedsItsPlace(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		w := newTown(t, api, simulator.Switches{}, nil)
		before := w.look(w.ref).Account
		w.sim.Drop(w.ada)
		w.sim.DropDatabase(w.shop)
		_, err := w.panel.Restore(t.Context(), before, w.step(access.Delete))
		w.kind(provider.Rejected, err)
		_, err = w.panel.Restore(t.Context(), before, w.step(access.Contain))
		w.kind(provider.Rejected, err, "its deletion comes first")
		_, err = w.panel.Restore(t.Context(), before, access.Step{Action: access.Revoke, Account: w.ref})
		w.kind(provider.Rejected, err)
		for _, record := range []string{"", "{}", "x", `{"version":2}`, `{"version":1,"login":"ada","universal":true,"database":5}`} {
			before.Snapshot = []byte(record)
			_, err = w.panel.Restore(t.Context(), before, w.step(access.Delete))
			w.kind(provider.Rejected, err, record)
		}
		require.Empty(t, w.sim.Changes())
	})
}

// TestUniversalUsers: contained and deleted whatever is known of them; made again
// only where they were.
func TestUniversalUsers(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		for _, listed := range []bool{false, true} {
			w := newTown(t, api, simulator.Switches{UniversalListed: listed, UniversalZero: listed}, nil)
			w.sim.Database(w.sub, w.server, "blog")
			id := w.sim.Plant(simulator.User{Subscription: w.sub, Server: w.server, Login: "ada_all", Password: "ada's own"})
			w.ref = access.Ref{Connection: "panel", Resource: "universal", Name: "ada_all", ForeignID: strconv.Itoa(id)}
			before := w.look(w.ref).Account
			if listed {
				require.Equal(t, "mysql", before.Engine)
				require.Len(t, before.Grants, 3)
				require.Equal(t, access.ExtentClusterWide, before.Grants[0].Extent)
			} else {
				require.Equal(t, "unknown", before.Engine)
				require.Len(t, before.Grants, 1)
				require.Equal(t, access.ExtentUnknown, before.Grants[0].Extent)
			}
			for _, action := range []access.Action{access.Contain, access.Delete} {
				_, err := w.do(w.step(action))
				require.NoError(t, err)
			}
			require.True(t, w.look(w.ref).Gone())
			_, err := w.panel.Restore(t.Context(), before, w.step(access.Delete))
			if listed {
				require.NoError(t, err)
				again := w.look(access.Ref{Connection: "panel", Resource: "universal", Name: "ada_all"})
				require.Equal(t, before.Grants, again.Account.Grants)
			} else {
				w.kind(provider.Rejected, err)
			}
		}
	})
}

// TestDiscovery: everything that was planted is found, once, with what it reaches.
func TestDiscovery(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		for _, set := range simulator.Settings() {
			w := newTown(t, api, set.Switches, nil)
			w.sim.Seed()
			if api == "xml" && (set.Switches == simulator.Switches{UniversalOnlyListed: true}) {
				for i := range 250 { // more databases than one packet asks about
					w.sim.Database(w.sub, w.server, "many"+strconv.Itoa(i))
				}
				tail := w.sim.Subscription("tail.example")
				w.sim.Database(tail, w.server, "tail")
				w.sim.Plant(simulator.User{Subscription: tail, Server: w.server, Login: "tail", Password: "the very last"})
			}
			last := w.sim.Database(w.sub, w.server, "last")
			w.sim.Plant(simulator.User{Database: last, Login: "last", Password: "the last one"})
			list, err := w.list()
			require.NoError(t, err, set.Name)
			planted := w.sim.Users()
			require.Len(t, list, len(planted), set.Name)
			for i, u := range planted {
				require.Equal(t, u.Login, list[i].Name)
				require.Equal(t, strconv.Itoa(u.ID), list[i].ForeignID)
				if u.Login != "ada" && u.Login != "last" && u.Login != "ada_all" {
					continue
				}
				seen := w.look(list[i].Ref)
				require.True(t, seen.Exists)
				require.Empty(t, seen.Gaps)
				require.Equal(t, list[i].Ref, seen.Account.Ref)
				require.NotEmpty(t, seen.Account.Grants)
				for _, db := range w.sim.Databases() {
					if u.Database == db.ID || db.Default == u.ID {
						require.Contains(t, names(seen.Account.Grants), db.Name)
					}
				}
			}
		}
	})
}

func names(grants []access.Grant) []string {
	var out []string
	for _, g := range grants {
		out = append(out, g.Database)
	}
	return out
}

func TestExplain(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		w := newTown(t, api, simulator.Switches{}, nil)
		step := w.step(access.Delete)
		want := "DELETE /api/v2/dbusers/" + strconv.Itoa(w.ada)
		if api == "xml" {
			want = `POST /enterprise/control/agent.php <packet version="1.6.9.1"><database><del-db-user><filter><id>` + strconv.Itoa(w.ada) +
				`</id></filter></del-db-user></database></packet>`
		}
		require.Contains(t, w.panel.Explain(step), want)
		step.Account.ForeignID = ""
		for _, line := range w.panel.Explain(step) {
			require.NotContains(t, line, "<filter></filter>")
			require.NotContains(t, line, "<del-db-user><filter/>")
		}
		require.NotEmpty(t, w.panel.Explain(w.step(access.Confirm)))
		require.Nil(t, w.panel.Explain(access.Step{Action: access.Reassign}))
		require.Zero(t, w.recorder.Count())
	})
}
