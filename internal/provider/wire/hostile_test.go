package wire_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/wire"
)

const cluster = "9cc10173-e9ea-4176-9dbc-a4cee4c4ff30"

// deleteUser is the declaration that the names are thrown at. The cluster and a
// database are its neighbours, and nobody declared those.
var deleteUser = wire.Allow{Method: "DELETE", Pattern: "/v2/databases/{cluster}/users/{name}"}

// hostile are names, and whether one may be sent when it is escaped properly.
var hostile = map[string]bool{
	"":                          false,
	".":                         false,
	"..":                        false,
	" ":                         false,
	" ..":                       false,
	"..;":                       false,
	"..;x=y":                    false,
	"a/b":                       false,
	`a\b`:                       false,
	"/":                         false,
	"../dbs/defaultdb":          false,
	"../..":                     false,
	`..\..`:                     false,
	"../../" + cluster:          false,
	"%2e%2e":                    false,
	"%2E.":                      false,
	"%2F":                       false,
	"a%2fb":                     false,
	"a%5cb":                     false,
	"%252e":                     false,
	"%252e%252e":                false,
	"%25252e":                   false,
	"%252F..":                   false,
	"%c0%ae%c0%ae":              false,
	"a%00":                      false,
	"a%0d%0aHost: evil":         false,
	"a\x00":                     false,
	"a\r\nX-Evil: 1":            false,
	"a\n":                       false,
	"a\tb":                      false,
	"a\x7f":                     false,
	"a\u0085b":                  false,
	"a\u2028b":                  false,
	"a\u202eb":                  false,
	"a\u200bb":                  false,
	"\xff\xfe":                  false,
	strings.Repeat("a", 64<<10): false,

	"ada":                       true,
	"Ada Lovelace":              true,
	"a?":                        true,
	"a?&":                       true,
	"a?x":                       true,
	"a?x=1&y=2":                 true,
	"a#f":                       true,
	"o'brien":                   true,
	`the "countess"`:            true,
	"a&b":                       true,
	"<b>":                       true,
	"a+b":                       true,
	"a;b":                       true,
	"a:b@c,d=e$":                true,
	"%":                         true,
	"ada@%":                     true,
	"100%zz":                    true,
	"...":                       true,
	"..a":                       true,
	"日本語":                       true,
	"zoë":                       true,
	strings.Repeat("a", 255):    true,
	"users":                     true,
	"DROP TABLE users; --":      true,
	"$(rm)`id`${HOME}{{.Name}}": true,
}

// writers are the ways in which a careful and a careless programmer put a name
// into a URL.
var writers = map[string]func(base *url.URL, name string) (*url.URL, error){
	"escaped": func(base *url.URL, name string) (*url.URL, error) {
		return url.Parse(base.String() + "/v2/databases/" + cluster + "/users/" + url.PathEscape(name))
	},
	"checked and escaped": func(base *url.URL, name string) (*url.URL, error) {
		p, err := wire.Path("v2", "databases", cluster, "users", name)
		if err != nil {
			return nil, err
		}
		return url.Parse(base.String() + p)
	},
	"put together": func(base *url.URL, name string) (*url.URL, error) {
		return url.Parse(base.String() + "/v2/databases/" + cluster + "/users/" + name)
	},
	"resolved against the base": func(base *url.URL, name string) (*url.URL, error) {
		return base.Parse("/v2/databases/" + cluster + "/users/" + name)
	},
	"joined": func(base *url.URL, name string) (*url.URL, error) {
		return base.JoinPath("v2", "databases", cluster, "users", name), nil
	},
	"as a path": func(base *url.URL, name string) (*url.URL, error) {
		u := *base
		u.Path = "/v2/databases/" + cluster + "/users/" + name
		return &u, nil
	},
	"opaque": func(base *url.URL, name string) (*url.URL, error) {
		u := *base
		u.Opaque = "/v2/databases/" + cluster + "/users/" + name
		return &u, nil
	},
}

