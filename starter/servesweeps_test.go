package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/store"
)

// sweepingFromAfar does over HTTP what the commands about sweeps do.
func sweepingFromAfar(t *testing.T, w *world) {
	olaf := must[madeToken](t, w, nil, exitOK, "tokens", "create", "olaf", "--role", "operator").Token
	audrey := must[madeToken](t, w, nil, exitOK, "tokens", "create", "audrey", "--role", "auditor").Token
	s := serve(t, w.vars)
	ask := func(token, method, path, body string, status int, into any) string {
		t.Helper()
		got, text := s.fetch(t, token, method, path, body)
		require.Equal(t, status, got, text)
		if into != nil {
			require.NoError(t, json.Unmarshal([]byte(text), into))
		}
		return text
	}
	ask(audrey, http.MethodPost, "/v1/sweeps", `{"name": "afar", "rule": "unissued"}`, http.StatusForbidden, nil)
	for body, says := range map[string]string{
		`{"name": "afar", "rule": "whims"}`:                                "the rule: ",
		`{"name": "afar", "rule": "entitlements:people.csv"}`:              "names a file, which is not here",
		`{"name": "afar", "rule": "unissued", "every": "often"}`:           `every \"often\" is no length of time`,
		`{"name": "afar", "rule": "unissued", "connections": ["pg-mian"]}`: `there is no connection \"pg-mian\"`,
		`{"name": "afar", "rule": "entitlements", "entitlements": "x"}`:    "entitlements",
	} {
		require.Contains(t, ask(olaf, http.MethodPost, "/v1/sweeps", body, http.StatusUnprocessableEntity, nil), says)
	}
	require.Contains(t, ask(olaf, http.MethodPost, "/v1/sweeps", `{"name": "afar", "rule": "left", "mode": "enforce"}`, http.StatusForbidden, nil), "requester")

	var made sweepLine
	ask(olaf, http.MethodPost, "/v1/sweeps", `{"name": "afar", "rule": "unissued", "connections": ["pg-main"]}`, http.StatusOK, &made)
	require.Equal(t, []string{"pg-main"}, made.Connections)
	require.Equal(t, "olaf", made.CreatedBy)
	ask(olaf, http.MethodPost, "/v1/sweeps", `{"name": "afar", "rule": "unissued"}`, http.StatusConflict, nil)
	var asked sweepAsked
	ask(olaf, http.MethodPost, "/v1/sweeps/afar/run", "", http.StatusOK, &asked)
	require.Equal(t, sweepAsked{Sweep: "afar"}, asked)
	var page findingPage
	require.Eventually(t, func() bool {
		var all sweepList
		ask(audrey, http.MethodGet, "/v1/sweeps", "", http.StatusOK, &all)
		for _, l := range all.Sweeps {
			if l.Sweep == "afar" && l.Last != nil && l.Last.Result == store.SweepComplete {
				return true
			}
		}
		return false
	}, patience, 50*time.Millisecond)
	ask(audrey, http.MethodGet, "/v1/sweeps/afar/findings?limit=1", "", http.StatusOK, &page)
	require.Len(t, page.Findings, 1)
	require.NotEmpty(t, page.Next, "more than one account is nobody's")
	first := page.Findings[0]
	ask(audrey, http.MethodGet, "/v1/sweeps/afar/findings?limit=1&cursor="+page.Next, "", http.StatusOK, &page)
	require.NotEqual(t, first, page.Findings[0])
	ask(olaf, http.MethodPost, "/v1/sweeps/afar/pause", `{"reason": "audit week"}`, http.StatusOK, nil)
	ask(audrey, http.MethodGet, "/v1/roster/status", "", http.StatusOK, nil)
	ask(audrey, http.MethodGet, "/v1/notices", "", http.StatusOK, nil)
	var ruled sweepRuled
	ask(olaf, http.MethodPost, "/v1/sweeps/afar/delete", `{}`, http.StatusOK, &ruled)
	require.Equal(t, sweepRuled{"afar", "delete", "olaf"}, ruled)
	ask(olaf, http.MethodPost, "/v1/sweeps/afar/run", "", http.StatusNotFound, nil)
}
