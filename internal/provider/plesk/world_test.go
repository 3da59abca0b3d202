package plesk_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/plesk"
	"github.com/severhq/sever/internal/provider/plesk/simulator"
	"github.com/severhq/sever/internal/provider/wire"
)

// town is one simulated server with a shop: its default user is shop_app, and ada is
// an ordinary one.
type town struct {
	*testing.T
	sim                    *simulator.Server
	recorder               *wire.Recorder
	url                    string
	panel                  *plesk.Panel
	server, sub, shop, app int
	ada                    int
	ref                    access.Ref
	broken                 func(http.ResponseWriter, *http.Request) bool // answers itself when it says so
}

func newTown(t *testing.T, api string, set simulator.Switches, more config.Vars) *town {
	t.Helper()
	w := &town{T: t, sim: simulator.New(simulator.Options{Switches: set})}
	w.server, w.sub = w.sim.DBServer("mysql"), w.sim.Subscription("north.example")
	w.shop = w.sim.Database(w.sub, w.server, "shop")
	w.app = w.sim.Plant(simulator.User{Database: w.shop, Login: "shop_app", Password: "staple battery"})
	w.ada = w.sim.Plant(simulator.User{Database: w.shop, Login: "ada", Password: "correct horse", Hosts: []string{"%"}, Role: "readOnly"})
	w.recorder = wire.Record(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.broken == nil || !w.broken(rw, r) {
			w.sim.ServeHTTP(rw, r)
		}
	}))
	server := httptest.NewServer(w.recorder)
	t.Cleanup(server.Close)
	t.Cleanup(func() { require.Empty(t, w.sim.Alarms()) })
	w.url = server.URL
	w.panel = opened(t, api, w.url, more).(*plesk.Panel)
	w.ref = w.at("ada", w.ada)
	return w
}

// at is the reference of a user on the server of the shop.
func (w *town) at(login string, id int) access.Ref {
	return access.Ref{
		Connection: "panel", Resource: "database server " + strconv.Itoa(w.server), Name: login, ForeignID: strconv.Itoa(id),
	}
}

func (w *town) step(action access.Action) access.Step {
	s := access.Step{Action: action, Account: w.ref}
	switch action {
	case access.Contain:
		s.Mode = access.Lock
	case access.Unlink:
		s.Database, s.Object = "shop", "default user"
	}
	return s
}

// do is a step at its method.
func (w *town) do(s access.Step) (access.Receipt, error) {
	switch s.Action {
	case access.Contain:
		return w.panel.Contain(w.Context(), s.Account, s.Mode)
	case access.Unlink:
		return w.panel.Unlink(w.Context(), s)
	}
	return w.panel.Delete(w.Context(), s)
}

func (w *town) look(ref access.Ref) access.Sighting {
	w.Helper()
	seen, err := w.panel.Look(w.Context(), ref)
	require.NoError(w, err)
	return seen
}

// list is the whole list by login, or its error.
func (w *town) list() ([]access.Account, error) {
	var out []access.Account
	for a, err := range w.panel.Accounts(w.Context()) {
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (w *town) kind(want provider.Kind, err error, why ...any) {
	w.Helper()
	require.Error(w, err, why...)
	require.Equal(w, want, provider.KindOf(err), "%v: %v", why, err)
	for _, secret := range []string{"admin-password", "admin-key", "correct horse"} {
		require.NotContains(w, err.Error(), secret)
	}
}

var apis = []string{"xml", "rest"}

// both runs a test for each interface.
func both(t *testing.T, test func(t *testing.T, api string)) {
	t.Parallel()
	for _, api := range apis {
		t.Run(api, func(t *testing.T) {
			t.Parallel()
			test(t, api)
		})
	}
}
