package trove

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	tokens2 "github.com/gophercloud/gophercloud/v2/openstack/identity/v2/tokens"
	tokens3 "github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/severhq/sever/internal/provider"
)

// session is our login, shared by all that happens at the same time. It is made by
// the first request that needs it and renewed after a 401, once for everybody who
// waits for it; that is gophercloud's part, and so is the choice of nothing else.
type session struct {
	cfg   Config
	kind  face
	wires *wires
	turn  chan struct{} // held by who logs in
	ready *ready
}

// ready is what a login opened.
type ready struct {
	client  *gophercloud.ProviderClient
	regions []region
	roles   []string
}

// region is the database service of one region.
type region struct {
	name string
	base string // "https://host/v1.0/project", without a slash at the end
	*session
	client *gophercloud.ProviderClient
}

func newSession(cfg Config, prefix string) (*session, error) {
	kind, err := cfg.check(prefix)
	if err != nil {
		return nil, err
	}
	s := &session{cfg: cfg, kind: kind, wires: &wires{cfg: cfg, base: cfg.transport()}, turn: make(chan struct{}, 1)}
	if err := s.wires.admit(s.identity()); err != nil {
		return nil, fmt.Errorf("%sIDENTITY_URL: %w", prefix, err)
	}
	return s, nil
}

