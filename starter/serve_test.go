package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
)

// served is a sever serve that answers.
type served struct {
	url  string
	stop func() int // and its exit code
	err  *locked
}

// locked is written by one and read by another.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serve runs sever serve as a user would, on a port of its own.
func serve(t *testing.T, vars config.Vars) served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	s := served{err: &locked{}}
	ended := make(chan int, 1)
	go func() {
		code := run(ctx, []string{"serve", "--json"}, vars.With(config.Vars{"SEVER_LISTEN": "127.0.0.1:0"}), strings.NewReader(""), w, s.err)
		_ = w.Close()
		ended <- code
	}()
	var once sync.Once
	code := 0
	s.stop = func() int {
		once.Do(func() { cancel(); code = <-ended })
		return code
	}
	t.Cleanup(func() { s.stop() })
	var doc listening
	require.NoError(t, json.NewDecoder(bufio.NewReader(r)).Decode(&doc), "%s", s.err)
	s.url = doc.Address
	go func() { _, _ = io.Copy(io.Discard, r) }()
	return s
}

// fetch asks for something over HTTP.
func (s served) fetch(t *testing.T, token, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

func TestServe(t *testing.T) {
	t.Parallel()
	w := newBooks(t)
	address, namespace := devtest.Temporal(t)
	w.vars = w.vars.With(config.Vars{"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": namespace})
	made := must[madeToken](t, w, nil, exitOK, "tokens", "create", "bob", "--role", "operator,auditor", "--as", "ops")
	s := serve(t, w.vars)

	status, text := s.fetch(t, "", http.MethodGet, "/healthz", "")
	require.Equal(t, http.StatusOK, status, text)
	status, text = s.fetch(t, made.Token, http.MethodPost, "/v1/cases/C-1/hold", "")
	require.Equal(t, http.StatusNotFound, status, text)
	require.Contains(t, text, `there is no case \"C-1\"`)

	require.Equal(t, exitOK, w.sever(t, "", "tokens", "revoke", "bob").code)
	status, text = s.fetch(t, made.Token, http.MethodPost, "/v1/cases/C-1/hold", "")
	require.Equal(t, http.StatusUnauthorized, status, text)

	require.Equal(t, exitOK, s.stop())
	require.Contains(t, s.err.String(), `"actor":"bob"`)
	require.NotContains(t, s.err.String(), made.Token)
	require.NotContains(t, s.err.String(), "C-1", "paths have names of people in them")
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := newBooks(t)
	one := must[madeToken](t, w, nil, exitOK, "tokens", "create", "bob", "--role", "approver", "--role", "auditor,approver", "--expires", "2h", "--as", "ops")
	require.Regexp(t, `^sever_[0-9a-z]{52}$`, one.Token)
	require.Equal(t, []string{"approver", "auditor"}, one.Roles)
	two := must[madeToken](t, w, nil, exitOK, "tokens", "create", "bob", "--role", "approver")
	require.NotEqual(t, one.Token, two.Token)
	ci := must[madeToken](t, w, nil, exitOK, "tokens", "create", "ci", "--role", "requester")

	list := w.sever(t, "", "tokens", "list")
	require.Equal(t, exitOK, list.code, list.err)
	require.Contains(t, list.out, one.ID)
	require.NotContains(t, list.out, "sever_")
	require.Len(t, must[tokenList](t, w, nil, exitOK, "tokens", "revoke", "bob").Tokens, 2)
	require.Len(t, must[tokenList](t, w, nil, exitOK, "tokens", "revoke", ci.ID, "--as", "eve").Tokens, 1)
	require.Empty(t, must[tokenList](t, w, nil, exitOK, "tokens", "list").Tokens)
	require.Len(t, must[tokenList](t, w, nil, exitOK, "tokens", "list", "--all").Tokens, 3)
	require.Equal(t, exitBadInput, w.sever(t, "", "tokens", "revoke", "bob").code, "there is nothing left to revoke")

	told := w.sever(t, "", "audit", "show", "house")
	require.Contains(t, told.out, "made a token for bob: approver, auditor")
	require.Contains(t, told.out, "revoked the token of ci")
	require.NotContains(t, told.out, "sever_")

	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no role":         {[]string{"bob"}, "a token without a role"},
		"no such role":    {[]string{"bob", "--role", "root"}, `"root" is no role`},
		"no name":         {[]string{" ", "--role", "auditor"}, "the name is empty"},
		"for ever":        {[]string{"bob", "--role", "auditor", "--expires", "9000h"}, "choose a minute to 366 days"},
		"for no time":     {[]string{"bob", "--role", "auditor", "--expires", "-1h"}, "choose a minute"},
		"a hidden letter": {[]string{"bo\u200bb", "--role", "auditor"}, "cannot be seen"},
	} {
		a := w.sever(t, "", append([]string{"tokens", "create"}, c.args...)...)
		require.Equal(t, exitBadInput, a.code, name)
		require.Contains(t, a.err, c.says, name)
	}
	a := w.with(t, config.Vars{"SEVER_ROLE_OPERATOR": "olaf"}, "", "tokens", "create", "bob", "--role", "approver", "--as", "bob")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "bob may not make or revoke tokens")
}
