package courier

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
)

// hooked is a webhook to somebody who answers like this.
func hooked(t *testing.T, path string, answer func(w http.ResponseWriter, r *http.Request)) (Sender, string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(answer))
	t.Cleanup(server.Close)
	key := secret()
	s, err := FromVars(config.Vars{"SEVER_NOTICE_WEBHOOKS": "ops", "SEVER_NOTICE_OPS_URL": strings.Replace(server.URL, "http://", "http://user:pass-of-the-url@", 1) + path, "SEVER_NOTICE_OPS_SECRET": key})
	require.NoError(t, err)
	require.Equal(t, server.URL, s.Routes[0].Where, "without who logs in, and without the path")
	return s.Routes[0], key
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	reached := 0
	s, _ := hooked(t, "/hook", func(w http.ResponseWriter, r *http.Request) {
		if reached++; r.URL.Path != "/hook" {
			t.Error("it was followed")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	_, err := s.Send(t.Context(), Parcel{"msg_1", []byte("{}")})
	require.ErrorContains(t, err, "307 Temporary Redirect (redirects are not followed")
	require.Equal(t, 1, reached)
}

// The worst receiver there is repeats all that it was sent.
func TestAnswersHaveNoSecretsAndAnEnd(t *testing.T) {
	t.Parallel()
	var key string
	s, key := hooked(t, "/services/T0TOKEN123?sig=query-token-9", func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		w.WriteHeader(http.StatusBadRequest)
		for range 10_000 {
			_, _ = w.Write([]byte("bad\r\nrequest " + r.URL.String() + " " + user + ":" + password + " " + r.Header.Get("Authorization") + " " + key + "\n"))
		}
	})
	_, err := s.Send(t.Context(), Parcel{"msg_1", []byte("{}")})
	require.ErrorContains(t, err, "400 Bad Request: bad request [secret]")
	require.Less(t, len(err.Error()), 2*answerLimit)
	for _, never := range []string{"T0TOKEN123", "query-token-9", "pass-of-the-url", strings.TrimPrefix(key, "whsec_"), "\n"} {
		require.NotContains(t, err.Error(), never)
	}
}

func TestWhoDoesNotAnswerIsNamedWithoutTheAddress(t *testing.T) {
	t.Parallel()
	s, err := FromVars(config.Vars{"SEVER_NOTICE_WEBHOOKS": "ops", "SEVER_NOTICE_OPS_URL": "http://127.0.0.1:1/services/T0TOKEN123", "SEVER_NOTICE_OPS_SECRET": secret()})
	require.NoError(t, err)
	_, err = s.Routes[0].Send(t.Context(), Parcel{"msg_1", []byte("{}")})
	require.ErrorContains(t, err, "127.0.0.1:1: connect: connection refused")
	require.NotContains(t, err.Error(), "T0TOKEN123")
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"": -1, "soon": -1, "-5": -1, "0": 0, "120": 2 * time.Minute, "99999999": 24 * time.Hour,
		noon.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second, noon.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		got, asked := retryAfter(value, noon)
		if !asked {
			got = -1
		}
		require.Equal(t, want, got, "%q", value)
	}
}
