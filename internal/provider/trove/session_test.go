package trove_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/trove"
	"github.com/severhq/sever/internal/provider/trove/simulator"
)

// nowhere is a context for calls that outlive a subtest.
func nowhere() context.Context { return context.Background() }

func logins(s *cloud) int {
	n := 0
	for _, c := range s.Journal() {
		if c.Op == simulator.OpLogin {
			n++
		}
	}
	return n
}

func TestLogins(t *testing.T) {
	t.Parallel()
	o := simulator.New(simulator.Options{}).Options()
	for _, c := range []struct {
		name string
		face simulator.Face
		vars config.Vars
	}{
		{"password and project", simulator.Trove, nil},
		{"password and id of the project", simulator.Trove, config.Vars{"PROJECT": "", "PROJECT_ID": o.Project}},
		{"application credential", simulator.Trove, config.Vars{
			"USERNAME": "", "PASSWORD": "", "PROJECT": "", "APPLICATION_CREDENTIAL_ID": o.ApplicationID, "APPLICATION_CREDENTIAL_SECRET": o.ApplicationToken,
		}},
		{"api key", simulator.Rackspace, nil},
		{"api key and tenant", simulator.Rackspace, config.Vars{"TENANT_ID": "734821"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, simulator.Options{Face: c.face}, c.vars)
			s.Plant(simulator.Instance{ID: simulator.ID(1)}, simulator.Account{Name: "ada"})
			require.Equal(t, []string{"ada@%"}, all(t, s))
			require.Equal(t, 1, logins(s))
		})
	}
}

// A token that ran out is replaced once, by one login, for all who wait.
func TestATokenRunsOut(t *testing.T) {
	t.Parallel()
	for _, face := range []simulator.Face{simulator.Trove, simulator.Rackspace} {
		t.Run(string(face), func(t *testing.T) {
			t.Parallel()
			s := start(t, simulator.Options{Face: face}, nil)
			id := simulator.ID(1)
			s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "ada", Databases: []string{"shop"}, Password: "x"})
			ref := s.ref(id, "ada", "%")
			for range 3 {
				_, err := s.Provider.(provider.Container).Contain(t.Context(), ref, access.Lock)
				require.NoError(t, err)
				s.ExpireTokens()
			}
			require.Equal(t, 3, logins(s))
			var wait sync.WaitGroup
			for range 8 {
				wait.Go(func() {
					seen, err := s.Look(nowhere(), ref)
					if err != nil || !seen.Exists {
						t.Errorf("%+v %v", seen, err)
					}
				})
			}
			wait.Wait()
			require.Less(t, logins(s), 3+8, "the logins were shared")
		})
	}
}

// A second 401 is about our rights, and a login that is refused stops the connection.
func TestRefusedLogins(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"", "fault", "keystone", "html"} {
		for _, face := range []simulator.Face{simulator.Trove, simulator.Rackspace} {
			t.Run(string(face)+" "+shape, func(t *testing.T) {
				t.Parallel()
				s := start(t, simulator.Options{Face: face, Switches: simulator.Switches{ErrorShape: shape}}, nil)
				s.Plant(simulator.Instance{ID: simulator.ID(1)}, simulator.Account{Name: "ada"})
				ref := s.ref(simulator.ID(1), "ada", "%")

				s.Fail(simulator.Fault{Op: simulator.OpListUsers, Status: 401, Times: 2})
				_, err := try(t, s)
				require.Equal(t, provider.Denied, provider.KindOf(err), "%v", err)

				require.Len(t, all(t, s), 1)
				s.ChangeCredentials()
				_, err = s.Look(t.Context(), ref)
				require.Equal(t, provider.Denied, provider.KindOf(err), "%v", err)
				for _, secret := range s.secrets() {
					require.NotContains(t, err.Error(), secret)
				}
				_, err = try(t, s.open(t))
				require.Equal(t, provider.Denied, provider.KindOf(err), "%v", err)
			})
		}
	}
}

func TestLoginsThatFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault simulator.Fault
		kind  provider.Kind
	}{
		{"throttled", simulator.Fault{Status: 413, Header: map[string]string{"Retry-After": "5"}}, provider.Throttled},
		{"down", simulator.Fault{Status: 503}, provider.Transient},
		{"cut", simulator.Fault{}, provider.Transient},
		{"disabled", simulator.Fault{Status: 403, Message: "User is disabled"}, provider.Denied},
		{"malformed", simulator.Fault{Status: 400, Message: "Malformed"}, provider.Denied},
		{"a page", simulator.Fault{Status: 200, HTML: true}, provider.Transient},
		{"an empty answer", simulator.Fault{Status: 201, Body: map[string]any{}}, provider.Transient},
		{"a redirect", simulator.Fault{Status: 302, Header: map[string]string{"Location": "http://example.com/"}}, provider.Transient},
	} {
		for _, face := range []simulator.Face{simulator.Trove, simulator.Rackspace} {
			t.Run(c.name+" "+string(face), func(t *testing.T) {
				t.Parallel()
				s := start(t, simulator.Options{Face: face}, nil)
				s.Plant(simulator.Instance{ID: simulator.ID(1)}, simulator.Account{Name: "ada"})
				c.fault.Op = simulator.OpLogin
				s.Fail(c.fault)
				_, err := try(t, s)
				require.Error(t, err)
				if c.name != "an empty answer" { // it has no catalogue, or none that can be read
					require.Equal(t, c.kind, provider.KindOf(err), "%v", err)
				}
				require.Len(t, all(t, s), 1, "the next one logs in by itself")

				s.ExpireTokens()
				s.Fail(c.fault)
				_, err = try(t, s)
				require.Error(t, err)
				for _, secret := range s.secrets() {
					require.NotContains(t, err.Error(), secret)
				}
			})
		}
	}
}

