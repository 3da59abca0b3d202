package mysql_test

import (
	"regexp"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/cutproxy"
)

// changing is a packet with a statement that changes something.
var changing = regexp.MustCompile(`(?is)^....\x03(alter|revoke|grant|drop|create|set default)\b`)

// throughProxy leads to the server, and fails at the next statement that changes something
// when it is told to.
func (w *world) throughProxy() *cutproxy.Proxy {
	w.Helper()
	p, err := cutproxy.Start(w.server.Addr, changing.Match)
	require.NoError(w, err)
	w.Cleanup(p.Close)
	return p
}
