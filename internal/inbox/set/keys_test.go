package set

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

func edKey(t *testing.T) ed25519.PublicKey {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	return public
}

// The keys of an issuer are asked for when they are needed, now and then, and never as
// often as somebody sends rubbish.
func TestKeysAreAskedForNowAndThen(t *testing.T) {
	t.Parallel()
	var asked, down atomic.Int32
	var answer atomic.Value
	publish := func(names ...string) {
		var set jose.JSONWebKeySet
		for _, name := range names {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: edKey(t), KeyID: name, Use: "sig"})
		}
		text, err := json.Marshal(set)
		require.NoError(t, err)
		answer.Store(text)
	}
	publish("a")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if down.Load() > 0 {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		_, _ = w.Write(answer.Load().([]byte))
	}))
	t.Cleanup(server.Close)
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	k := newKeys(server.URL)
	k.now = func() time.Time { return now }
	is := func(name string, want error, times int32) {
		t.Helper()
		_, err := k.named(context.Background(), name)
		require.ErrorIs(t, err, want)
		require.Equal(t, times, asked.Load())
	}
	down.Store(1)
	is("a", errKeysAway, 1)
	is("a", errKeysAway, 1) // and is not asked again at once
	down.Store(0)
	now = now.Add(pause)
	is("a", nil, 2)
	is("a", nil, 2)
	is("b", errUnknownKey, 2) // it was asked a moment ago
	publish("a", "b")
	now = now.Add(pause)
	is("b", nil, 3) // a new key is known with the first token that it signs
	for range 100 {
		is("c", errUnknownKey, 3)
	}
	down.Store(1)
	now = now.Add(pause)
	is("c", errKeysAway, 4) // whether it is a new one nobody can tell now
	is("a", nil, 4)
	now = now.Add(fresh)
	is("a", nil, 5) // it goes on with what it has, for a while
	now = now.Add(stale)
	is("a", errKeysAway, 6)
	down.Store(0)
	publish("b") // a was withdrawn
	now = now.Add(pause)
	is("a", errUnknownKey, 7)
	is("b", nil, 7)
}

func TestWhichKeysCount(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: &small.PublicKey, KeyID: "small"}, {Key: &large.PublicKey, KeyID: "large"}, {Key: &curve.PublicKey, KeyID: "curve", Use: "sig"},
		{Key: edKey(t), KeyID: "for encryption", Use: "enc"}, {Key: edKey(t)}, {Key: curve, KeyID: "private"}, {Key: []byte("both sides know it"), KeyID: "shared"},
	}})
	require.NoError(t, err)
	var odd map[string][]any
	require.NoError(t, json.Unmarshal(text, &odd))
	odd["keys"] = append(odd["keys"], map[string]string{"kty": "AKP", "kid": "of tomorrow"})
	text, err = json.Marshal(odd)
	require.NoError(t, err)
	found, err := readKeys(text)
	require.NoError(t, err)
	names := []string{}
	for name := range found {
		names = append(names, name)
	}
	require.ElementsMatch(t, []string{"large", "curve"}, names)

	for _, bad := range []string{"", "[]", "{}", `{"keys":{}}`, "<html>"} {
		_, err := readKeys([]byte(bad))
		require.EqualError(t, err, "the answer is no set of keys")
	}
	odd["keys"] = append(odd["keys"], odd["keys"][1])
	text, err = json.Marshal(odd)
	require.NoError(t, err)
	_, err = readKeys(text)
	require.ErrorContains(t, err, `two keys of the name "large"`)
}
