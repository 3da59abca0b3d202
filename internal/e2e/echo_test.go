package e2e_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// echo stands before a system, knows our credential by another word, and is the worst
// that a system can be: what it refuses, it refuses by repeating all that it was sent.
type echo struct {
	*httptest.Server
	system          string // where requests go
	planted, actual string // the credential

	mu      sync.Mutex
	spoil   int             // so many changes are refused
	spoiled int             // were
	secrets map[string]bool // tokens and passwords that went through
}

func newEcho(t *testing.T, system, planted, actual string, spoil int) *echo {
	t.Helper()
	e := &echo{system: strings.TrimSuffix(system, "/"), planted: planted, actual: actual, spoil: spoil, secrets: map[string]bool{planted: true}}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := e.pass(w, r); err != nil {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// given are the words by which credentials travel, in requests and answers alike.
var given = regexp.MustCompile(`(?i)(?:"(?:password|passwd|access_token|token)"\s*:\s*"([^"]{8,})"|<(?:password|passwd)>([^<]{8,})<)`)

func (e *echo) learn(b []byte, h http.Header) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, found := range given.FindAllSubmatch(b, -1) {
		for _, group := range found[1:] {
			if s := string(group); s != "" && s != e.actual {
				e.secrets[s] = true
			}
		}
	}
	for _, name := range []string{"X-Subject-Token", "X-Auth-Token"} {
		if s := h.Get(name); s != "" {
			e.secrets[s] = true
		}
	}
}

func (e *echo) known() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for s := range e.secrets {
		out = append(out, s)
	}
	return out
}

func (e *echo) pass(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	e.learn(body, r.Header)
	if e.refuses(r, body) {
		e.repeat(w, http.StatusBadRequest, r, body)
		return nil
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, e.system+r.URL.RequestURI(), bytes.NewReader(e.translated(body)))
	if err != nil {
		return err
	}
	for name, values := range r.Header {
		for _, v := range values {
			out.Header.Add(name, e.header(v))
		}
	}
	answer, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	e.learn(said, answer.Header)
	if answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden {
		e.repeat(w, answer.StatusCode, r, body)
		return nil
	}
	for name, values := range answer.Header {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.StatusCode)
	_, err = w.Write(bytes.ReplaceAll(said, []byte(e.system), []byte(e.URL))) // a catalog of addresses leads here again
	return err
}

// refuses is for changes: not for logging in, and not for what Plesk reads by POST.
func (e *echo) refuses(r *http.Request, body []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	login := strings.Contains(r.URL.Path, "session") || strings.Contains(r.URL.Path, "tokens")
	reads := strings.HasSuffix(r.URL.Path, "agent.php") && !bytes.Contains(body, []byte("<set-")) && !bytes.Contains(body, []byte("<del-"))
	if r.Method == http.MethodGet || login || reads || e.spoiled >= e.spoil {
		return false
	}
	e.spoiled++
	return true
}

// repeat answers with everything that was sent, in the words that all four read.
func (e *echo) repeat(w http.ResponseWriter, status int, r *http.Request, body []byte) {
	var all strings.Builder
	for name, values := range r.Header {
		fmt.Fprintf(&all, "%s: %s; ", name, strings.Join(values, ","))
	}
	words := fmt.Sprintf("%q", fmt.Sprintf("refused %s: %s %s", r.URL, all.String(), body))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"id":"unprocessable_entity","message":%s,"error":%[1]s,"code":1006,"badRequest":{"code":%d,"message":%[1]s}}`, words, status)
}

func (e *echo) translated(b []byte) []byte {
	return bytes.ReplaceAll(b, []byte(e.planted), []byte(e.actual))
}

func (e *echo) header(v string) string {
	if encoded, basic := strings.CutPrefix(v, "Basic "); basic {
		if b, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return "Basic " + base64.StdEncoding.EncodeToString(e.translated(b))
		}
	}
	return string(e.translated([]byte(v)))
}

func TestTheEchoRepeatsWhatItWasSent(t *testing.T) {
	t.Parallel()
	system := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer real" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(system.Close)
	e := newEcho(t, system.URL, "planted-token", "real", 1)
	ask := func(method, token string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, e.URL+"/x", strings.NewReader(`{"password":"another-secret"}`))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(b)
	}
	status, said := ask(http.MethodGet, "planted-token")
	require.Equal(t, http.StatusOK, status, said)
	status, said = ask(http.MethodPost, "planted-token")
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, said, "Bearer planted-token")
	status, said = ask(http.MethodGet, "wrong")
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, said, "another-secret")
	require.ElementsMatch(t, []string{"planted-token", "another-secret"}, e.known())
}
