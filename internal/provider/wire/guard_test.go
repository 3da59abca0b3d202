package wire_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider/wire"
)

// setup is a server behind a recorder, and a guard for it.
func setup(t *testing.T, h http.HandlerFunc, o wire.Options) (*wire.Guard, *wire.Recorder, string) {
	t.Helper()
	var next http.Handler
	if h != nil {
		next = h
	}
	server := wire.Record(next)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	prefix := o.Base
	o.Base = web.URL + prefix
	guard, err := wire.New(o)
	require.NoError(t, err)
	t.Cleanup(guard.Close)
	return guard, server, web.URL
}

func send(t *testing.T, g *wire.Guard, method, url, body string) (string, error) {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, r)
	require.NoError(t, err)
	return exchange(g, req)
}

func exchange(g *wire.Guard, req *http.Request) (string, error) {
	resp, err := g.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestWhatIsDeclared(t *testing.T) {
	t.Parallel()
	json := func(b []byte) error {
		if !bytes.HasPrefix(b, []byte("{")) {
			return errors.New("is no object")
		}
		return nil
	}
	allow := []wire.Allow{
		{Method: "GET", Pattern: "/users", Query: []string{"page", "per_page"}},
		{Method: "GET", Pattern: "/users/{name}"},
		{Method: "POST", Pattern: "/users/{name}/reset", Body: json},
		{Method: "PUT", Pattern: "/users/{name}/reset", Needs: []string{"mode"}, Body: wire.AnyBody},
		{Method: "DELETE", Pattern: "/topics/{topic*}"},
		{Method: "GET", Pattern: "/slash/"},
	}
	for _, c := range []struct {
		name, method, uri, body string
		passes                  bool
	}{
		{"a literal", "GET", "/users", "", true},
		{"declared parameters", "GET", "/users?page=1&per_page=2", "", true},
		{"an empty query", "GET", "/users?", "", false},
		{"an empty query with a separator", "GET", "/users?&", "", false},
		{"an undeclared parameter", "GET", "/users?all=1", "", false},
		{"a parameter twice", "GET", "/users?page=1&page=2", "", false},
		{"a query that cannot be read", "GET", "/users?page=1;per_page=2", "", false},
		{"a parameter with a line break", "GET", "/users?page=%0d%0a", "", false},
		{"a needed parameter", "PUT", "/users/ada/reset?mode=x", "", true},
		{"a needed parameter is missing", "PUT", "/users/ada/reset", "", false},
		{"a needed parameter is empty", "PUT", "/users/ada/reset?mode=", "", false},
		{"a query where none is declared", "GET", "/users/ada?x=1", "", false},
		{"another method", "DELETE", "/users/ada", "", false},
		{"a method in small letters", "get", "/users", "", false},
		{"a literal that is escaped", "GET", "/%75sers", "", false},
		{"a literal in capitals", "GET", "/Users", "", false},
		{"a slash at the end", "GET", "/users/", "", false},
		{"a slash at the end, declared", "GET", "/slash/", "", true},
		{"a slash at the end, left out", "GET", "/slash", "", false},
		{"two slashes", "GET", "//users", "", false},
		{"dots", "GET", "/slash/../users", "", false},
		{"longer", "GET", "/users/ada/reset", "", false},
		{"a body that is approved of", "POST", "/users/ada/reset", "{}", true},
		{"a body that is not", "POST", "/users/ada/reset", "[]", false},
		{"no body where one is needed", "POST", "/users/ada/reset", "", false},
		{"a body where none is declared", "GET", "/users", "{}", false},
		{"a body that is too long", "PUT", "/users/ada/reset?mode=x", strings.Repeat("x", 1<<20+1), false},
		{"slashes, declared", "DELETE", "/topics/a%2Fb", "", true},
		{"slashes with dots between them", "DELETE", "/topics/a%2F..%2Fb", "", false},
		{"slashes with nothing between them", "DELETE", "/topics/a%2F%2Fb", "", false},
		{"slashes, not escaped", "DELETE", "/topics/a/b", "", false},
	} {
		for _, prefix := range []string{"", "/api/v1.0", "/api/"} {
			t.Run(c.name+" below "+prefix, func(t *testing.T) {
				t.Parallel()
				guard, server, base := setup(t, nil, wire.Options{Base: prefix, Allow: allow})
				_, err := send(t, guard, c.method, base+strings.TrimSuffix(prefix, "/")+c.uri, c.body)
				if !c.passes {
					require.ErrorIs(t, err, wire.ErrNotDeclared)
					require.Zero(t, server.Count())
					return
				}
				require.NoError(t, err)
				require.Equal(t, []wire.Seen{{Method: c.method, URI: strings.TrimSuffix(prefix, "/") + c.uri, Body: c.body}}, server.Seen())
			})
		}
	}
}

func TestOneHostOnly(t *testing.T) {
	t.Parallel()
	elsewhere := wire.Record(nil)
	other := httptest.NewServer(elsewhere)
	t.Cleanup(other.Close)
	guard, server, base := setup(t, nil, wire.Options{Allow: []wire.Allow{{Method: "GET", Pattern: "/users"}}})
	for name, change := range map[string]func(*http.Request){
		"another host":        func(r *http.Request) { r.URL, _ = url.Parse(other.URL + "/users") },
		"another scheme":      func(r *http.Request) { r.URL.Scheme = "https" },
		"another port":        func(r *http.Request) { r.URL.Host = r.URL.Hostname() + ":1" },
		"another Host header": func(r *http.Request) { r.Host = "evil.example.com" },
		"a user in the URL":   func(r *http.Request) { r.URL.User = url.User("root") },
		"a fragment":          func(r *http.Request) { r.URL.Fragment = "x" },
		"another method by a header": func(r *http.Request) {
			r.Header.Set("x-http-method-override", "DELETE")
		},
		"another path by a header": func(r *http.Request) { r.Header.Set("X-Original-URL", "/dbs") },
		"no URL":                   func(r *http.Request) { r.URL = nil },
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", base+"/users", nil)
		require.NoError(t, err)
		change(req)
		_, err = exchange(guard, req)
		require.ErrorIs(t, err, wire.ErrNotDeclared, name)
	}
	require.Zero(t, server.Count())
	require.Zero(t, elsewhere.Count())
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		guard, server, base := setup(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/users", status)
		}, wire.Options{Allow: []wire.Allow{deleteUser, {Method: "GET", Pattern: "/users"}}})
		_, err := send(t, guard, "GET", base+"/users", "")
		require.ErrorContains(t, err, "not followed")
		req, err := http.NewRequestWithContext(t.Context(), "GET", base+"/users", nil)
		require.NoError(t, err)
		_, err = guard.Client().Do(req)
		require.ErrorContains(t, err, "not followed")
		require.Equal(t, 2, server.Count())
	}
}

func TestLongAnswersAreErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size   int
		zipped bool
		fits   bool
	}{{0, false, true}, {1000, false, true}, {1001, false, false}, {1 << 20, true, false}} {
		guard, _, base := setup(t, func(w http.ResponseWriter, _ *http.Request) {
			body := bytes.Repeat([]byte("x"), c.size)
			if !c.zipped {
				_, _ = w.Write(body)
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(body)
			_ = z.Close()
		}, wire.Options{Allow: []wire.Allow{{Method: "GET", Pattern: "/users"}}, MaxBody: 1000})
		got, err := send(t, guard, "GET", base+"/users", "")
		require.Len(t, got, min(c.size, 1000))
		if c.fits {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, wire.ErrTooLarge)
		}
	}
}

func TestASilentServerIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"before the answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"in the middle of it": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("half"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guard, _, base := setup(t, handler, wire.Options{
				Allow: []wire.Allow{{Method: "GET", Pattern: "/users"}}, Timeout: 50 * time.Millisecond,
			})
			_, err := send(t, guard, "GET", base+"/users", "")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

// echo is a transport that fails with the words it was given.
type echo string

func (e echo) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New(string(e)) }

func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	const secret, token, password = `p@ss "w" & <x>/é`, "dop_v1_0123456789", "basic-password"
	basic := base64.StdEncoding.EncodeToString([]byte("sever:" + password))
	said := strings.Join([]string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), `p@ss \"w\" \u0026 \u003cx\u003e/é`,
		"p@ss &#34;w&#34; &amp; &lt;x&gt;/é", base64.StdEncoding.EncodeToString([]byte(secret)),
		"Bearer " + token, token, basic, password,
	}, " | ")
	guard, err := wire.New(wire.Options{
		Base: "https://api.example.com", Allow: []wire.Allow{deleteUser},
		Secrets: []config.Secret{config.NewSecret(secret), config.NewSecret("")}, Transport: echo(said),
	})
	require.NoError(t, err)
	for _, auth := range []string{"Bearer " + token, "Basic " + basic} {
		req, err := http.NewRequestWithContext(t.Context(), "DELETE", "https://api.example.com/v2/databases/c/users/ada", nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", auth)
		req.Header.Set("X-Auth-Token", token)
		req.Header.Set("X-Api-Key", password)
		_, err = exchange(guard, req)
		require.EqualError(t, err, strings.Repeat("[secret] | ", 6)+strings.Join(scrubbedTail(auth), " | "))
	}
	require.Equal(t, "a [secret] b", guard.Scrub("a "+secret+" b"))
	cause := errors.New("said " + secret)
	require.EqualError(t, guard.Clean(cause), "said [secret]")
	require.ErrorIs(t, guard.Clean(cause), cause)
	require.NoError(t, guard.Clean(nil))
}

