package postgres_test

import (
	"bytes"
	"net/url"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/cutproxy"
)

// throughProxy is the server's URL by way of a proxy, which fails at the next COMMIT when
// it is told to.
func (w *world) throughProxy() (*cutproxy.Proxy, string) {
	w.Helper()
	u, err := url.Parse(w.server.URL("postgres"))
	require.NoError(w, err)
	p, err := cutproxy.Start(u.Host, func(packet []byte) bool { return bytes.Contains(packet, []byte("commit\x00")) })
	require.NoError(w, err)
	w.Cleanup(p.Close)
	u.Host = p.Addr()
	return p, u.String()
}
