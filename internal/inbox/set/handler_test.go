package set_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/inbox/set"
	"github.com/severhq/sever/internal/store"
)

func TestMain(m *testing.M) { devtest.Main(m) }

const (
	revoked  = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
	audience = "https://sever.example.com"
)

// idp is an issuer with a key of each kind, and a server that takes its tokens.
type idp struct {
	t       *testing.T
	store   *store.Store
	keys    map[jose.SignatureAlgorithm]crypto.Signer
	away    atomic.Bool // its keys
	jwks    string
	issuers set.Issuers
	door    string
	token   string
}

func newIDP(t *testing.T, s *store.Store, more ...config.Vars) *idp {
	t.Helper()
	i := &idp{t: t, store: s, keys: map[jose.SignatureAlgorithm]crypto.Signer{}, token: "transmitter-" + severtest.Unique()}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	i.keys = map[jose.SignatureAlgorithm]crypto.Signer{jose.RS256: rsaKey, jose.ES256: ecKey, jose.EdDSA: edKey}
	var published jose.JSONWebKeySet
	for algorithm, key := range i.keys {
		published.Keys = append(published.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: string(algorithm), Algorithm: string(algorithm), Use: "sig"})
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if i.away.Load() {
			http.Error(w, "maintenance", http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(published)
	}))
	t.Cleanup(site.Close)
	i.jwks = site.URL
	vars := config.Vars{"SEVER_EVENTS": "okta", "SEVER_EVENT_OKTA_ISSUER": site.URL, "SEVER_EVENT_OKTA_JWKS_URL": site.URL + "/keys",
		"SEVER_EVENT_OKTA_AUDIENCE": audience, "SEVER_EVENT_OKTA_SUBJECTS": "email=email,iss_sub=id", "SEVER_EVENT_OKTA_TOKEN": i.token}
	for _, m := range more {
		maps.Copy(vars, m)
	}
	i.issuers, err = set.Open(vars)
	require.NoError(t, err)
	i.opens()
	return i
}

// opens starts a server anew, which has counted no refusals yet.
func (i *idp) opens() {
	door := httptest.NewServer(set.Handler(inbox.New(i.store, slog.New(slog.DiscardHandler)), i.issuers))
	i.t.Cleanup(door.Close)
	i.door = door.URL + "/events/"
}

// claims of a token that is good; change makes it another.
func (i *idp) claims(change ...func(map[string]any)) map[string]any {
	c := map[string]any{"iss": i.jwks, "aud": audience, "jti": "jti_1", "iat": time.Now().Unix(),
		"sub_id": map[string]any{"format": "email", "email": "ada@example.com"},
		"events": map[string]any{revoked: map[string]any{"initiating_entity": "policy"}}}
	for _, f := range change {
		f(c)
	}
	return c
}

func with(name string, value any) func(map[string]any) {
	return func(c map[string]any) {
		if value == nil {
			delete(c, name)
		} else {
			c[name] = value
		}
	}
}

// signs makes a token with a key, under a name and a type.
func (i *idp) signs(algorithm jose.SignatureAlgorithm, key any, kid, typ string, claims any) string {
	i.t.Helper()
	payload, err := json.Marshal(claims)
	require.NoError(i.t, err)
	if text, ok := claims.(string); ok {
		payload = []byte(text)
	}
	o := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	if kid != "" {
		o = o.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, o)
	require.NoError(i.t, err)
	signed, err := signer.Sign(payload)
	require.NoError(i.t, err)
	compact, err := signed.CompactSerialize()
	require.NoError(i.t, err)
	return compact
}

// token is signed as it should be.
func (i *idp) sign(claims any) string {
	return i.signs(jose.ES256, i.keys[jose.ES256], "ES256", "secevent+jwt", claims)
}