func (s *session) close() {
	if t, ok := s.wires.base.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// open logs in, unless somebody has.
func (s *session) open(ctx context.Context) (*ready, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.ready != nil {
		return s.ready, nil
	}
	client, err := openstack.NewClient(s.identityBase())
	if err != nil {
		return nil, errors.New("the identity URL cannot be read")
	}
	client.HTTPClient = http.Client{Transport: s.wires, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	client.UserAgent.Prepend("sever")
	if err := s.login(ctx, client); err != nil {
		return nil, err
	}
	r, err := s.catalogue(client)
	if err != nil {
		return nil, err
	}
	services := s.identity()
	for _, region := range r.regions {
		services[region.base] = requests
	}
	if err := s.wires.admit(services); err != nil {
		return nil, &provider.Error{Kind: provider.Denied, Op: "read the service catalogue", Err: err}
	}
	s.ready = r
	return r, nil
}

// login sends the credential. From then on a 401 makes gophercloud do it again.
func (s *session) login(ctx context.Context, client *gophercloud.ProviderClient) error {
	c := s.cfg
	var err error
	switch s.kind {
	case rackspace:
		err = openstack.AuthenticateV2(ctx, client, apiKey{c}, gophercloud.EndpointOpts{})
	case keystoneApplication:
		err = openstack.AuthenticateV3(ctx, client, &gophercloud.AuthOptions{
			ApplicationCredentialID: c.ApplicationCredentialID, ApplicationCredentialSecret: c.ApplicationCredentialSecret.Reveal(),
			AllowReauth: true,
		}, gophercloud.EndpointOpts{})
	default:
		scope := &gophercloud.AuthScope{ProjectID: c.ProjectID}
		if c.ProjectID == "" {
			scope = &gophercloud.AuthScope{ProjectName: c.Project, DomainID: c.UserDomainID}
		}
		err = openstack.AuthenticateV3(ctx, client, &gophercloud.AuthOptions{
			Username: c.Username, Password: c.Password.Reveal(), DomainID: c.UserDomainID, Scope: scope, AllowReauth: true,
		}, gophercloud.EndpointOpts{})
	}
	return s.loginFailed("log in at "+c.IdentityURL, err)
}

// apiKey is Rackspace's login, which gophercloud does not know by itself.
type apiKey struct{ cfg Config }

// ToTokenV2CreateMap is the body of the login.
func (k apiKey) ToTokenV2CreateMap() (map[string]any, error) {
	auth := map[string]any{"RAX-KSKEY:apiKeyCredentials": map[string]string{
		"username": k.cfg.Username, "apiKey": k.cfg.APIKey.Reveal(),
	}}
	if k.cfg.TenantID != "" {
		auth["tenantId"] = k.cfg.TenantID
	}
	return map[string]any{"auth": auth}, nil
}

// CanReauth lets a 401 log in again.
func (apiKey) CanReauth() bool { return true }

// identityBase is the URL without its version, and with a slash at the end.
func (s *session) identityBase() string {
	base := strings.TrimSuffix(s.cfg.IdentityURL, "/")
	for _, version := range []string{"/v3", "/v2.0"} {
		base = strings.TrimSuffix(base, version)
	}
	return base + "/"
}

// identity is the identity service with its requests.
func (s *session) identity() services {
	version := "v3"
	if s.kind == rackspace {
		version = "v2.0"
	}
	return services{s.identityBase() + version: logins[s.kind]}
}

// catalogue takes the database services out of the login's answer.
func (s *session) catalogue(client *gophercloud.ProviderClient) (*ready, error) {
	found, roles, err := s.read(client.GetAuthResult())
	if err != nil {
		return nil, &provider.Error{Kind: provider.Transient, Op: "read the service catalogue", Err: errors.New("the login's answer has none that can be read")}
	}
	r := &ready{client: client, roles: roles}
	wanted := slices.Clone(s.cfg.Regions)
	if len(wanted) == 0 {
		wanted = slices.Sorted(maps.Keys(found))
	}
	refuse := func(format string, args ...any) (*ready, error) {
		return nil, &provider.Error{Kind: provider.Denied, Op: "read the service catalogue", Err: fmt.Errorf(format, args...)}
	}
	if len(wanted) == 0 {
		return refuse("it has no database service")
	}
	for _, name := range wanted {
		name = strings.TrimSpace(name)
		base, ok := found[name]
		if !ok {
			return refuse("it has no databases in region %q; it has them in %s", name, strings.Join(slices.Sorted(maps.Keys(found)), ", "))
		}
		if err := s.cfg.secure(base); err != nil {
			return refuse("the database service of region %s is at an address that %w", name, err)
		}
		if slices.ContainsFunc(r.regions, func(o region) bool { return o.name == name }) {
			continue
		}
		r.regions = append(r.regions, region{name: name, base: strings.TrimSuffix(base, "/"), session: s, client: client})
	}
	return r, nil
}

// read gives the address of the database service by region, and our roles.
func (s *session) read(result gophercloud.AuthResult) (byRegion map[string]string, roles []string, err error) {
	byRegion = map[string]string{}
	add := func(region, base string) error {
		if region == "" || strings.Contains(region, "/") || base == "" {
			return errors.New("an endpoint has no region or no address")
		}
		byRegion[region] = base
		return nil
	}
	switch r := result.(type) {
	case tokens3.CreateResult:
		catalogue, err := r.ExtractServiceCatalog()
		if err != nil {
			return nil, nil, err
		}
		for _, entry := range catalogue.Entries {
			for _, e := range entry.Endpoints {
				if entry.Type == "database" && e.Interface == "public" {
					if err := add(firstOf(e.Region, e.RegionID), e.URL); err != nil {
						return nil, nil, err
					}
				}
			}
		}
		all, err := r.ExtractRoles()
		for _, role := range all {
			roles = append(roles, role.Name)
		}
		return byRegion, roles, err
	case tokens2.CreateResult:
		catalogue, err := r.ExtractServiceCatalog()
		if err != nil {
			return nil, nil, err
		}
		for _, entry := range catalogue.Entries {
			for _, e := range entry.Endpoints {
				if entry.Type == "rax:database" {
					if err := add(e.Region, e.PublicURL); err != nil {
						return nil, nil, err
					}
				}
			}
		}
		user, err := tokens2.GetResult{CreateResult: r}.ExtractUser()
		if err != nil {
			return nil, nil, err
		}
		for _, role := range user.Roles {
			roles = append(roles, role.Name)
		}
		return byRegion, roles, nil
	}
	return nil, nil, errors.New("another kind of login")
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// splitBase takes an address apart: scheme and host, and the path.
func splitBase(base string) (host, prefix string, err error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", "", errors.New("an address must be a scheme, a host and a path, and nothing else")
	}
	return u.Scheme + "://" + u.Host, strings.TrimSuffix(u.EscapedPath(), "/"), nil
}