// scrubbedTail is what is left of the four last words of the echo.
func scrubbedTail(auth string) []string {
	if strings.HasPrefix(auth, "Bearer") {
		return []string{"[secret]", "[secret]", base64.StdEncoding.EncodeToString([]byte("sever:")) + "[secret]", "[secret]"}
	}
	return []string{"Bearer [secret]", "[secret]", "[secret]", "[secret]"}
}

func TestASecretInTheURLDoesNotLeave(t *testing.T) {
	t.Parallel()
	guard, server, base := setup(t, nil, wire.Options{
		Allow:   []wire.Allow{{Method: "GET", Pattern: "/users/{name}", Query: []string{"token"}}},
		Secrets: []config.Secret{config.NewSecret("sesame/open up")},
	})
	for _, uri := range []string{"/users/sesame%2Fopen%20up", "/users/ada?token=sesame%2Fopen+up"} {
		_, err := send(t, guard, "GET", base+uri, "")
		require.ErrorIs(t, err, wire.ErrNotDeclared)
		require.NotContains(t, err.Error(), "sesame")
	}
	require.Zero(t, server.Count())
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, base := range []string{
		"", "api.example.com", "ftp://api.example.com", "https://", "https://user:secret@api.example.com",
		"https://api.example.com?x=1", "https://api.example.com#x", "https://api.example.com/../x", "://secret",
	} {
		_, err := wire.New(wire.Options{Base: base, Allow: []wire.Allow{deleteUser}})
		require.Error(t, err, base)
		require.NotContains(t, err.Error(), "secret")
	}
	for _, a := range []wire.Allow{
		{Method: "", Pattern: "/x"}, {Method: "CONNECT", Pattern: "/x"}, {Method: "get", Pattern: "/x"},
		{Method: "GET", Pattern: ""}, {Method: "GET", Pattern: "x"}, {Method: "GET", Pattern: "/x//y"},
		{Method: "GET", Pattern: "/../x"}, {Method: "GET", Pattern: "/{"}, {Method: "GET", Pattern: "/a{b}"},
		{Method: "GET", Pattern: "/%2e"}, {Method: "GET", Pattern: "/{a}?x=1"}, {Method: "GET", Pattern: "/*"},
	} {
		_, err := wire.New(wire.Options{Base: "https://api.example.com", Allow: []wire.Allow{a}})
		require.Error(t, err, "%+v", a)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	p, err := wire.Path("v2", "databases", cluster, "users", "a?b#c d%é")
	require.NoError(t, err)
	require.Equal(t, "/v2/databases/"+cluster+"/users/a%3Fb%23c%20d%25%C3%A9", p)
	_, err = wire.Path()
	require.Error(t, err)
	_, err = wire.Path("v2", "", "x")
	require.EqualError(t, err, "segment 2 of the path: it is empty")
}
