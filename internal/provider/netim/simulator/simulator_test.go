package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/provider/netim/simulator"
)

// panel is somebody who speaks to the API by hand.
type panel struct {
	*testing.T
	url, token string
}

func setup(t *testing.T, switches simulator.Switches) (*simulator.Server, *panel) {
	t.Helper()
	s := simulator.New(simulator.Options{Switches: switches}).Plant(simulator.Seed()...)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	p := &panel{t, web.URL, ""}
	status, body := p.send("POST", "/1.0/session/", "", func(r *http.Request) {
		r.SetBasicAuth("NETIM", "mysecret")
		r.Header.Set("Accept-Language", "EN")
	})
	require.Equal(t, 200, status, body)
	var opened map[string]string
	require.NoError(t, json.Unmarshal([]byte(body), &opened))
	p.token = opened["access_token"]
	require.Len(t, p.token, 32)
	return s, p
}

func (p *panel) send(method, path, body string, change ...func(*http.Request)) (int, string) {
	p.Helper()
	req, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	require.NoError(p, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.token)
	for _, f := range change {
		f(req)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(p, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(p, err)
	return resp.StatusCode, string(b)
}

func TestTheDoorway(t *testing.T) {
	t.Parallel()
	_, p := setup(t, simulator.Switches{})
	for name, c := range map[string]struct {
		method, path, body string
		change             func(*http.Request)
		status             int
	}{
		"a slash more":           {"GET", "/1.0//webhosting/NW1024/", "{}", nil, 200},
		"a slash less":           {"GET", "/1.0/webhosting/NW1024", "[]", nil, 200},
		"no body at all":         {"GET", "/1.0/session", "", nil, 200},
		"a comma too many":       {"GET", "/1.0/session/", `{"a":1,}`, nil, 400},
		"no content type":        {"GET", "/1.0/session/", "{}", func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
		"no token":               {"GET", "/1.0/session/", "{}", func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"another token":          {"GET", "/1.0/session/", "{}", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401},
		"another version":        {"GET", "/2.0/session/", "{}", nil, 404},
		"nowhere":                {"GET", "/1.0/nowhere/", "{}", nil, 404},
		"another hosting":        {"GET", "/1.0/webhosting/NW9/", "{}", nil, 404},
		"a login with a body":    {"POST", "/1.0/session/", "{}", login("mysecret", "EN"), 400},
		"a login without words":  {"POST", "/1.0/session/", "", login("mysecret", ""), 406},
		"a login with a space":   {"POST", "/1.0/session/", "", login(" mysecret", "EN"), 401},
		"an action without name": {"PATCH", "/1.0/webhosting/NW1024/database/", `{"params":{"dbName":"NW1024_shop","username":"NW1024_ada"}}`, nil, 400},
		"a name without prefix":  {"PATCH", "/1.0/webhosting/NW1024/database/", `{"action":"UnlinkUser","params":{"dbName":"shop","username":"ada"}}`, nil, 400},
		"a right that is none":   {"POST", "/1.0/webhosting/NW1024/database-user/", `{"username":"NW1024_x","password":"p","internalAccess":"ALL","externalAccess":"NO"}`, nil, 400},
		"nobody":                 {"DELETE", "/1.0/webhosting/NW1024/database-user/", "", nil, 400},
		"an unknown operation":   {"GET", "/1.0/operation/1", "{}", nil, 404},
	} {
		change := c.change
		if change == nil {
			change = func(*http.Request) {}
		}
		status, body := p.send(c.method, c.path, c.body, change)
		require.Equal(t, c.status, status, "%s: %s", name, body)
		if status >= 400 {
			require.Contains(t, body, `"message"`, name)
		}
	}
}

func login(secret, lang string) func(*http.Request) {
	return func(r *http.Request) {
		r.SetBasicAuth("NETIM", secret)
		r.Header.Set("Accept-Language", lang)
	}
}

func TestDeadlyNeighbours(t *testing.T) {
	t.Parallel()
	s, p := setup(t, simulator.Switches{Untargeted: simulator.UntargetedDeletesAll})
	p.send("DELETE", "/1.0/webhosting/NW1024/database/", `{"dbName":"NW1024_shop"}`)
	require.NotContains(t, s.World()[0].Databases, "NW1024_shop")
	p.send("DELETE", "/1.0/webhosting/NW1024/database-user/", "")
	require.Empty(t, s.World()[0].Users)
	p.send("DELETE", "/1.0/webhosting/NW1024", `{"typeDelete":"NOW"}`)
	require.Len(t, s.World(), 1)
	require.Len(t, s.Orders(), 3)
}

func TestSessionsAndOperations(t *testing.T) {
	t.Parallel()
	s, p := setup(t, simulator.Switches{})
	p.send("PATCH", "/1.0/session/", `{"type":"sync","value":"0"}`)
	_, body := p.send("PATCH", "/1.0/webhosting/NW1024/database/", `{"action":"UnlinkUser","params":{"dbName":"NW1024_shop","username":"NW1024_ada"}}`)
	var o struct {
		ID     int    `json:"ID_OPE"` //nolint:tagliatelle // as Netim writes it
		Status string `json:"STATUS"` //nolint:tagliatelle // as Netim writes it
	}
	require.NoError(t, json.Unmarshal([]byte(body), &o))
	require.Equal(t, "Pending", o.Status, "an asynchronous session queues")
	_, body = p.send("GET", "/1.0/operations/pending/", "{}")
	require.Contains(t, body, "NW1024_ada")
	require.Equal(t, 1, s.Settle())
	_, body = p.send("GET", "/1.0/operations/pending/", "{}")
	require.Equal(t, "[]", body)

	_, body = p.send("GET", "/1.0/webhosting/get-id/shop.example.com", "{}")
	require.Equal(t, `"NW1024"`, body, "a text, and no object")
	p.send("PATCH", "/1.0/session/", `{"type":"lang","value":"FR"}`)
	_, body = p.send("GET", "/1.0/webhosting/NW9", "{}")
	require.Contains(t, body, "inconnu")
	status, _ := p.send("DELETE", "/1.0/session/", "{}")
	require.Equal(t, 200, status)
	status, _ = p.send("DELETE", "/1.0/session/", "{}")
	require.Equal(t, 401, status)
}
