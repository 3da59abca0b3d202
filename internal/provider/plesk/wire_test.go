package plesk

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/wire"
)

// bare is a guard that lets nothing through.
func bare(t *testing.T) *wire.Guard {
	t.Helper()
	g, err := wire.New(wire.Options{Base: "http://localhost"})
	require.NoError(t, err)
	return g
}

// to is a link to a server that keeps what reaches it.
func to(t *testing.T, api string) (*link, *wire.Recorder) {
	t.Helper()
	recorder := wire.Record(nil)
	server := httptest.NewServer(recorder)
	t.Cleanup(server.Close)
	l, err := dial(Config{URL: server.URL, API: api, Login: "admin", Password: config.NewSecret("admin-password"), Version: "1.6.9.1"})
	require.NoError(t, err)
	t.Cleanup(l.close)
	return l, recorder
}

func TestDeadlyPacketsNeverLeave(t *testing.T) {
	t.Parallel()
	l, recorder := to(t, apiXML)
	for name, body := range deadly {
		_, err := l.exchange(t.Context(), http.MethodPost, agentPath, []byte(body), nil)
		require.ErrorIs(t, err, wire.ErrNotDeclared, name)
		require.Equal(t, provider.Rejected, provider.KindOf(err), name)
	}
	for _, path := range []string{
		"/", "/enterprise/control/agent.php/", "/enterprise/control/agent.php?x=1", "/enterprise/control/../control/agent.php",
		"/api/v2/databases/45", "/api/v2/dbusers/55", "/api/v2/cli/database/call",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			_, err := l.exchange(t.Context(), method, path, nil, nil)
			require.ErrorIs(t, err, wire.ErrNotDeclared, method+" "+path)
		}
	}
	require.Zero(t, recorder.Count())
}

func TestDeadlyPathsNeverLeave(t *testing.T) {
	t.Parallel()
	l, recorder := to(t, apiREST)
	for _, path := range append([]string{
		"/databases/45", "/databases/", "/dbusers/", "/dbusers", "/dbusers?dbId=45", "/dbusers/55/56", "/dbusers/../databases/45",
		"/dbusers/%2e%2e/databases/45", "/dbusers/55?x=1", "/cli/database/call", "/auth/keys/x", "/domains/1", "",
	}, hostileAsPaths()...) {
		_, err := l.exchange(t.Context(), http.MethodDelete, restBase+path, nil, nil)
		require.Error(t, err, path)
		_, err = l.exchange(t.Context(), http.MethodPost, restBase+"/databases", []byte(`{}`), nil)
		require.ErrorIs(t, err, wire.ErrNotDeclared)
	}
	for _, body := range []string{
		``, `{}`, `{"password":"longenough","login":"x"}`, `{"password":""}`, `{"password":"longenough"}x`, `{"password":"longenough","password":"longenough"}`,
	} {
		_, err := l.exchange(t.Context(), http.MethodPut, restBase+"/dbusers/55", []byte(body), nil)
		require.ErrorIs(t, err, wire.ErrNotDeclared, body)
	}
	require.Zero(t, recorder.Count())
	r := &restAPI{l}
	for _, id := range []userID{0, -1} {
		require.Error(t, r.deleteUser(t.Context(), id))
		require.Error(t, r.setPassword(t.Context(), id, "longenough"))
	}
	require.Zero(t, recorder.Count())
}

func hostileAsPaths() []string {
	var out []string
	for _, name := range hostile {
		if name != "55" && name != "0" && name != "-1" {
			out = append(out, "/databases/"+name, "/dbusers/"+name+"/x")
		}
	}
	return out
}

func TestNobodyIsNeverDeleted(t *testing.T) {
	t.Parallel()
	l, recorder := to(t, apiXML)
	x := &xmlAPI{link: l, version: "1.6.9.1"}
	for _, id := range []userID{0, -1} {
		require.Equal(t, provider.Rejected, provider.KindOf(classified("op", x.deleteUser(t.Context(), id))))
		require.Error(t, x.setPassword(t.Context(), id, "longenough"))
		require.Error(t, x.setDefault(t.Context(), 7, id))
	}
	require.Error(t, x.setPassword(t.Context(), 55, "short"))
	require.Zero(t, recorder.Count())
}

// TestSpelling reads the request as it stands on the wire: Plesk documents its names
// of headers in capitals and with underscores, which the standard library respells.
func TestSpelling(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	heard := make(chan []string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var lines []string
		for scan := bufio.NewScanner(conn); scan.Scan() && scan.Text() != ""; {
			lines = append(lines, scan.Text())
		}
		heard <- lines
	}()
	l, err := dial(Config{URL: "http://" + listener.Addr().String(), API: apiXML, Login: "admin", Password: config.NewSecret("admin-password")})
	require.NoError(t, err)
	x := &xmlAPI{link: l, version: "1.6.9.1"}
	_, err = x.databases(t.Context())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "admin-password")
	lines := <-heard
	require.Contains(t, lines, "POST /enterprise/control/agent.php HTTP/1.1")
	require.Contains(t, lines, "HTTP_AUTH_LOGIN: admin")
	require.Contains(t, lines, "HTTP_AUTH_PASSWD: admin-password")
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 200 {
		p := newPassword()
		require.False(t, seen[p])
		seen[p] = true
		require.Len(t, p, 32)
		for _, kind := range kinds {
			require.True(t, strings.ContainsAny(p, kind))
		}
		require.NoError(t, checkPassword(p, plainPassword))
	}
}

func FuzzNamesInPaths(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	recorder := wire.Record(nil)
	server := httptest.NewServer(recorder)
	f.Cleanup(server.Close)
	l, err := dial(Config{URL: server.URL, API: apiREST, Key: config.NewSecret("a secret key")})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, name string) {
		before := recorder.Count()
		_, _ = l.exchange(context.Background(), http.MethodDelete, restBase+"/databases/"+name, nil, nil)
		require.Equal(t, before, recorder.Count(), "a database was addressed")
	})
}
