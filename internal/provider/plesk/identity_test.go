package plesk_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/plesk/simulator"
)

// TestAnotherLogin: the id is there, and is not ada any more.
func TestAnotherLogin(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		for name, change := range map[string]func(*town){
			"renamed": func(w *town) { w.sim.Rename(w.ada, "eve") },
			"given again": func(w *town) {
				w.sim.Drop(w.ada)
				w.sim.Plant(simulator.User{Database: w.shop, Login: "eve", Password: "eve's own"})
			},
		} {
			w := newTown(t, api, simulator.Switches{ReuseIDs: true}, nil)
			before := w.look(w.ref).Account
			change(w)
			for _, action := range []access.Action{access.Contain, access.Unlink, access.Delete} {
				if api == "rest" && action == access.Unlink {
					continue
				}
				_, err := w.do(w.step(action))
				w.kind(provider.Rejected, err, name)
				require.ErrorIs(t, err, provider.ErrAnotherAccount, name)
				_, err = w.panel.Restore(t.Context(), before, w.step(action))
				require.ErrorIs(t, err, provider.ErrAnotherAccount, name)
			}
			require.Empty(t, w.sim.Changes())
			seen := w.look(w.ref)
			require.False(t, seen.Exists, name)
			require.False(t, seen.Gone(), "somebody has the id: it may be ada under another name")
			require.Len(t, seen.Residue, 1)
		}
	})
}

// TestNamesakes: one login on two servers, and as a universal user beside them.
func TestNamesakes(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		w := newTown(t, api, simulator.Switches{}, nil)
		postgres := w.sim.DBServer("postgresql")
		other := w.sim.Plant(simulator.User{Database: w.sim.Database(w.sub, postgres, "shop"), Login: "ada", Password: "another's"})
		south := w.sim.Subscription("south.example")
		w.sim.Plant(simulator.User{Subscription: south, Server: postgres + 7, Login: "ada", Password: "a third"})
		fourth := w.sim.Plant(simulator.User{Subscription: south, Server: postgres + 8, Login: "ada", Password: "a fourth"})
		list, err := w.list()
		require.NoError(t, err)
		places := map[string]int{}
		for _, a := range list {
			if a.Name == "ada" {
				places[a.Resource]++
			}
		}
		require.Equal(t, map[string]int{"database server 1": 1, "database server 2": 1, "universal": 2}, places)

		known := w.ref
		known.Resource, known.ForeignID = "universal", strconv.Itoa(fourth)
		there := w.look(known)
		require.Equal(t, known, there.Account.Ref, "the id decides between them")
		require.Empty(t, there.Gaps)

		nobody := access.Step{Action: access.Delete, Account: access.Ref{Connection: "panel", Name: "ada"}}
		_, err = w.do(nobody)
		w.kind(provider.Rejected, err)
		e, _ := errors.AsType[*provider.Error](err)
		require.Len(t, e.Blockers, 4)
		seen := w.look(nobody.Account)
		require.True(t, seen.Exists)
		require.Len(t, seen.Gaps, 3, "which one was meant is not known")
		nobody.Account.Resource = "universal"
		_, err = w.do(nobody)
		w.kind(provider.Rejected, err)
		require.Empty(t, w.sim.Changes())

		nobody.Account.Resource = "database server 2"
		_, err = w.do(nobody)
		require.NoError(t, err)
		require.Equal(t, []simulator.Request{{Op: "del-db-user", IDs: []int{other}}}, w.sim.Changes())
	})
}

// TestStrangeReferences: nothing is asked for what cannot be ours.
func TestStrangeReferences(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		w := newTown(t, api, simulator.Switches{}, nil)
		for _, change := range []func(*access.Ref){
			func(r *access.Ref) { r.Connection = "other" },
			func(r *access.Ref) { r.Name = "" },
			func(r *access.Ref) { r.Host = "%" },
			func(r *access.Ref) { r.ForeignID = "0" },
			func(r *access.Ref) { r.ForeignID = "-1" },
			func(r *access.Ref) { r.ForeignID = "055" },
			func(r *access.Ref) { r.ForeignID = "../databases/78" },
			func(r *access.Ref) { r.ForeignID = "55</id><id>56" },
		} {
			ref := w.ref
			change(&ref)
			_, err := w.panel.Look(t.Context(), ref)
			w.kind(provider.Rejected, err)
			for _, action := range []access.Action{access.Contain, access.Delete, access.Unlink} {
				step := w.step(action)
				step.Account = ref
				_, err := w.do(step)
				w.kind(provider.Rejected, err)
				_, err = w.panel.Restore(t.Context(), access.Account{Ref: ref}, step)
				w.kind(provider.Rejected, err)
				w.panel.Explain(step)
			}
		}
		other := access.Account{Ref: w.at("shop_app", w.app)}
		_, err := w.panel.Restore(t.Context(), other, w.step(access.Contain))
		w.kind(provider.Rejected, err, "the record of somebody else")
		require.Zero(t, w.recorder.Count())
	})
}

