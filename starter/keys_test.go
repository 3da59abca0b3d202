package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/payload"
	"github.com/severhq/sever/internal/provider"
)

func TestANewKeyCanBeUsed(t *testing.T) {
	t.Parallel()
	vars := nowhere(t)
	a := sever(t.Context(), vars, "", "keys", "new", "2026-11")
	require.Equal(t, exitOK, a.code, a.err)
	keys, err := payload.ParseKeys(config.NewSecret(a.out))
	require.NoError(t, err)
	require.Equal(t, "2026-11", keys.Active())
	require.NotEqual(t, a.out, sever(t.Context(), vars, "", "keys", "new", "2026-11").out)
	a = sever(t.Context(), vars, "", "keys", "new", "a b")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, `"a b" cannot be the id of a key`)
}

func TestPreflightSaysHowPayloadsAreStored(t *testing.T) {
	t.Parallel()
	fresh := func(id string) string {
		entry, err := payload.NewKey(id)
		require.NoError(t, err)
		return entry
	}
	for name, c := range map[string]struct {
		keys string
		want provider.Check
	}{
		"none":    {"", provider.Check{Detail: "SEVER_PAYLOAD_KEYS is not set"}},
		"one":     {fresh("a"), provider.Check{OK: true, Detail: "AES-256-GCM; the key a encrypts"}},
		"rotated": {fresh("b") + "," + fresh("a"), provider.Check{OK: true, Detail: "the key b encrypts, 1 other key decodes"}},
		"bad":     {"a=hunter2", provider.Check{Fatal: true, Detail: `the key "a" is not base64`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &app{vars: config.Vars{payload.Variable: c.keys}}
			got := a.payloadCheck()
			require.Equal(t, []bool{c.want.OK, c.want.Fatal}, []bool{got.OK, got.Fatal})
			require.Contains(t, got.Detail, c.want.Detail)
			require.NotContains(t, got.Detail, "hunter2")
			require.Equal(t, !got.OK, got.Remedy != "")
		})
	}
}

// A malformed key is refused before anything is asked, by every command that talks to
// Temporal, and is not repeated.
func TestAMalformedKeyIsRefused(t *testing.T) {
	t.Parallel()
	vars := nowhere(t).With(config.Vars{payload.Variable: "a=hunter2hunter2"})
	a := sever(t.Context(), vars, "", "hold", "C-1", "--reason", "x")
	require.Equal(t, exitBadInput, a.code, a.err)
	require.Contains(t, a.err, `SEVER_PAYLOAD_KEYS: entry 1: the key "a" is not base64`)
	require.NotContains(t, a.out+a.err, "hunter2")
}
