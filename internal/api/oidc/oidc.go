// Package oidc knows people by the tokens of a company's own identity provider, as OpenID
// Connect has them. It verifies signature, issuer, audience and time; which claim is the
// name and which are the roles are settings.
//
// An issuer that does not answer keeps nobody out who has a token of ours, and does not
// keep the server from starting: it is asked again when somebody needs it.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/time/rate"

	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
)

// Settings say whose tokens are taken, and how they are read.
type Settings struct {
	Issuer   string   `env:"SEVER_OIDC_ISSUER"`
	Audience string   `env:"SEVER_OIDC_AUDIENCE"`
	Actor    string   `env:"SEVER_OIDC_ACTOR_CLAIM" envDefault:"email"`
	Claim    string   `env:"SEVER_OIDC_ROLES_CLAIM" envDefault:"roles"`
	Roles    []string `env:"SEVER_OIDC_ROLES"` // value=role, of the claim
}

// Issuer takes the tokens of one identity provider.
type Issuer struct {
	settings Settings
	roles    map[string]string
	client   *http.Client

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier // nil until the issuer has answered once
}

// answerWithin is how long an issuer may take: a request waits for it.
const answerWithin = 10 * time.Second

// New reads the settings of an issuer; nil where none is configured.
func New(s Settings) (*Issuer, error) {
	if s.Issuer == "" {
		return nil, nil
	}
	u, err := url.Parse(s.Issuer)
	switch {
	case err != nil || u.Host == "":
		return nil, desk.Invalidf("SEVER_OIDC_ISSUER is %q: write the URL of the issuer, as it stands in its tokens", s.Issuer)
	case u.Scheme != "https" && !local(u.Hostname()):
		return nil, desk.Invalidf("SEVER_OIDC_ISSUER is %q: its keys have to come over https", s.Issuer)
	case s.Audience == "":
		return nil, desk.Invalidf("SEVER_OIDC_AUDIENCE is not set: tokens made for another program would open this one")
	}
	i := &Issuer{settings: s, roles: map[string]string{"requester": "requester", "approver": "approver", "operator": "operator", "auditor": "auditor"},
		client: &http.Client{Timeout: answerWithin, Transport: &seldom{http.DefaultTransport, rate.NewLimiter(rate.Every(time.Second), 5)}}}
	if len(s.Roles) > 0 {
		i.roles = map[string]string{}
	}
	for _, pair := range s.Roles {
		value, role, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || value == "" || !known(role) {
			return nil, desk.Invalidf("SEVER_OIDC_ROLES has %q: write value=role, with one of requester, approver, operator, auditor", pair)
		}
		if other, twice := i.roles[value]; twice && other != role {
			i.roles[value] += "," + role
			continue
		}
		i.roles[value] = role
	}
	return i, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Ready asks the issuer for what it needs, unless it has it.
func (i *Issuer) Ready(ctx context.Context) error {
	_, err := i.ready(ctx)
	return err
}

func (i *Issuer) ready(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.verifier != nil {
		return i.verifier, nil
	}
	asked, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	// The keys are fetched later, too, with the client alone.
	p, err := oidc.NewProvider(oidc.ClientContext(asked, i.client), i.settings.Issuer)
	if err != nil {
		return nil, i.silent(err)
	}
	i.verifier = p.VerifierContext(oidc.ClientContext(context.WithoutCancel(ctx), i.client), &oidc.Config{ClientID: i.settings.Audience})
	return i.verifier, nil
}

func (i *Issuer) silent(err error) error {
	words, _, _ := strings.Cut(err.Error(), "\n") // it may have answered a whole page
	return desk.Failf(desk.Unreachable, "the OpenID Connect issuer %s cannot be asked: %.200s", i.settings.Issuer, words).
		Then("try again in a while, or use a token of sever tokens create")
}

// Verify is who shows a token.
func (i *Issuer) Verify(ctx context.Context, token config.Secret) (api.Caller, error) {
	v, err := i.ready(ctx)
	if err != nil {
		return api.Caller{}, err
	}
	t, err := v.Verify(ctx, token.Reveal())
	if err != nil {
		return api.Caller{}, i.refused(err)
	}
	var claims map[string]any
	if err := t.Claims(&claims); err != nil {
		return api.Caller{}, &api.StrangerError{Why: "the claims of the token cannot be read"}
	}
	name, err := i.actor(claims)
	if err != nil {
		return api.Caller{}, err
	}
	return api.Caller{Name: name, Roles: i.rolesOf(claims), Token: "oidc"}, nil
}

// refused tells an issuer that does not answer from a token that is none. What stands in
// a token is not repeated, but for its times.
func (i *Issuer) refused(err error) error {
	if expired, ok := errors.AsType[*oidc.TokenExpiredError](err); ok {
		return &api.StrangerError{Why: "the token expired at " + expired.Expiry.UTC().Format(time.RFC3339)}
	}
	words := err.Error()
	switch {
	case strings.Contains(words, "fetching keys"):
		return i.silent(errors.New("its keys could not be fetched"))
	case strings.Contains(words, "audience"):
		return &api.StrangerError{Why: fmt.Sprintf("the token was made for another program than %q", i.settings.Audience)}
	case strings.Contains(words, "different provider"):
		return &api.StrangerError{Why: "the token is of another issuer than " + i.settings.Issuer}
	case strings.Contains(words, "nbf"):
		return &api.StrangerError{Why: "the token is not valid yet"}
	}
	return &api.StrangerError{Why: "the token is not one that " + i.settings.Issuer + " signed"}
}

// seldom keeps a flood of tokens with unknown keys from becoming a flood of questions to
// the issuer. Keys that are known already need no question.
type seldom struct {
	below http.RoundTripper
	limit *rate.Limiter
}

func (s *seldom) RoundTrip(r *http.Request) (*http.Response, error) {
	if !s.limit.Allow() {
		return nil, errors.New("it was asked too often within a moment")
	}
	return s.below.RoundTrip(r)
}
