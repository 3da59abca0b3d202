package netim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/netim/simulator"
)

// Our login of the API is no database user, and a hosting has no administrators and no
// users of the system's own: there is nothing built in to protect. An account that is
// not known to be the planned one, on a configured hosting, is not touched: no order
// leaves.
func TestGuardsFailClosed(t *testing.T) {
	t.Parallel()
	at := func(connection, resource, name, host string) access.Ref {
		return access.Ref{Connection: connection, Resource: resource, Name: name, Host: host}
	}
	for name, c := range map[string]struct {
		ref   access.Ref
		fault *simulator.Fault
	}{
		"the list of users cannot be read":   {ref("ada"), &simulator.Fault{Method: "GET", Times: 50, Status: 500}},
		"the list of users is no list":       {ref("ada"), &simulator.Fault{Method: "GET", Times: 50, Status: 200, Body: `{"users":"many"}`}},
		"the answer is a page":               {ref("ada"), &simulator.Fault{Method: "GET", Times: 50, Status: 200, HTML: true}},
		"the connection is cut":              {ref("ada"), &simulator.Fault{Method: "GET", Times: 50}},
		"a hosting that is not configured":   {at("web", "NW4096", "NW4096_ada", ""), nil},
		"a name without its hosting":         {at("web", hosting, "ada", ""), nil},
		"a name of another hosting":          {at("web", hosting, "NW2048_ada", ""), nil},
		"no hosting":                         {at("web", "", "NW1024_ada", ""), nil},
		"a host, where there are none":       {at("web", hosting, "NW1024_ada", "%"), nil},
		"an account of somebody else's":      {at("other", hosting, "NW1024_ada", ""), nil},
		"no name":                            {at("web", hosting, "", ""), nil},
		"a name that is a path of its own":   {at("web", hosting, "NW1024_../database", ""), nil},
		"a name that names the hosting only": {at("web", hosting, "NW1024_", ""), nil},
	} {
		w := newWorld(t, "webhosting+rights", simulator.Switches{})
		if c.fault != nil {
			w.Fail(*c.fault)
		}
		_, locked := w.p.(provider.Container).Contain(t.Context(), c.ref, access.Lock)
		_, deleted := w.deleter().Delete(t.Context(), access.Step{Action: access.Delete, Account: c.ref})
		require.Error(t, locked, name)
		require.Error(t, deleted, name)
		require.Empty(t, w.Orders(), name)
	}
}
