package digitalocean

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/provider/digitalocean/simulator"
)

// ask sends a request past the provider.
func ask(t *testing.T, url, token, method, path, body string) (status int, said map[string]any, header http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	if len(raw) > 0 {
		require.NoError(t, json.Unmarshal(raw, &said))
	}
	return resp.StatusCode, said, resp.Header
}

// TestTheSimulatorIsFaithful holds the simulator against what is known of the API,
// by requests that the provider never sends.
func TestTheSimulatorIsFaithful(t *testing.T) {
	t.Parallel()
	f := setup(t, options{}, simulator.Seed()...)
	users := func(engine string) string { return "/v2/databases/" + ids[engine] + "/users" }
	for _, one := range []struct {
		method, path, body string
		status             int
		id                 string
	}{
		{"GET", users(pg) + "/grace.hopper", "", 200, ""},
		{"GET", users(pg) + "/nobody", "", 404, "not_found"},
		{"DELETE", users(pg) + "/grace.hopper", "", 204, ""},
		{"DELETE", users(pg) + "/grace.hopper", "", 404, "not_found"},
		{"DELETE", users(pg) + "/ada.lovelace", "", 412, "precondition_failed"},
		{"POST", users(pg), `{"name":"new"}`, 201, ""},
		{"POST", users(pg), `{"name":"new"}`, 422, "unprocessable_entity"},
		{"POST", users("valkey"), `{"name":"new"}`, 500, "server_error"},
		{"GET", users("valkey"), "", 500, "server_error"},
		{"PUT", users(mongodb) + "/ada.lovelace", `{"settings":{"mongo_user_settings":{"databases":["prices"]}}}`, 501, "Not Implemented"},
		{"PUT", users(pg) + "/ada.lovelace", `{"settings":{}}`, 201, ""},
		{"GET", "/v2/databases/" + ids[pg] + "/dbs", "", 200, ""},
		{"GET", "/v2/databases/" + ids[pg] + "/pools/shop", "", 200, ""},
		{"POST", "/v2/databases/" + ids[pg] + "/pools", `{"name":"x","mode":"session","size":1,"db":"shop"}`, 422, "unprocessable_entity"},
		{"GET", "/v2/databases/00000000-0000-4000-8000-000000000000", "", 404, "not_found"},
	} {
		status, said, header := ask(t, f.url, simulator.DefaultToken, one.method, one.path, one.body)
		require.Equal(t, one.status, status, "%s %s %v", one.method, one.path, said)
		if one.id != "" {
			require.Equal(t, one.id, said["id"])
			require.NotEmpty(t, said["message"])
			require.Equal(t, header.Get("X-Request-ID"), said["request_id"])
		}
		require.NotEmpty(t, header.Get("Ratelimit-Remaining"))
	}
	require.False(t, f.sim.World()[1].Users[0].Replication)
	for _, c := range f.sim.World() {
		for _, u := range c.Users {
			require.False(t, u.Replication, "a PUT on pg without it takes replication away")
		}
	}
	status, said, _ := ask(t, f.url, "dop_v1_somebody", "GET", "/v2/databases", "")
	require.Equal(t, 401, status)
	require.Equal(t, "Unable to authenticate you.", said["message"])
}

// TestTheSimulatorRaisesTheAlarm: what may never be sent is not overlooked.
func TestTheSimulatorRaisesTheAlarm(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{}).Plant(simulator.Seed()...)
	web := httptest.NewServer(sim)
	t.Cleanup(web.Close)
	world := sim.World()
	at := "/v2/databases/" + ids[pg]
	for n, one := range []struct{ method, path, body string }{
		{"DELETE", at, ""},
		{"DELETE", at + "/", ""},
		{"DELETE", at + "/dbs/shop", ""},
		{"DELETE", at + "/users/", ""},
		{"DELETE", at + "/users/doadmin", ""},
		{"DELETE", "/v2/databases/" + ids[mongodb] + "/users/do-readonly", ""},
		{"PUT", at + "/firewall", `{"rules":[]}`},
	} {
		status, _, _ := ask(t, web.URL, simulator.DefaultToken, one.method, one.path, one.body)
		require.GreaterOrEqual(t, status, 400)
		require.Len(t, sim.Alarms(), n+1, "%s %s", one.method, one.path)
	}
	require.Equal(t, world, sim.World())
	status, _, _ := ask(t, web.URL, simulator.DefaultToken, "PUT", "/v2/databases/"+ids[kafka]+"/users/ada.lovelace", `{"settings":{"acl":[]}}`)
	require.Equal(t, 201, status)
	require.Len(t, sim.Alarms(), 8, "an empty list of rules")
}