// hostile are names that have done harm somewhere.
var hostile = []string{
	"..", ".", "a/b", "a?x", "a#f", "%2e%2e", "../dbs/defaultdb", "../databases/78", "a\x00b", "a\nb", "'", `"`, "&", "<", "]]>", "ä", "名前", "a\xffb",
	" a", "a  b", strings.Repeat("x", 64<<10), "</login></add-db-user><del-db-user><filter/></del-db-user>", `","database_id":1,"x":"`,
}

// hostileName has the name do everything that a login can do: be looked for, planned
// and made again.
func hostileName(w *town, name string) {
	before := w.sim.Users()
	ref := w.at(name, 9999)
	ref.ForeignID = ""
	seen, err := w.panel.Look(w.Context(), ref)
	require.NoError(w, err)
	require.True(w, seen.Gone())
	for _, action := range []access.Action{access.Contain, access.Unlink, access.Delete} {
		step := w.step(action)
		step.Account, step.Database = ref, name
		receipt, err := w.do(step)
		require.NoError(w, err)
		require.True(w, receipt.Already)
		w.panel.Explain(step)
	}
	require.Equal(w, before, w.sim.Users())
	require.Empty(w, w.sim.Changes())

	was := w.look(w.ref).Account
	was.Ref = ref
	was.Snapshot = []byte(strings.Replace(string(was.Snapshot), `"login":"ada"`, `"login":`+quoted(name), 1))
	back, err := w.panel.Restore(w.Context(), was, access.Step{Action: access.Delete, Account: ref})
	made := w.sim.Changes()
	if err != nil {
		w.kind(provider.Rejected, err)
		require.Empty(w, made)
		require.Equal(w, before, w.sim.Users())
		return
	}
	require.Len(w, made, 1)
	require.Equal(w, "add-db-user", made[0].Op)
	after := w.sim.Users()
	require.Equal(w, before, after[:len(before)])
	require.Equal(w, name, after[len(before)].Login, "it was made under its own name")
	require.Equal(w, w.shop, after[len(before)].Database)
	require.NotEmpty(w, back.ForeignID)
}

func TestHostileNames(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		for _, name := range hostile {
			hostileName(newTown(t, api, simulator.Switches{}, nil), name)
		}
	})
}

func FuzzHostileNames(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || name == "ada" || name == "shop_app" {
			return
		}
		for _, api := range apis {
			w := newTown(t, api, simulator.Switches{}, nil)
			hostileName(w, name)
			require.Empty(t, w.sim.Alarms())
		}
	})
}

// TestDatabaseNotListed: a user whose place is not shown is there, with a gap, and is
// found wherever it was planned.
func TestDatabaseNotListed(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		w := newTown(t, api, simulator.Switches{}, nil)
		w.sim.DropDatabase(w.shop)
		seen := w.look(w.ref)
		require.True(t, seen.Exists)
		require.Len(t, seen.Gaps, 1)
		byName := w.ref
		byName.ForeignID = ""
		require.True(t, w.look(byName).Exists)
		checks, err := w.panel.Preflight(t.Context())
		require.NoError(t, err)
		require.False(t, checks[1].OK)
		require.False(t, checks[2].OK)
		_, err = w.do(w.step(access.Delete))
		require.NoError(t, err)
	})
}

func TestProtectedDefaultUsers(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		w := newTown(t, api, simulator.Switches{}, config.Vars{"P_PROTECT_DEFAULT_USERS": "true"})
		app := w.at("shop_app", w.app)
		require.Contains(t, w.look(app).Account.Protected, "shop")
		require.Empty(t, w.look(w.ref).Account.Protected)
		for _, action := range []access.Action{access.Contain, access.Unlink, access.Delete} {
			step := w.step(action)
			step.Account = app
			_, err := w.do(step)
			w.kind(provider.Rejected, err)
		}
		require.Empty(t, w.sim.Changes())
	})
}
