package trove_test

import (
	"encoding/pem"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/trove"
	"github.com/severhq/sever/internal/provider/trove/simulator"
	"github.com/severhq/sever/internal/provider/wire"
)

// cloud is a simulator behind a recorder, and a provider that is connected to it.
type cloud struct {
	*simulator.Server
	provider.Provider
	recorder *wire.Recorder
	vars     config.Vars
}

const prefix = "SEVER_CONN_TROVE_"

// start makes a cloud. More settings are given without their prefix.
func start(t *testing.T, o simulator.Options, more config.Vars) *cloud {
	t.Helper()
	s := simulator.New(o)
	o = s.Options()
	recorder := wire.Record(s)
	web := httptest.NewServer(recorder)
	vars := config.Vars{prefix + "IDENTITY_URL": web.URL + s.IdentityPath(), prefix + "USERNAME": o.Username}
	if o.Face == simulator.Rackspace {
		vars[prefix+"API_KEY"] = o.APIKey
	} else {
		vars[prefix+"PASSWORD"], vars[prefix+"PROJECT"] = o.Password, o.ProjectName
	}
	for name, value := range more {
		vars[prefix+name] = value
	}
	c := &cloud{Server: s, recorder: recorder, vars: vars}
	c.Provider = c.open(t)
	t.Cleanup(func() {
		c.Provider.Close()
		web.Close()
	})
	return c
}

// open makes another provider for the same cloud.
func (c *cloud) open(t *testing.T) provider.Provider {
	t.Helper()
	p, err := trove.Spec.Open(provider.Settings{Connection: "trove", Vars: c.vars, Prefix: prefix})
	require.NoError(t, err)
	return p
}

// ref is an account on an instance.
func (c *cloud) ref(id, name, host string) access.Ref {
	return access.Ref{Connection: "trove", Resource: c.Resource(id), Name: name, Host: host}
}

// sent counts the requests that were sent to the database service, by method; all but
// GET when none is named.
func (c *cloud) sent(method string) int {
	n := 0
	for _, call := range c.Journal() {
		if call.Op != simulator.OpLogin && (call.Method == method || method == "" && call.Method != "GET") {
			n++
		}
	}
	return n
}

// secrets are all that nobody may read: those of the cloud and of the accounts.
func (c *cloud) secrets(passwords ...string) []string {
	o := c.Options()
	return append(passwords, o.Password, o.ApplicationToken, o.APIKey, "gAAAAABtoken")
}

// all is the whole list, as name@host.
func all(t *testing.T, p provider.Provider) []string {
	t.Helper()
	names, err := try(t, p)
	require.NoError(t, err)
	return names
}

// try is the list as far as it goes, and how it ended.
func try(t *testing.T, p provider.Provider) ([]string, error) {
	t.Helper()
	var names []string
	for a, err := range p.Accounts(t.Context()) {
		if err != nil {
			return names, err
		}
		names = append(names, a.Name+"@"+a.Host)
	}
	return names, nil
}

// refusal is a Rejected error with blockers whose words have all of these.
func refusal(t *testing.T, err error, words ...string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, provider.Rejected, provider.KindOf(err), "%v", err)
	for _, w := range words {
		require.Contains(t, err.Error(), w)
	}
}

func pemOf(certificate []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
}