// users reports whether a request stays below the users of the cluster, however
// often a server unescapes its path and whatever it makes of dots, backslashes and
// semicolons.
func users(uri string) bool {
	raw, _, asked := strings.Cut(uri, "?")
	if asked {
		return false
	}
	for range 4 {
		clean := path.Clean(strings.ReplaceAll(raw, `\`, "/"))
		segments := strings.Split(clean, "/")
		if len(segments) != 6 || !strings.HasPrefix(clean, "/v2/databases/"+cluster+"/users/") || segments[5] == "" {
			return false
		}
		more, err := url.PathUnescape(raw)
		if err != nil {
			return true
		}
		raw = more
	}
	return true
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	server := wire.Record(nil)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	guard, err := wire.New(wire.Options{Base: web.URL, Allow: []wire.Allow{deleteUser}})
	require.NoError(t, err)
	t.Cleanup(guard.Close)
	base, err := url.Parse(web.URL)
	require.NoError(t, err)

	for way, write := range writers {
		for name, fine := range hostile {
			before := server.Count()
			u, err := write(base, name)
			if err == nil {
				var resp *http.Response
				resp, err = guard.RoundTrip(&http.Request{Method: "DELETE", URL: u, Header: http.Header{}})
				if err == nil {
					require.NoError(t, resp.Body.Close())
				}
			}
			arrived := server.Seen()[before:]
			careful := strings.Contains(way, "escaped")
			switch {
			case fine && careful:
				require.NoError(t, err, "%s: %q", way, name)
				require.Len(t, arrived, 1)
				last := arrived[0].URI[strings.LastIndex(arrived[0].URI, "/")+1:]
				got, err := url.PathUnescape(last)
				require.NoError(t, err)
				require.Equal(t, name, got)
			case err != nil:
				require.Empty(t, arrived, "%s: %q was refused and has left", way, name)
				require.Less(t, len(err.Error()), 70<<10)
			default:
				require.Len(t, arrived, 1)
			}
			if !fine {
				require.Error(t, err, "%s: %q", way, name)
			}
			for _, r := range arrived {
				require.True(t, users(r.URI), "%s: %q left as %s", way, name, r.URI)
			}
		}
	}
}

func TestARefusalIsAnOutcome(t *testing.T) {
	t.Parallel()
	server := wire.Record(nil)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	guard, err := wire.New(wire.Options{Base: web.URL, Allow: []wire.Allow{deleteUser}})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), "DELETE", web.URL+"/v2/databases/"+cluster, nil)
	require.NoError(t, err)
	_, err = guard.Client().Do(req)
	require.ErrorIs(t, err, wire.ErrNotDeclared)
	require.Equal(t, provider.Rejected, provider.KindOf(err))
	require.Zero(t, server.Count())
}

// sink is a transport that sends nothing.
type sink struct{ sent []string }

func (s *sink) RoundTrip(req *http.Request) (*http.Response, error) {
	s.sent = append(s.sent, req.URL.RequestURI())
	return nil, errors.New("sent")
}

func FuzzNothingLeavesThatIsNotDeclared(f *testing.F) {
	for name := range hostile {
		f.Add(name)
	}
	base := &url.URL{Scheme: "https", Host: "api.example.com"}
	f.Fuzz(func(t *testing.T, name string) {
		for way, write := range writers {
			u, err := write(base, name)
			if err != nil {
				continue
			}
			s := &sink{}
			guard, err := wire.New(wire.Options{Base: base.String(), Allow: []wire.Allow{deleteUser}, Transport: s})
			if err != nil {
				t.Fatal(err)
			}
			_, err = guard.RoundTrip(&http.Request{Method: "DELETE", URL: u, Header: http.Header{}})
			if err == nil {
				t.Fatal("the sink answers nothing")
			}
			for _, uri := range s.sent {
				if !users(uri) {
					t.Errorf("%s: %q left as %s", way, name, uri)
				}
			}
			if strings.Contains(way, "escaped") && (wire.Segment(name) == nil) != (len(s.sent) == 1) {
				t.Errorf("%s: %q: Segment and the guard disagree", way, name)
			}
		}
	})
}
