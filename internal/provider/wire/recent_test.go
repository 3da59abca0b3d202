package wire_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/provider/wire"
)

// What no setting holds is a secret all the same: the token of a session, and a password
// that was made for an account.
func TestWhatWasSentIsScrubbed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		header, value, body string
		secret              string
	}{
		"a token":            {"X-Auth-Token", "token-of-a-session", `{}`, "token-of-a-session"},
		"a bearer":           {"Authorization", "Bearer token-of-a-session", `{}`, "token-of-a-session"},
		"basic":              {"Authorization", "Basic dXNlcjpwYXNzd29yZC1vZi1vdXJz", `{}`, "password-of-ours"},
		"JSON":               {"", "", `{"user":{"password": "made-for-an-account"}}`, "made-for-an-account"},
		"JSON with escapes":  {"", "", `{"user":{"password":"made \"for\" a\u0026b account"}}`, `made "for" a&b account`},
		"XML":                {"", "", `<set><password>made&lt;for&amp;an account</password></set>`, "made<for&an account"},
		"from the last time": {"X-Auth-Token", "token-of-a-session", `{}`, "token-of-a-session"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := wire.New(wire.Options{Base: server.URL, Allow: []wire.Allow{{Method: http.MethodPost, Pattern: "/x", Body: wire.AnyBody}}})
			require.NoError(t, err)
			t.Cleanup(g.Close)
			said := "before " + c.secret + " behind"
			require.Equal(t, said, g.Scrub(said), "nothing was sent")
			send := func(header, value, body string) {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/x", strings.NewReader(body))
				require.NoError(t, err)
				if header != "" {
					r.Header.Set(header, value)
				}
				answer, err := g.RoundTrip(r)
				require.NoError(t, err)
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
			send(c.header, c.value, c.body)
			require.Equal(t, "before [secret] behind", g.Scrub(said))
			require.NotContains(t, g.Scrub(fmt.Sprintf("%q", said)), "made")
			send("X-Auth-Token", "another-token", "{}")
			require.Equal(t, "before [secret] behind", g.Scrub(said), "also after the next one")
		})
	}
}