func (i *idp) push(to, token string, change ...func(http.Header)) (int, string) {
	i.t.Helper()
	r, err := http.NewRequestWithContext(i.t.Context(), http.MethodPost, i.door+to, strings.NewReader(token))
	require.NoError(i.t, err)
	r.Header.Set("Content-Type", "application/secevent+jwt")
	r.Header.Set("Authorization", "Bearer "+i.token)
	for _, f := range change {
		f(r.Header)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(i.t, err)
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	require.NoError(i.t, err)
	return res.StatusCode, strings.TrimSpace(string(said))
}

func (i *idp) house() (rows []audit.Row) {
	i.t.Helper()
	for row, err := range i.store.Events(i.t.Context(), audit.House, 1) {
		require.NoError(i.t, err)
		rows = append(rows, row)
	}
	return rows
}

// unsigned is a token with the algorithm none.
func unsigned(i *idp) string {
	part := func(v any) string {
		b, err := json.Marshal(v)
		require.NoError(i.t, err)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return part(map[string]string{"alg": "none", "typ": "secevent+jwt", "kid": "ES256"}) + "." + part(i.claims()) + "."
}

// Everything that is not to be believed is refused in the words of RFC 8935, is on
// record, and starts nothing.
func TestTokensThatAreNotTaken(t *testing.T) {
	t.Parallel()
	i, now := newIDP(t, severtest.Records(t)), time.Now()
	header := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	for _, c := range []struct {
		name   string
		token  func(*idp) string
		change func(http.Header)
		status int
		err    string
		says   string
	}{
		{"signed by nobody", unsigned, nil, 400, "invalid_key", "not signed with RS256, ES256 or EdDSA"},
		{"signed with what everybody can read", func(i *idp) string {
			public, err := json.Marshal(jose.JSONWebKey{Key: i.keys[jose.RS256].Public()})
			require.NoError(t, err)
			return i.signs(jose.HS256, public, "RS256", "secevent+jwt", i.claims())
		}, nil, 400, "invalid_key", "not signed with RS256, ES256 or EdDSA"},
		{"signed by somebody else", func(i *idp) string {
			other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			require.NoError(t, err)
			return i.signs(jose.ES256, other, "ES256", "secevent+jwt", i.claims())
		}, nil, 400, "authentication_failed", "its signature does not fit"},
		{"changed on its way", func(i *idp) string {
			a, b := strings.Split(i.sign(i.claims()), "."), strings.Split(i.sign(i.claims(with("jti", "jti_2"))), ".")
			return a[0] + "." + b[1] + "." + a[2]
		}, nil, 400, "authentication_failed", "its signature does not fit"},
		{"with a key that nobody knows", func(i *idp) string {
			return i.signs(jose.ES256, i.keys[jose.ES256], "new", "secevent+jwt", i.claims())
		}, nil, 400, "invalid_key", `no key of the issuer has the name "new"`},
		{"with no name of a key", func(i *idp) string { return i.signs(jose.ES256, i.keys[jose.ES256], "", "secevent+jwt", i.claims()) }, nil, 400, "invalid_key", "(kid)"},
		{"with a key for something else", func(i *idp) string {
			return i.signs(jose.EdDSA, i.keys[jose.EdDSA], "RS256", "secevent+jwt", i.claims())
		}, nil, 400, "invalid_key", `the key "RS256" is for RS256, and it is signed with EdDSA`},
		{"another kind of token", func(i *idp) string { return i.signs(jose.ES256, i.keys[jose.ES256], "ES256", "JWT", i.claims()) }, nil, 400, "invalid_request", `its typ is "JWT"`},
		{"of another issuer", func(i *idp) string { return i.sign(i.claims(with("iss", "https://evil.example"))) }, nil, 400, "invalid_issuer", `its issuer is "https://evil.example"`},
		{"for somebody else", func(i *idp) string { return i.sign(i.claims(with("aud", []string{"https://other.example"}))) }, nil, 400, "invalid_audience", "it is not for"},
		{"for nobody", func(i *idp) string { return i.sign(i.claims(with("aud", nil))) }, nil, 400, "invalid_audience", "it is not for"},
		{"without a name", func(i *idp) string { return i.sign(i.claims(with("jti", nil))) }, nil, 400, "invalid_request", "it has no jti"},
		{"with a name that nobody can read", func(i *idp) string { return i.sign(i.claims(with("jti", "a\u202eb"))) }, nil, 400, "invalid_request", "cannot be seen"},
		{"without a time", func(i *idp) string { return i.sign(i.claims(with("iat", nil))) }, nil, 400, "invalid_request", "it has no iat"},
		{"with a time that is none", func(i *idp) string { return i.sign(i.claims(with("iat", "noon"))) }, nil, 400, "invalid_request", "its claims cannot be read"},
		{"from the future", func(i *idp) string { return i.sign(i.claims(with("iat", now.Add(6*time.Minute).Unix()))) }, nil, 400, "invalid_request", "it was issued in the future"},
		{"replayed after two days", func(i *idp) string { return i.sign(i.claims(with("iat", now.Add(-48*time.Hour).Unix()))) }, nil, 400, "invalid_request", "which is longer ago than 24h0m0s"},
		{"expired", func(i *idp) string { return i.sign(i.claims(with("exp", now.Add(-time.Minute).Unix()))) }, nil, 400, "invalid_request", "it has expired"},
		{"not good yet", func(i *idp) string { return i.sign(i.claims(with("nbf", now.Add(time.Hour).Unix()))) }, nil, 400, "invalid_request", "it is not good before"},
		{"no event", func(i *idp) string { return i.sign(i.claims(with("events", map[string]any{}))) }, nil, 400, "invalid_request", "it has 0 events"},
		{"two events", func(i *idp) string {
			return i.sign(i.claims(with("events", map[string]any{revoked: map[string]any{}, revoked + "-too": map[string]any{}})))
		}, nil, 400, "invalid_request", "it has 2 events"},
		{"one event, twice", func(i *idp) string {
			text, err := json.Marshal(i.claims())
			require.NoError(t, err)
			return i.sign(strings.Replace(string(text), `"events":{`, `"events":{"`+revoked+`":{"initiating_entity":"user"},`, 1))
		}, nil, 400, "invalid_request", "duplicate key"},
		{"an event that nobody knows", func(i *idp) string {
			return i.sign(i.claims(with("events", map[string]any{"urn:x": map[string]any{}})))
		}, nil, 400, "invalid_request", "none that Sever knows"},
		{"nobody", func(i *idp) string { return i.sign(i.claims(with("sub_id", nil))) }, nil, 400, "invalid_request", "sub_id is missing"},
		{"somebody of a format that is not configured", func(i *idp) string {
			return i.sign(i.claims(with("sub_id", map[string]any{"format": "opaque", "id": "1"})))
		}, nil, 400, "invalid_request", `a subject of the format "opaque"`},
		{"claims that are no JSON", func(i *idp) string { return i.sign("{") }, nil, 400, "invalid_request", "its claims cannot be read"},
		{"no token", func(*idp) string { return "hello" }, nil, 400, "invalid_request", "it is no signed token"},
		{"nothing", func(*idp) string { return "" }, nil, 400, "invalid_request", "it is no signed token"},
		{"JSON", func(i *idp) string { return `{"payload":"e30","signature":"x","protected":"e30"}` }, nil, 400, "invalid_request", "it is no signed token"},
		{"too large", func(i *idp) string { return i.sign(i.claims(with("x", strings.Repeat("x", 65<<10)))) }, nil, 413, "invalid_request", "at most 65536 bytes are read"},
		{"as another type of content", func(i *idp) string { return i.sign(i.claims()) }, header("Content-Type", "application/jwt"), 400, "invalid_request", "its Content-Type is not"},
		{"without the token of the transmitter", func(i *idp) string { return i.sign(i.claims()) }, header("Authorization", ""), 401, "authentication_failed", "does not show its token"},
		{"with another token", func(i *idp) string { return i.sign(i.claims()) }, header("Authorization", "Bearer x"), 401, "authentication_failed", "does not show its token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i.opens()
			if c.change == nil {
				c.change = func(http.Header) {}
			}
			before := len(i.house())
			status, said := i.push("okta", c.token(i), c.change)
			require.Equal(t, c.status, status, said)
			var p struct {
				Err         string `json:"err"`
				Description string `json:"description"`
			}
			require.NoError(t, json.Unmarshal([]byte(said), &p))
			require.Equal(t, c.err, p.Err, said)
			require.Contains(t, p.Description, c.says)
			rows := i.house()
			require.Len(t, rows, before+1)
			last := rows[before]
			require.Equal(t, []any{audit.DeliveryRejected, "sever", "set/okta", p.Description}, []any{last.Kind, last.Actor, last.Object, last.Words})
			none, err := i.store.Deliveries(t.Context(), store.DeliveryFilter{}, store.Page{})
			require.NoError(t, err)
			require.Empty(t, none)
		})
	}
	t.Run("of an issuer that nobody configured", func(t *testing.T) {
		status, said := i.push("entra", i.sign(i.claims()))
		require.Equal(t, 404, status)
		require.JSONEq(t, `{"err":"invalid_issuer","description":"no issuer of this name is configured"}`, said)
	})
}

func TestATokenIsTakenOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	i := newIDP(t, severtest.Records(t))
	at := time.Now().Unix()
	for _, algorithm := range []jose.SignatureAlgorithm{jose.ES256, jose.ES256, jose.EdDSA, jose.RS256} { // the same, whoever signed it
		status, said := i.push("okta", i.signs(algorithm, i.keys[algorithm], string(algorithm), "secevent+jwt", i.claims(with("iat", at))))
		require.Equal(t, 202, status, said)
		require.Empty(t, said)
	}
	status, said := i.push("okta", i.sign(i.claims(with("sub_id", map[string]any{"format": "email", "email": "eve@example.com"}))))
	require.Equal(t, 400, status)
	require.Contains(t, said, `message \"jti_1\" of okta was another one before`)
	status, _ = i.push("okta", i.sign(i.claims(with("jti", "jti_2"), with("sub_id", nil), with("events", map[string]any{
		"https://schemas.openid.net/secevent/ssf/event-type/verification": map[string]any{"state": "x"}}))))
	require.Equal(t, 202, status)

	all, err := i.store.Deliveries(t.Context(), store.DeliveryFilter{}, store.Page{})
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, []any{"none", "offboard", 3, true}, []any{all[0].Act, all[1].Act, all[1].Repeats, all[1].Urgent})
	var kinds []string
	for _, row := range i.house() {
		kinds = append(kinds, row.Kind+" by "+row.Actor)
		require.NotContains(t, fmt.Sprint(row), "example.com", "who is meant is not written down before she is known")
	}
	require.Equal(t, []string{"delivery.received by set:okta", "delivery.repeated by set:okta", "delivery.rejected by sever", "delivery.received by set:okta"}, kinds)
}

