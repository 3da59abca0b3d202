package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/provider/trove/simulator"
)

// caller speaks to a simulator by hand, as somebody with a token.
type caller struct {
	*testing.T
	*simulator.Server
	base, token string
}

func dial(t *testing.T, o simulator.Options) *caller {
	t.Helper()
	s := simulator.New(o)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	o = s.Options()
	c := &caller{t, s, web.URL + "/RegionOne/v1.0/" + o.Project, ""}
	body := `{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"` + o.ApplicationID + `","secret":"` + o.ApplicationToken + `"}}}}`
	resp, err := http.Post(web.URL+"/identity/v3/auth/tokens", "application/json", strings.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	c.token = resp.Header.Get("X-Subject-Token")
	s.Plant(simulator.Instance{ID: "i1"},
		simulator.Account{Name: "bob", Host: "192.168.1.12", Password: "x", Databases: []string{"app", "crm"}},
		simulator.Account{Name: "alice", Host: "%", Password: "x", Databases: []string{"app"}},
		simulator.Account{Name: "foo.json", Host: "%", Password: "x"},
		simulator.Account{Name: "pct%41", Host: "%", Password: "x"},
		simulator.Account{Name: "sp ace", Host: "::1", Password: "x"},
		simulator.Account{Name: "a@b", Host: "%", Password: "x"},
	)
	return c
}

// heard is an answer.
type heard struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

func (c *caller) do(method, uri, body string) heard {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, c.base+uri, strings.NewReader(body))
	require.NoError(c, err)
	req.Header.Set("X-Auth-Token", c.token)
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(c, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(c, err)
	var decoded map[string]any
	_ = json.Unmarshal(raw, &decoded)
	return heard{resp.StatusCode, resp.Header, decoded, string(raw)}
}

// The names of the reference's table, as they were answered on a running Trove.
func TestNamesInPaths(t *testing.T) {
	t.Parallel()
	c := dial(t, simulator.Options{})
	for _, x := range []struct {
		method, uri string
		status      int
		words       string
	}{
		{"GET", "/instances/i1/users/bob%2540192%252E168%252E1%252E12", 200, `"host":"192.168.1.12"`},
		{"GET", "/instances/i1/users/alice%2540%2525", 200, `"name":"alice"`},
		{"GET", "/instances/i1/users/foo%252Ejson%2540%2525", 200, `"name":"foo.json"`},
		{"GET", "/instances/i1/users/a%2540b%2540%2525", 200, `"name":"a@b"`},
		{"GET", "/instances/i1/users/pct%252541%2540%2525", 200, `"name":"pct%41"`},
		{"GET", "/instances/i1/users/sp%2520ace%2540%253A%253A1", 200, `"name":"sp ace"`},
		{"GET", "/instances/i1/users/alice", 200, `"host":"%"`},
		{"GET", "/instances/i1/users/bob", 404, "User bob cannot be found"},
		{"DELETE", "/instances/i1/users/bob", 404, "User bob cannot be found"},
		{"GET", "/instances/i1/users/foo.json", 404, "User foo cannot"},
		{"GET", "/instances/i1/users/foo%2Ejson", 404, "User foo cannot"},
		{"GET", "/instances/i1/users/a@b", 400, "not a valid hostname"},
		{"GET", "/instances/i1/users/pct%41", 404, "User pctA cannot"},
		{"DELETE", "/instances/i1/users/alice/databases/a.b", 404, "User alice.b cannot"},
		{"DELETE", "/instances/i1/users/alice%2540%2525/databases/crm", 404, "Database crm cannot be found"},
		{"DELETE", "/instances/i1/users/nobody%2540%2525", 404, "User nobody cannot"},
		{"DELETE", "/instances/i1/users/os_admin%2540%2525", 400, "is on the reserved list: ['os_admin', 'root']"},
		{"DELETE", "/instances/i1/users/bob%2540192%252E168%252E1%252E12/databases/app", 202, ""},
		{"DELETE", "/instances/i1/users/alice%2540%2525", 202, ""},
		{"GET", "/instances/i1/users/alice%2540%2525", 404, "User alice cannot"},
		{"GET", "/instances/none", 404, "Resource ID cannot be found."},
		{"GET", "/instances/none/users", 404, "Resource ID cannot be found."},
		{"PATCH", "/instances/i1", 404, "itemNotFound"},
		{"DELETE", "/instances/i1/users", 404, "itemNotFound"},
	} {
		got := c.do(x.method, x.uri, "")
		require.Equal(t, x.status, got.status, "%s %s: %s", x.method, x.uri, got.text)
		require.Contains(t, got.text, x.words, "%s %s", x.method, x.uri)
	}
	account, _ := c.Account("i1", "bob", "192.168.1.12")
	require.Equal(t, []string{"crm"}, account.Databases)
}

// The link is https, and its marker is escaped once too often: followed as it stands
// it does not lead to the next page.
func TestLinks(t *testing.T) {
	t.Parallel()
	c := dial(t, simulator.Options{Switches: simulator.Switches{PageSize: 1}})
	first := c.do("GET", "/instances/i1/users?limit=20", "")
	require.Equal(t, 200, first.status)
	link := first.body["links"].([]any)[0].(map[string]any)
	require.Equal(t, "next", link["rel"])
	href := link["href"].(string)
	require.True(t, strings.HasPrefix(href, "https://"), href)
	_, query, _ := strings.Cut(href, "?")
	require.Equal(t, "limit=1&marker=a%2540b%2540%2525", query)
	again := c.do("GET", "/instances/i1/users?"+query, "")
	require.Equal(t, first.body["users"], again.body["users"], "the same page comes again")
	next := c.do("GET", "/instances/i1/users?limit=1&marker=a%40b%40%25", "")
	require.Len(t, next.body["users"], 1)
	require.NotEqual(t, first.body["users"], next.body["users"])
	require.NotContains(t, c.do("GET", "/instances/i1/users?limit=1&marker=sp+aca", "").body, "links")

	none := c.do("GET", "/instances/i1/users?limit=0", "")
	require.Equal(t, 200, none.status)
	require.Empty(t, none.body["users"])
	for _, uri := range []string{"/instances/i1/users?limit=x", "/instances?limit=0", "/instances?limit=-1", "/instances?limit=x"} {
		got := c.do("GET", uri, "")
		require.Equal(t, 500, got.status, uri)
		require.Contains(t, got.body, "instanceFault")
	}
}

// message is what a fault of that name says.
func (h heard) message(name string) any {
	fault, _ := h.body[name].(map[string]any)
	return fault["message"]
}

func TestErrorShapes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	c := dial(t, simulator.Options{Now: func() time.Time { return now }, PerMinute: 9})

	got := c.do("PUT", "/instances/i1/users", `{"users":[{"name":"alice","host":"%","password":"new"}]}`)
	require.Equal(t, 202, got.status)
	require.Empty(t, got.text)
	require.Equal(t, "application/json", got.header.Get("Content-Type"))
	require.Equal(t, "0", got.header.Get("Content-Length"))
	require.True(t, c.Login("i1", "alice", "%", "new"))

	got = c.do("PUT", "/instances/i1/users", "{")
	require.Equal(t, 400, got.status)
	require.Equal(t, "400 Bad Request", got.body["code"], "a text, not a number")
	require.Equal(t, 415, c.do("PUT", "/instances/i1/users", "").status)

	c.Change("i1", func(i *simulator.Instance) { i.State = "building" })
	got = c.do("GET", "/instances/i1/users", "")
	require.Equal(t, 422, got.status)
	require.Contains(t, got.message("unprocessableEntity"), "is not ready, status: building.")
	c.Change("i1", func(i *simulator.Instance) { i.State, i.GuestDown = "running", true })
	got = c.do("GET", "/instances/i1/users", "")
	require.Equal(t, 400, got.status)
	require.Contains(t, got.message("badRequest"), "An error occurred communicating with the guest:")
	c.Change("i1", func(i *simulator.Instance) { i.Datastore = "redis" })
	got = c.do("GET", "/instances/i1/users", "")
	require.Equal(t, "Operation not supported for datastore redis.", got.message("unprocessableEntity"))

	for got.status != 413 {
		got = c.do("GET", "/instances", "")
	}
	require.NotEmpty(t, got.header.Get("Retry-After"))
	require.Contains(t, got.text, "Only 9 GET request(s) can be made to * every minute.")

	token := c.token
	c.token = "gone"
	got = c.do("GET", "/instances", "")
	require.Equal(t, 401, got.status)
	require.Contains(t, got.header.Get("Www-Authenticate"), "Keystone uri=")
	require.Equal(t, "The request you have made requires authentication.", got.message("error"))
	c.token, c.base = token, strings.Replace(c.base, "/v1.0/", "/v1.0/other", 1)
	got = c.do("DELETE", "/instances/i1/users/alice%2540%2525", "")
	require.Equal(t, 403, got.status)
	require.Equal(t, "403 Forbidden", got.body["code"])
	_, there := c.Account("i1", "alice", "%")
	require.True(t, there)
}

// Orders wait, run late, or come to nothing.
func TestCasts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	c := dial(t, simulator.Options{Now: func() time.Time { return now }, CastDelay: time.Minute})
	alice := "/instances/i1/users/alice%2540%2525"
	c.LoseCasts(1)
	for range 2 {
		require.Equal(t, 202, c.do("DELETE", alice, "").status)
		require.Equal(t, 200, c.do("GET", alice, "").status)
	}
	now = now.Add(time.Minute)
	require.Equal(t, 404, c.do("GET", alice, "").status)
	require.Zero(t, c.Settle())
}
