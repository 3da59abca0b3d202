package digitalocean

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

// FuzzAnswers lets the API answer everything with one text. An account is absent only
// where a whole list lacks it or it is said that nobody can tell, every account has a name, and no more than a few requests
// are sent, whatever comes.
func FuzzAnswers(f *testing.F) {
	one := `{"id":"` + ids[pg] + `","name":"x","engine":"pg","status":"online"}`
	whole := `{"databases":[` + one + `],"database":` + one + `,"pools":[],"users":[{"name":"doadmin","role":"primary"},%]}`
	for _, ada := range []string{
		`{"name":"ada","role":"normal"}`, `{"name":"ada","settings":{"pg_allow_replication":true}}`, `{"name":"ada"},{"name":"ada","role":"x"}`,
		`{"name":""}`, `{"name":"bob"}`, `null`, `{"name":"ada","settings":{"acl":null,"opensearch_acl":[{}],"mongo_user_settings":{}}}`,
	} {
		f.Add(strings.ReplaceAll(whole, "%", ada))
	}
	for _, body := range []string{
		`{"databases":[` + one + `],"database":` + one + `,"users":[],"pools":null}`, `{"databases":[` + one + `],"users":[{"name":"x"}],"meta":{"total":900}}`,
		`{"databases":[` + one + `],"users":[{"name":"x"}],"links":{"pages":{"next":"?page=2"}}}`, `{}`, `null`, `[]`, ``, `{"databases":{}}`,
	} {
		f.Add(body)
	}
	var body string
	requests := 0
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	f.Cleanup(web.Close)
	team := opened(f, web.URL, nil)
	ada := access.Ref{Connection: conn, Resource: ids[pg], Name: "ada"}
	f.Fuzz(func(t *testing.T, said string) {
		body, requests = said, 0
		lists := func() (is struct {
			Users []struct {
				Name string `json:"name"`
			} `json:"users"`
		}) {
			require.NoError(t, json.Unmarshal([]byte(said), &is))
			return is
		}
		seen, err := team.Look(t.Context(), ada)
		switch {
		case err != nil, len(seen.Gaps) > 0: // it says that it does not know
		case seen.Exists:
			require.Equal(t, "ada", seen.Account.Name)
		default:
			is := lists()
			require.NotEmpty(t, is.Users, "no list says that nobody is there")
			for _, u := range is.Users {
				require.NotEqual(t, "ada", u.Name)
			}
		}
		for a, err := range team.Accounts(t.Context()) {
			if err != nil {
				break
			}
			require.NotEmpty(t, a.Name)
			require.Equal(t, conn, a.Connection)
		}
		require.Less(t, requests, 20+len(said)/20)
	})
}
