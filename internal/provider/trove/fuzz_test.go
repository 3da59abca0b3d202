package trove_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/trove"
	"github.com/severhq/sever/internal/provider/trove/simulator"
)

// FuzzAnswers lets the database service answer everything with one text. An account is
// absent only where a whole list lacks it, every account has a name, and what cannot be
// read is an error or a gap, never an account without rights.
func FuzzAnswers(f *testing.F) {
	instance, err := json.Marshal(instanceJSON())
	require.NoError(f, err)
	whole := `{"instance":` + string(instance) + `,"instances":[` + string(instance) + `],"databases":[{"name":"shop"}],"users":[HERE],"user":HERE}`
	for _, user := range []string{
		`{"name":"ada","host":"%","databases":[{"name":"shop"}]}`, `{"name":"ada","databases":[]}`, `{"name":"ada"}`, `{"name":""}`, `{"name":"bob","host":"x","databases":[]}`,
		`null`, `[]`, `{"name":"ada","host":"%","databases":[{"name":""}]}`,
	} {
		f.Add(http.StatusOK, strings.ReplaceAll(whole, "HERE", user))
	}
	for _, body := range []string{
		`{"users":[],"databases":[],"instances":[],"links":[{"rel":"next"}]}`, `{"itemNotFound":{"code":404,"message":"User ada@% cannot be found."}}`,
		`{"users":null}`, `{}`, `null`, `[]`, ``, `<html>`, `{"badRequest":{"message":"","retryAfter":-1}}`,
	} {
		for _, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusAccepted, http.StatusRequestEntityTooLarge} {
			f.Add(status, body)
		}
	}
	sim := simulator.New(simulator.Options{})
	status, body, requests := 0, "", 0
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/identity/") {
			sim.ServeHTTP(w, r)
			return
		}
		requests++
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	f.Cleanup(web.Close)
	o := sim.Options()
	p, err := trove.Spec.Open(provider.Settings{Connection: "trove", Prefix: prefix, Vars: config.Vars{prefix + "IDENTITY_URL": web.URL + sim.IdentityPath(),
		prefix + "USERNAME": o.Username, prefix + "PASSWORD": o.Password, prefix + "PROJECT": o.ProjectName,
		prefix + "LIST_AGE": "1ns"}}) // the list of one text proves nothing about the next
	require.NoError(f, err)
	f.Cleanup(p.Close)
	ada := access.Ref{Connection: "trove", Resource: "RegionOne/" + simulator.ID(1), Name: "ada", Host: "%"}
	f.Fuzz(func(t *testing.T, code int, said string) {
		if code < 200 || code > 599 || code == http.StatusUnauthorized || code == http.StatusNoContent || code == http.StatusNotModified {
			return
		}
		status, body, requests = code, said, 0
		seen, err := p.Look(t.Context(), ada)
		switch {
		case err != nil, len(seen.Gaps) > 0: // it says that it does not know
		case seen.Exists:
			require.Equal(t, "ada", seen.Account.Name)
			require.Equal(t, http.StatusOK, code, "only an answer says that somebody is there")
		default:
			var is struct {
				Users *[]json.RawMessage `json:"users"`
			}
			require.NoError(t, json.Unmarshal([]byte(said), &is), "absent by the word of nothing that can be read: %d %q", code, said)
			require.NotNil(t, is.Users, "absent by no list: %d %q", code, said)
		}
		for a, err := range p.Accounts(t.Context()) {
			if err != nil {
				break
			}
			require.NotEmpty(t, a.Name)
		}
		require.Less(t, requests, 40+len(said))
	})
}
