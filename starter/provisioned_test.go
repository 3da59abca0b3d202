package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk/paper"
)

// directing is a directory that provisions dora, deactivates and deletes her.
func directing(t *testing.T, w *world) {
	w.hire(t, "SCIM-1", "directed_dora", "")
	token := must[madeToken](t, w, nil, exitOK, "tokens", "create", "okta", "--role", "requester").Token
	reader := must[madeToken](t, w, nil, exitOK, "tokens", "create", "reader", "--role", "auditor").Token
	s := serve(t, w.vars)

	status, text := s.fetch(t, token, http.MethodPost, "/scim/v2/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"userName": "dora@example.com", "externalId": "SCIM-1", "name": {"givenName": "Dora", "familyName": "D"}, "active": true}`)
	require.Equal(t, http.StatusCreated, status, text)
	var user struct {
		ID string `json:"id"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &user))
	at := "/scim/v2/Users/" + user.ID
	patch := func(operations string) string {
		return `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [` + operations + `]}`
	}
	gone := patch(`{"op": "Replace", "path": "active", "value": "False"}`)
	status, text = s.fetch(t, reader, http.MethodPatch, at, gone)
	require.Equal(t, http.StatusForbidden, status, text)
	status, text = s.fetch(t, "sever_nothing", http.MethodPatch, at, gone)
	require.Equal(t, http.StatusUnauthorized, status, text)
	status, text = s.fetch(t, reader, http.MethodGet, at, "")
	require.Equal(t, http.StatusOK, status, text)

	for range 3 { // and what is sent again, whatever her case does meanwhile, is nothing new
		status, text = s.fetch(t, token, http.MethodPatch, at, gone)
		require.Equal(t, http.StatusOK, status, text)
	}
	status, text = s.fetch(t, token, http.MethodPatch, at, patch(`{"op": "add", "path": "title", "value": "formerly"}`))
	require.Equal(t, http.StatusOK, status, text)
	ended := w.ends(t, "SCIM-1", 1)
	require.Equal(t, "okta", ended[0].Requester)
	_, there := w.canLogIn(t, "directed_dora")
	require.False(t, there)
	require.Contains(t, w.sever(t, "", "audit", "show", ended[0].Case).out, "okta opened the case for SCIM-1, reason hr")

	status, text = s.fetch(t, token, http.MethodDelete, at, "")
	require.Equal(t, http.StatusNoContent, status, text)
	for method, body := range map[string]string{http.MethodGet: "", http.MethodPatch: gone, http.MethodDelete: ""} {
		status, text = s.fetch(t, token, method, at, body)
		require.Equal(t, http.StatusNotFound, status, text)
	}
	w.ends(t, "SCIM-1", 2) // nothing was made since: the second case found nobody
	require.Contains(t, w.sever(t, "", "roster", "list", "--left").out, "SCIM-1")
	told := w.sever(t, "", "audit", "show", "house").out
	require.Contains(t, told, "okta      said that SCIM-1 is not active any more: the access is to end")
	require.Contains(t, told, "okta      deleted the user of SCIM-1")
}

// ends waits until a principal has had so many cases, and all ended clean.
func (w *world) ends(t *testing.T, who string, cases int) []paper.CaseLine {
	t.Helper()
	var all paper.CaseList
	require.Eventually(t, func() bool {
		a := w.sever(t, "", "cases", "--principal", who, "--json")
		if a.code != exitOK || json.Unmarshal([]byte(a.out), &all) != nil || len(all.Cases) != cases {
			return false
		}
		for _, c := range all.Cases {
			if c.Standing != paper.StandsClean {
				return false
			}
		}
		return true
	}, patience, 50*time.Millisecond, "%+v", &all)
	return all.Cases
}

func TestDirectoriesAreUnderstood(t *testing.T) {
	t.Parallel()
	_, err := provisioned(t.Context(), serving{vars: config.Vars{"SEVER_SCIM_PRINCIPAL": "email"}})
	require.ErrorContains(t, err, `SEVER_SCIM_PRINCIPAL: it is "email": choose externalId, employeeNumber or userName`)
}