// The catalogue may not send our token to where everybody can read it.
func TestACatalogueThatLeadsElsewhere(t *testing.T) {
	t.Parallel()
	stray := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stray++ }))
	t.Cleanup(other.Close)
	for _, address := range []string{"http://databases.example.com/v1.0/p", "ftp://127.0.0.1/v1.0/p", "http://user:pw@127.0.0.1/v1.0/p", "http://127.0.0.1/v1.0/p?x=1", "http://127.0.0.1/v1.0/../p", ""} {
		s := start(t, simulator.Options{}, nil)
		s.Fail(simulator.Fault{Op: simulator.OpLogin, Status: 201, Header: map[string]string{"X-Subject-Token": "gAAAAABtoken-x"}, Body: map[string]any{"token": map[string]any{
			"expires_at": "2036-01-31T12:00:00.000000Z",
			"catalog": []any{map[string]any{"type": "database", "endpoints": []any{
				map[string]any{"interface": "public", "region": "RegionOne", "url": address},
				map[string]any{"interface": "internal", "region": "RegionOne", "url": other.URL},
			}}},
		}}})
		_, err := try(t, s)
		require.Error(t, err, address)
		require.NotEqual(t, provider.Rejected, provider.KindOf(err), address)
	}
	require.Zero(t, stray)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	good := config.Vars{"IDENTITY_URL": "https://keystone.example.com:5000/v3", "USERNAME": "sever", "PASSWORD": "hunter22-secret", "PROJECT": "shop"}
	for _, c := range []struct {
		name string
		vars config.Vars
		want []string
	}{
		{"as they should be", nil, nil},
		{"no identity", config.Vars{"IDENTITY_URL": ""}, []string{"IDENTITY_URL"}},
		{"unencrypted", config.Vars{"IDENTITY_URL": "http://keystone.example.com/v3"}, []string{"IDENTITY_URL", "PLAIN_HTTP"}},
		{"unencrypted, on purpose", config.Vars{"IDENTITY_URL": "http://keystone.example.com/v3", "PLAIN_HTTP": "true"}, nil},
		{"unencrypted, on this machine", config.Vars{"IDENTITY_URL": "http://127.0.0.1:5000/v3"}, nil},
		{"a URL with a password", config.Vars{"IDENTITY_URL": "https://u:hunter22-secret@keystone.example.com/v3"}, []string{"IDENTITY_URL"}},
		{"two credentials", config.Vars{"API_KEY": "k"}, []string{"2 are set"}},
		{"no credential", config.Vars{"PASSWORD": ""}, []string{"0 are set"}},
		{"a password without a project", config.Vars{"PROJECT": ""}, []string{"PROJECT"}},
		{"a password without a user", config.Vars{"USERNAME": ""}, []string{"USERNAME"}},
		{"an application without its id", config.Vars{"PASSWORD": "", "APPLICATION_CREDENTIAL_SECRET": "s"}, []string{"APPLICATION_CREDENTIAL_ID"}},
		{"an API key without a user", config.Vars{"PASSWORD": "", "API_KEY": "k", "USERNAME": ""}, []string{"USERNAME"}},
		{"an authority that is none", config.Vars{"CA": "x"}, []string{"CA holds no certificate"}},
		{"pages of nothing", config.Vars{"PAGE_SIZE": "0"}, []string{"PAGE_SIZE"}},
		{"all at once", config.Vars{"PAGE_SIZE": "-1", "PASSWORD": "", "TIMEOUT": "0s"}, []string{"PAGE_SIZE", "0 are set", "TIMEOUT"}},
	} {
		vars := config.Vars{}
		for name, value := range good.With(c.vars) {
			vars[prefix+name] = value
		}
		p, err := trove.Spec.Open(provider.Settings{Connection: "trove", Vars: vars, Prefix: prefix})
		if c.want == nil {
			require.NoError(t, err, c.name)
			p.Close()
			continue
		}
		require.Error(t, err, c.name)
		for _, w := range c.want {
			require.ErrorContains(t, err, w, c.name)
			require.ErrorContains(t, err, prefix, c.name)
		}
		require.NotContains(t, err.Error(), "hunter22-secret")
	}
}

// A certificate of one's own authority is accepted when it is given, and else not.
func TestAuthorities(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	web := httptest.NewTLSServer(s)
	t.Cleanup(web.Close)
	s.Plant(simulator.Instance{ID: simulator.ID(1)}, simulator.Account{Name: "ada"})
	o := s.Options()
	vars := config.Vars{
		prefix + "IDENTITY_URL": web.URL + s.IdentityPath(), prefix + "USERNAME": o.Username, prefix + "PASSWORD": o.Password, prefix + "PROJECT": o.ProjectName,
	}
	p, err := trove.Spec.Open(provider.Settings{Connection: "trove", Vars: vars, Prefix: prefix})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	_, err = try(t, p)
	require.Equal(t, provider.Transient, provider.KindOf(err))
	require.ErrorContains(t, err, "certificate")

	vars[prefix+"CA"] = pemOf(web.Certificate().Raw)
	p, err = trove.Spec.Open(provider.Settings{Connection: "trove", Vars: vars, Prefix: prefix})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	require.Len(t, all(t, p), 1)
}

// An answer that does not come ends with the time that it was given.
func TestASilentServer(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, config.Vars{"TIMEOUT": "3s"})
	id := simulator.ID(1)
	s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "ada", Password: "x"})
	ref := s.ref(id, "ada", "%")
	_, err := s.Look(t.Context(), ref)
	require.NoError(t, err)
	s.Fail(simulator.Fault{Op: simulator.OpPassword, Status: 202, Hold: time.Minute, After: true})
	_, err = s.Provider.(provider.Container).Contain(t.Context(), ref, access.Lock)
	require.Equal(t, provider.Transient, provider.KindOf(err))
	require.ErrorContains(t, err, "may still be carried out")
}
