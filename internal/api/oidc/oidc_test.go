package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/api/oidc"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
)

// issuer is an identity provider with one key, that can be down.
type issuer struct {
	*httptest.Server
	key   *ecdsa.PrivateKey
	down  atomic.Bool
	asked atomic.Int64 // for its keys
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	var err error
	i.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		if i.down.Load() {
			http.Error(w, "down for maintenance", http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		i.asked.Add(1)
		if i.down.Load() {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// claims are those of a good token, with changes; nil takes one away.
func (i *issuer) claims(change map[string]any) map[string]any {
	now := time.Now()
	out := map[string]any{"iss": i.URL, "aud": "sever", "sub": "1", "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "email": "anna@example.com",
		"email_verified": true, "roles": []string{"approver", "of another program"}}
	for k, v := range change {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

func (i *issuer) sign(t *testing.T, key any, alg jose.SignatureAlgorithm, claims map[string]any) config.Secret {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	require.NoError(t, err)
	text, err := jwt.Signed(s).Claims(claims).Serialize()
	require.NoError(t, err)
	return config.NewSecret(text)
}

func (i *issuer) token(t *testing.T, change map[string]any) config.Secret {
	t.Helper()
	return i.sign(t, i.key, jose.ES256, i.claims(change))
}

func (i *issuer) settings() oidc.Settings {
	return oidc.Settings{Issuer: i.URL, Audience: "sever", Actor: "email", Claim: "roles"}
}

func TestWhoATokenIs(t *testing.T) {
	t.Parallel()
	idp := newIssuer(t)
	for name, c := range map[string]struct {
		change   map[string]any
		settings func(*oidc.Settings)
		want     api.Caller
	}{
		"by the defaults": {nil, nil, api.Caller{Name: "anna@example.com", Roles: []roles.Role{roles.Approver}, Token: "oidc"}},
		"several":         {map[string]any{"aud": []string{"x", "sever"}, "roles": "auditor operator"}, nil, api.Caller{Name: "anna@example.com", Roles: []roles.Role{roles.Operator, roles.Auditor}, Token: "oidc"}},
		"by groups": {map[string]any{"groups": []string{"dba", "approver"}}, func(s *oidc.Settings) { s.Claim, s.Roles = "groups", []string{"dba=operator", "dba=auditor"} },
			api.Caller{Name: "anna@example.com", Roles: []roles.Role{roles.Operator, roles.Auditor}, Token: "oidc"}},
		"deep inside": {map[string]any{"realm_access": map[string]any{"roles": []string{"requester"}}}, func(s *oidc.Settings) { s.Claim = "realm_access.roles" },
			api.Caller{Name: "anna@example.com", Roles: []roles.Role{roles.Requester}, Token: "oidc"}},
		"by a name of its own": {map[string]any{"https://x.example/who": "anna", "email_verified": false}, func(s *oidc.Settings) { s.Actor = "https://x.example/who" },
			api.Caller{Name: "anna", Roles: []roles.Role{roles.Approver}, Token: "oidc"}},
		"without a role": {map[string]any{"roles": []any{7, "root"}}, nil, api.Caller{Name: "anna@example.com", Token: "oidc"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := idp.settings()
			if c.settings != nil {
				c.settings(&s)
			}
			i, err := oidc.New(s)
			require.NoError(t, err)
			got, err := i.Verify(t.Context(), idp.token(t, c.change))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestTokensThatOpenNothing(t *testing.T) {
	t.Parallel()
	idp := newIssuer(t)
	i, err := oidc.New(idp.settings())
	require.NoError(t, err)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		token config.Secret
		says  string
	}{
		"no token":             {config.NewSecret("x.y.z"), "is not one that"},
		"another key":          {idp.sign(t, other, jose.ES256, idp.claims(nil)), "is not one that"},
		"a shared secret":      {idp.sign(t, []byte("0123456789abcdef0123456789abcdef"), jose.HS256, idp.claims(nil)), "is not one that"},
		"another issuer":       {idp.token(t, map[string]any{"iss": "https://evil.example"}), "of another issuer"},
		"another program":      {idp.token(t, map[string]any{"aud": "wiki"}), "for another program"},
		"expired":              {idp.token(t, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}), "expired at"},
		"without an end":       {idp.token(t, map[string]any{"exp": nil}), "expired at"},
		"not yet":              {idp.token(t, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}), "not valid yet"},
		"nobody":               {idp.token(t, map[string]any{"email": nil}), "does not have the claim email"},
		"an unverified person": {idp.token(t, map[string]any{"email_verified": nil}), "has not verified"},
		"a hidden name":        {idp.token(t, map[string]any{"email": "an\u200bna@example.com"}), "cannot be seen"},
		"a number":             {idp.token(t, map[string]any{"email": 7}), "does not have the claim"},
	} {
		_, err := i.Verify(t.Context(), c.token)
		var no *api.StrangerError
		require.ErrorAs(t, err, &no, name)
		require.Contains(t, no.Why, c.says, name)
		require.NotContains(t, no.Why, c.token.Reveal(), name)
	}
}

// TestAnIssuerThatIsDown is asked again, and is no reason to doubt a token.
func TestAnIssuerThatIsDown(t *testing.T) {
	t.Parallel()
	idp := newIssuer(t)
	idp.down.Store(true)
	i, err := oidc.New(idp.settings())
	require.NoError(t, err)
	require.ErrorContains(t, i.Ready(t.Context()), "down for maintenance")
	_, err = i.Verify(t.Context(), idp.token(t, nil))
	var f *desk.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, desk.Unreachable, f.Kind)
	idp.down.Store(false)
	_, err = i.Verify(t.Context(), idp.token(t, nil))
	require.NoError(t, err)
	require.NoError(t, i.Ready(t.Context()))

	// Its keys are kept: who is known stays known while it is down.
	idp.down.Store(true)
	_, err = i.Verify(t.Context(), idp.token(t, nil))
	require.NoError(t, err)
}

// TestAFloodOfTokens does not become a flood of questions.
func TestAFloodOfTokens(t *testing.T) {
	t.Parallel()
	idp := newIssuer(t)
	i, err := oidc.New(idp.settings())
	require.NoError(t, err)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	forged := idp.sign(t, other, jose.ES256, idp.claims(nil))
	_, err = i.Verify(t.Context(), idp.token(t, nil))
	require.NoError(t, err)
	for range 200 {
		_, err := i.Verify(t.Context(), forged)
		require.Error(t, err)
	}
	require.Less(t, idp.asked.Load(), int64(50))
	_, err = i.Verify(t.Context(), idp.token(t, nil))
	require.NoError(t, err, "who is known is still known")
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings oidc.Settings
		says     string
	}{
		"plain http":     {oidc.Settings{Issuer: "http://idp.example", Audience: "sever"}, "over https"},
		"no URL":         {oidc.Settings{Issuer: "idp", Audience: "sever"}, "write the URL"},
		"for everybody":  {oidc.Settings{Issuer: "https://idp.example"}, "SEVER_OIDC_AUDIENCE is not set"},
		"no such role":   {oidc.Settings{Issuer: "https://idp.example", Audience: "sever", Roles: []string{"dba=root"}}, `has "dba=root"`},
		"half of a pair": {oidc.Settings{Issuer: "https://idp.example", Audience: "sever", Roles: []string{"dba"}}, "write value=role"},
	} {
		_, err := oidc.New(c.settings)
		require.ErrorContains(t, err, c.says, name)
	}
	none, err := oidc.New(oidc.Settings{})
	require.NoError(t, err)
	require.Nil(t, none)
}
