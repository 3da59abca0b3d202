package endpoint_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/payload"
	"github.com/severhq/sever/internal/payload/endpoint"
)

const (
	token   = "0123456789abcdef0123456789abcdef"
	origin  = "http://localhost:8080"
	content = "words that nobody else may read"
)

func newKeys(t *testing.T) *payload.Keys {
	t.Helper()
	entry, err := payload.NewKey("k")
	require.NoError(t, err)
	k, err := payload.ParseKeys(config.NewSecret(entry))
	require.NoError(t, err)
	return k
}

// site is an endpoint, served, and one encrypted payload.
type site struct {
	*httptest.Server
	now    time.Time
	sealed []*commonpb.Payload
	plain  *commonpb.Payload
	body   []byte
}

func serve(t *testing.T) *site {
	t.Helper()
	keys := newKeys(t)
	s := &site{now: time.Now()}
	h, err := endpoint.New(keys, endpoint.Options{Token: config.NewSecret(token), Origin: origin, Now: func() time.Time { return s.now }})
	require.NoError(t, err)
	s.Server = httptest.NewServer(h)
	t.Cleanup(s.Close)
	s.plain, err = converter.GetDefaultDataConverter().ToPayload(content)
	require.NoError(t, err)
	s.sealed, err = keys.Codec().Encode([]*commonpb.Payload{s.plain})
	require.NoError(t, err)
	s.body, err = protojson.Marshal(&commonpb.Payloads{Payloads: s.sealed})
	require.NoError(t, err)
	return s
}

// ask sends a request, with headers as name, value, name, value.
func (s *site) ask(t *testing.T, method, path string, body []byte, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.Client().Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(b)
}

// Temporal's own client of such endpoints reads what ours answers.
func TestWhoKnowsTheTokenReads(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, path := range []string{"", "/sever"} {
		remote := converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{Endpoint: s.URL + path, ModifyRequest: func(r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+token)
			return nil
		}})
		got, err := remote.Decode(s.sealed)
		require.NoError(t, err)
		require.True(t, proto.Equal(s.plain, got[0]))
		_, err = remote.Encode([]*commonpb.Payload{s.plain})
		require.ErrorContains(t, err, "Not Found", "it never encodes")
	}
}

func TestNobodyElseReads(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"nothing":                {nil, http.StatusUnauthorized},
		"another token":          {[]string{"Authorization", "Bearer " + strings.Repeat("x", 32)}, http.StatusUnauthorized},
		"the token cut":          {[]string{"Authorization", "Bearer " + token[:31]}, http.StatusUnauthorized},
		"an empty token":         {[]string{"Authorization", "Bearer "}, http.StatusUnauthorized},
		"no scheme":              {[]string{"Authorization", token}, http.StatusUnauthorized},
		"another scheme":         {[]string{"Authorization", "Basic " + token}, http.StatusUnauthorized},
		"a cookie of theirs":     {[]string{"Origin", origin, "Cookie", "sever_codec=99999999999.00"}, http.StatusUnauthorized},
		"our origin alone":       {[]string{"Origin", origin}, http.StatusUnauthorized},
		"a page of another site": {[]string{"Origin", "http://evil.example", "Authorization", "Bearer " + token}, http.StatusForbidden},
		"an origin like ours":    {[]string{"Origin", origin + ".evil.example", "Authorization", "Bearer " + token}, http.StatusForbidden},
		"no origin to speak of":  {[]string{"Origin", "null", "Authorization", "Bearer " + token}, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, body := s.ask(t, http.MethodPost, "/decode", s.body, c.headers...)
			require.Equal(t, c.status, answer.StatusCode, body)
			require.NotContains(t, body, token)
			if !strings.HasPrefix(name, "our origin") && !strings.HasPrefix(name, "a cookie") {
				require.Empty(t, answer.Header.Get("Access-Control-Allow-Origin"))
			}
		})
	}
}

