package e2e_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// arriving lets two systems send things, with secrets of their own.
func (s *secrets) arriving() {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	s.signing = base64.StdEncoding.EncodeToString(key)
	s.transmitter = s.word("token-of-the-transmitter")
	s.words = append(s.words, s.signing)
	mapping := filepath.Join(s.t.TempDir(), "hris.yaml")
	require.NoError(s.t, os.WriteFile(mapping, []byte("act: {path: event, values: {left: offboard}}\nprincipal: {path: who}\nreason: hr\nticket: {path: ticket, optional: true}\n"), 0o600))
	s.more = append(s.more, "SEVER_HOOKS=hris", "SEVER_HOOK_HRIS_SECRET=whsec_"+s.signing, "SEVER_HOOK_HRIS_MAPPING="+mapping,
		"SEVER_EVENTS=idp", "SEVER_EVENT_IDP_ISSUER=https://idp.example.com", "SEVER_EVENT_IDP_JWKS_URL=http://127.0.0.1:1/keys", "SEVER_EVENT_IDP_AUDIENCE=us",
		"SEVER_EVENT_IDP_SUBJECTS=email=email", "SEVER_EVENT_IDP_TOKEN="+s.transmitter)
}

// arrivals sends messages to the running server: one that is followed, one about nobody,
// and some that are refused and have secrets where none belong.
func (s *secrets) arrivals(p places, who string) {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(s.install.bin, "sever"), "serve", "--json")
	cmd.Env = append(slices.Clone(s.install.env), "SEVER_LISTEN=127.0.0.1:0")
	said, err := os.CreateTemp(s.t.TempDir(), "serve")
	require.NoError(s.t, err)
	cmd.Stdout, cmd.Stderr = said, said
	require.NoError(s.t, cmd.Start())
	output := func() string {
		b, err := os.ReadFile(said.Name())
		require.NoError(s.t, err)
		return string(b)
	}
	var listening struct {
		Address string `json:"address"`
	}
	require.Eventually(s.t, func() bool { return json.NewDecoder(strings.NewReader(output())).Decode(&listening) == nil }, 30*time.Second, 20*time.Millisecond)
	p.arguments(cmd.Process.Pid)
	hook := func(secret, id, body string) int {
		key, err := standardwebhooks.NewWebhook(secret)
		require.NoError(s.t, err)
		now := time.Now()
		signature, err := key.Sign(id, now, []byte(body))
		require.NoError(s.t, err)
		return s.post(p, listening.Address+"/hooks/hris", body, map[string]string{"webhook-id": id, "webhook-timestamp": fmt.Sprint(now.Unix()), "webhook-signature": signature})
	}
	body := fmt.Sprintf(`{"event":"left","who":%q,"ticket":%q,"password":%q}`, who, s.ticket, s.word("in-a-message"))
	require.Equal(s.t, http.StatusAccepted, hook("whsec_"+s.signing, "msg_1", body))
	require.Equal(s.t, http.StatusAccepted, hook("whsec_"+s.signing, "msg_2", `{"event":"left","who":"E-nobody"}`))
	require.Equal(s.t, http.StatusUnauthorized, hook("whsec_"+strings.Repeat("A", 44), "msg_3", body))
	event := func(token, body string) int {
		return s.post(p, listening.Address+"/events/idp", body, map[string]string{"Content-Type": "application/secevent+jwt", "Authorization": "Bearer " + token})
	}
	require.Equal(s.t, http.StatusUnauthorized, event(s.word("a-guess-of-the-transmitter"), "x"))
	require.Equal(s.t, http.StatusBadRequest, event(s.transmitter, s.word("no-token-at-all")))
	s.asksOverHTTP(p, listening.Address, who)
	s.awaits(`select count(*) = 2 from deliveries where state = case message_id when 'msg_1' then 'done' else 'refused' end and $1 <> ''`, "deliveries", true)
	require.NoError(s.t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(s.t, cmd.Wait())
	p["output of serve"] = output()
}

// asksOverHTTP uses a token for what is taken, for what is refused, and where none belongs.
// It is printed when it is made, by design, and nowhere else.
func (s *secrets) asksOverHTTP(p places, address, who string) {
	s.t.Helper()
	code, said := s.install.sever("", "tokens", "create", "siem", "--role", "operator", "--json")
	require.Zero(s.t, code, said)
	var made struct {
		Token string `json:"token"`
	}
	require.NoError(s.t, json.Unmarshal([]byte(said), &made))
	require.NotEmpty(s.t, made.Token)
	s.words = append(s.words, made.Token)
	with := func(token string) map[string]string {
		return map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Idempotency-Key": "k-" + unique()}
	}
	hold := address + "/v1/cases/" + who + "/hold"
	require.Equal(s.t, http.StatusOK, s.post(p, hold, `{"reason":"forensics"}`, with(made.Token)))
	require.Equal(s.t, http.StatusUnprocessableEntity, s.post(p, hold, fmt.Sprintf(`{"token":%q}`, made.Token), with(made.Token)))
	require.Equal(s.t, http.StatusNotFound, s.post(p, address+"/v1/cases/C-nobody/hold", "", with(made.Token)))
	require.Equal(s.t, http.StatusForbidden, s.post(p, address+"/v1/cases", fmt.Sprintf(`{"principal":%q,"reason":"hr"}`, who), with(made.Token)))
	require.Equal(s.t, http.StatusUnauthorized, s.post(p, hold, "", with(s.word("sever_a-guess"))))
	for _, args := range [][]string{{"tokens", "list", "--all"}, {"audit", "show", "house"}} {
		s.run(p, args...)
		s.run(p, append(args, "--json")...)
	}
}

// post sends something, and keeps what is answered.
func (s *secrets) post(p places, address, body string, headers map[string]string) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, address, strings.NewReader(body))
	require.NoError(s.t, err)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	p["answers of serve"] += string(said)
	return res.StatusCode
}