// While the keys cannot be had nothing is believed, and nothing is lost.
func TestWithoutKeysATokenIsToComeAgain(t *testing.T) {
	t.Parallel()
	i := newIDP(t, severtest.Records(t))
	i.away.Store(true)
	status, said := i.push("okta", i.sign(i.claims()))
	require.Equal(t, 503, status)
	require.Contains(t, said, "send it again later")
	require.Empty(t, i.house())
}

func TestIssuersThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	good := config.Vars{"SEVER_EVENTS": "okta", "SEVER_EVENT_OKTA_ISSUER": "https://idp", "SEVER_EVENT_OKTA_JWKS_URL": "https://idp/keys",
		"SEVER_EVENT_OKTA_AUDIENCE": "us", "SEVER_EVENT_OKTA_SUBJECTS": "email=email"}
	issuers, err := set.Open(good)
	require.NoError(t, err)
	require.Len(t, issuers, 1)
	for problem, vars := range map[string]config.Vars{
		"SEVER_EVENT_OKTA_ISSUER is empty":                              {"SEVER_EVENT_OKTA_ISSUER": ""},
		"SEVER_EVENT_OKTA_JWKS_URL: it has to begin with https://":      {"SEVER_EVENT_OKTA_JWKS_URL": "http://idp/keys"},
		"SEVER_EVENT_OKTA_JWKS_URL: it is no URL":                       {"SEVER_EVENT_OKTA_JWKS_URL": "keys"},
		`SEVER_EVENT_OKTA_SUBJECTS: "mail" is no format`:                {"SEVER_EVENT_OKTA_SUBJECTS": "mail=email"},
		`SEVER_EVENT_OKTA_EVENTS: "verification" is no event that asks`: {"SEVER_EVENT_OKTA_EVENTS": "account-disabled, verification"},
		"SEVER_EVENT_OKTA_MAX_AGE: 0s":                                  {"SEVER_EVENT_OKTA_MAX_AGE": "0s"},
		"SEVER_EVENT_OKTA_HOLD: the reason of the hold":                 {"SEVER_EVENT_OKTA_HOLD": "a\nb"},
		"SEVER_EVENT_OKTA_TOKEN: is shorter than 16":                    {"SEVER_EVENT_OKTA_TOKEN": "abc"},
	} {
		_, err := set.Open(good.With(vars))
		require.ErrorContains(t, err, problem)
	}
}