func TestABrowserSignsIn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	answer, page := s.ask(t, http.MethodGet, "/", nil)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Contains(t, page, "<form")

	asForm := []string{"Content-Type", "application/x-www-form-urlencoded"}
	answer, page = s.ask(t, http.MethodPost, "/", []byte("token=guess"), asForm...)
	require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
	require.Empty(t, answer.Cookies())
	require.NotContains(t, page, "guess")
	answer, _ = s.ask(t, http.MethodPost, "/", []byte("token="+strings.Repeat("x", 1<<20)), asForm...)
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)

	answer, page = s.ask(t, http.MethodPost, "/", []byte("token="+token), asForm...)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.NotContains(t, page, token)
	require.Len(t, answer.Cookies(), 1)
	c := answer.Cookies()[0]
	require.NotContains(t, c.Value, token)
	require.True(t, c.HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, c.SameSite)

	answer, _ = s.ask(t, http.MethodOptions, "/decode", nil, "Origin", origin, "Access-Control-Request-Method", "POST")
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
	require.Equal(t, origin, answer.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "true", answer.Header.Get("Access-Control-Allow-Credentials"))
	answer, _ = s.ask(t, http.MethodOptions, "/decode", nil, "Origin", "http://evil.example")
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
	require.Empty(t, answer.Header.Get("Access-Control-Allow-Origin"))

	signed := []string{"Cookie", c.Name + "=" + c.Value, "Content-Type", "application/json"}
	answer, body := s.ask(t, http.MethodPost, "/decode", s.body, append(signed, "Origin", origin)...)
	require.Equal(t, http.StatusOK, answer.StatusCode, body)
	require.Equal(t, origin, answer.Header.Get("Access-Control-Allow-Origin"))
	var got commonpb.Payloads
	require.NoError(t, protojson.Unmarshal([]byte(body), &got))
	require.True(t, proto.Equal(s.plain, got.Payloads[0]))

	for name, headers := range map[string][]string{"no origin": signed, "another": append(signed, "Origin", "http://evil.example")} {
		answer, _ = s.ask(t, http.MethodPost, "/decode", s.body, headers...)
		require.NotEqual(t, http.StatusOK, answer.StatusCode, name)
	}
	s.now = s.now.Add(9 * time.Hour)
	answer, _ = s.ask(t, http.MethodPost, "/decode", s.body, append(signed, "Origin", origin)...)
	require.Equal(t, http.StatusUnauthorized, answer.StatusCode, "it is over")
}

func TestWhatCannotBeDecodedIsSaid(t *testing.T) {
	t.Parallel()
	s, other := serve(t), serve(t)
	auth := []string{"Authorization", "Bearer " + token}
	answer, body := s.ask(t, http.MethodPost, "/decode", other.body, auth...)
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
	require.Contains(t, body, `names the key "k" does not decrypt with it`)
	answer, _ = s.ask(t, http.MethodPost, "/decode", []byte("no JSON"), auth...)
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
	answer, _ = s.ask(t, http.MethodPost, "/decode", bytes.Repeat([]byte(" "), 9<<20), auth...)
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
	answer, _ = s.ask(t, http.MethodPost, "/encode", s.body, auth...)
	require.Equal(t, http.StatusNotFound, answer.StatusCode)
	answer, _ = s.ask(t, http.MethodGet, "/decode", nil, auth...)
	require.Equal(t, http.StatusMethodNotAllowed, answer.StatusCode)
}

func TestItDoesNotStartUnguarded(t *testing.T) {
	t.Parallel()
	none, err := payload.ParseKeys(config.Secret{})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		keys   *payload.Keys
		token  string
		origin string
		want   string
	}{
		"no token":      {newKeys(t), "", "", "SEVER_CODEC_TOKEN has 0 characters and needs at least 32"},
		"a short token": {newKeys(t), token[:31], "", "SEVER_CODEC_TOKEN has 31 characters"},
		"no keys":       {none, token, "", "SEVER_PAYLOAD_KEYS is not set"},
		"every origin":  {newKeys(t), token, "*", `SEVER_CODEC_ORIGIN is "*"`},
		"with a path":   {newKeys(t), token, origin + "/", "SEVER_CODEC_ORIGIN"},
		"null":          {newKeys(t), token, "null", "SEVER_CODEC_ORIGIN"},
		"a pattern":     {newKeys(t), token, "https://*.example.com", "SEVER_CODEC_ORIGIN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := endpoint.New(c.keys, endpoint.Options{Token: config.NewSecret(c.token), Origin: c.origin})
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), token[:31])
		})
	}
}
