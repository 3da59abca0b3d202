package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
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

// comingBack is somebody whom the directory has again before her case has removed
// anything: it is held, and a person says how it ends.
func comingBack(t *testing.T, w *world) {
	w.hire(t, "SCIM-2", "returned_rita", "")
	token := must[madeToken](t, w, nil, exitOK, "tokens", "create", "entra", "--role", "requester").Token
	s := serve(t, w.vars)
	status, text := s.fetch(t, token, http.MethodPost, "/scim/v2/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"userName": "rita@example.com", "externalId": "SCIM-2"}`)
	require.Equal(t, http.StatusCreated, status, text)
	var user struct {
		ID string `json:"id"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &user))
	says := func(value string) {
		t.Helper()
		status, text := s.fetch(t, token, http.MethodPatch, "/scim/v2/Users/"+user.ID,
			`{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "value": `+value+`}]}`)
		require.Equal(t, http.StatusOK, status, text)
	}
	stands := func(want paper.Standing) paper.CaseLine {
		t.Helper()
		var all paper.CaseList
		require.Eventually(t, func() bool {
			a := w.sever(t, "", "cases", "--principal", "SCIM-2", "--json")
			return json.Unmarshal([]byte(a.out), &all) == nil && len(all.Cases) == 1 && all.Cases[0].Standing == want
		}, patience, 50*time.Millisecond, "%+v", &all)
		return all.Cases[0]
	}
	says(`{"active": false, "urn:severhq:params:scim:schemas:extension:1.0:User": {"effectiveAt": "2199-01-01T00:00:00Z", "ticket": "HR-9"}}`)
	require.Equal(t, "HR-9", stands(paper.StandsScheduled).Ticket)
	says(`{"active": true}`)
	c := stands(paper.StandsScheduled)
	require.Eventually(t, func() bool {
		return strings.Contains(w.sever(t, "", "audit", "show", c.Case).out, "held the case: the directory has the person as active again")
	}, patience, 50*time.Millisecond)
	tasks := must[paper.TaskList](t, w, nil, exitOK, "tasks")
	at := slices.IndexFunc(tasks.Tasks, func(k paper.TaskLine) bool { return k.Case == c.Case })
	require.GreaterOrEqual(t, at, 0)
	require.Contains(t, tasks.Tasks[at].Words, "has SCIM-2 as active again while the case is open")
	require.Equal(t, exitOK, w.sever(t, "", "tasks", "done", c.Case, tasks.Tasks[at].Key, "--reason", "HR has called").code)
	require.Equal(t, exitOK, w.sever(t, "", "cancel", c.Case, "--reason", "she stays").code)
	require.Equal(t, access.CaseCancelled, stands(paper.StandsClosed).Status)
	can, _ := w.canLogIn(t, "returned_rita")
	require.True(t, can)
}
