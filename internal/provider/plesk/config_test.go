package plesk_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/plesk"
	"github.com/severhq/sever/internal/provider/plesk/simulator"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	good := config.Vars{"P_URL": "https://plesk.example.com:8443", "P_KEY": "hunter2hunter2"}
	for name, c := range map[string]struct {
		vars config.Vars
		want string
	}{
		"nothing":           {config.Vars{"P_URL": "", "P_KEY": ""}, "P_URL"},
		"no credentials":    {config.Vars{"P_KEY": ""}, "P_KEY is not set"},
		"both credentials":  {config.Vars{"P_LOGIN": "admin"}, "P_KEY and LOGIN"},
		"no password":       {config.Vars{"P_KEY": "", "P_LOGIN": "admin"}, "P_PASSWORD is not set"},
		"no login":          {config.Vars{"P_KEY": "", "P_PASSWORD": "hunter2"}, "P_LOGIN is not set"},
		"no encryption":     {config.Vars{"P_URL": "http://plesk.example.com:8880"}, "P_URL must begin with https"},
		"another scheme":    {config.Vars{"P_URL": "ftp://plesk.example.com"}, "P_URL must begin with https"},
		"a path":            {config.Vars{"P_URL": "https://plesk.example.com/enterprise"}, "P_URL may have a host"},
		"a query":           {config.Vars{"P_URL": "https://plesk.example.com?x"}, "P_URL may have a host"},
		"credentials there": {config.Vars{"P_URL": "https://admin:hunter2@plesk.example.com"}, "P_URL may not hold credentials"},
		"no URL":            {config.Vars{"P_URL": "plesk"}, "P_URL is not a URL"},
		"another interface": {config.Vars{"P_API": "soap"}, "P_API"},
		"no version":        {config.Vars{"P_VERSION": "new"}, "P_VERSION"},
		"a bad pin":         {config.Vars{"P_PIN": "abc"}, "P_PIN"},
		"a bad CA":          {config.Vars{"P_CA": "abc"}, "P_CA"},
		"CA and pin":        {config.Vars{"P_CA": "abc", "P_PIN": "abc"}, "P_PIN and CA"},
	} {
		_, err := plesk.Spec.Open(provider.Settings{Connection: "panel", Vars: good.With(c.vars), Prefix: "P_"})
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), "hunter2", name)
	}
	for _, url := range []string{"https://plesk.example.com:8443/", "https://[2001:db8::1]:8443", "http://localhost:8880", "http://127.0.0.1:1"} {
		p, err := plesk.Spec.Open(provider.Settings{Connection: "panel", Vars: good.With(config.Vars{"P_URL": url}), Prefix: "P_"})
		require.NoError(t, err, url)
		p.Close()
	}
}

func TestCertificates(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		sim := simulator.New(simulator.Options{})
		server := httptest.NewUnstartedServer(sim)
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains about every refusal
		server.StartTLS()
		t.Cleanup(server.Close)
		own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		file := filepath.Join(t.TempDir(), "ca.pem")
		require.NoError(t, os.WriteFile(file, own, 0o600))
		sum := sha256.Sum256(server.Certificate().Raw)
		pin := hex.EncodeToString(sum[:])
		for name, c := range map[string]struct {
			vars config.Vars
			ok   bool
		}{
			"nobody knows it":    {nil, false},
			"its CA":             {config.Vars{"P_CA_FILE": file}, true},
			"its pin":            {config.Vars{"P_PIN": pin}, true},
			"its pin, in colons": {config.Vars{"P_PIN": strings.ToUpper(pin[:2] + ":" + pin[2:])}, true},
			"another pin":        {config.Vars{"P_PIN": strings.Repeat("ab", 32)}, false},
		} {
			p := opened(t, api, server.URL, c.vars)
			_, err := p.(provider.Preflighter).Preflight(t.Context())
			if c.ok {
				require.NoError(t, err, name)
				continue
			}
			require.Error(t, err, name)
			require.Equal(t, provider.Transient, provider.KindOf(err), name)
		}
	})
}
