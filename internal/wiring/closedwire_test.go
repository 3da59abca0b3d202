package wiring_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/cutproxy"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/postgres"
	"github.com/severhq/sever/workflows"
)

// changing are the statements by which PostgreSQL is changed.
var changing = regexp.MustCompile(`(?i)\b(alter role|alter default privileges|drop role|drop owned|reassign owned|revoke|grant|pg_terminate_backend)\b[^;\x00]*`)

// tap counts every change that is sent to a server, on the wire.
type tap struct {
	*cutproxy.Proxy
	mu   sync.Mutex
	sent []string
	next string // what the trail is closed at
}

func newTap(t *testing.T, server string) *tap {
	t.Helper()
	p := &tap{}
	var err error
	p.Proxy, err = cutproxy.Start(server, p.hears)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func (p *tap) hears(packet []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	fits := false
	for _, s := range changing.FindAllString(string(packet), -1) {
		p.sent = append(p.sent, s)
		fits = fits || p.next != "" && strings.HasPrefix(strings.ToLower(s), p.next)
	}
	if fits {
		p.next = ""
	}
	return fits
}

// changes are those that were sent until now.
func (p *tap) changes() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// at has something done right before a change that begins like this arrives.
func (p *tap) at(change string, do func()) {
	p.During(do)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = change
}

// through is the server by way of a proxy.
func (s *server) through(proxy string) catalog.Connection {
	s.t.Helper()
	vars := config.Vars{catalog.Prefix(s.conn.Name) + "URL": strings.ReplaceAll(s.named.URL("postgres"), s.named.Addr, proxy)}
	p, err := postgres.Spec.Open(provider.Settings{Connection: s.conn.Name, Vars: vars, Prefix: catalog.Prefix(s.conn.Name)})
	require.NoError(s.t, err)
	s.t.Cleanup(p.Close)
	c := s.conn
	c.Provider = p
	return c
}

// The same as with a system in memory, at a real server: in the middle of each kind of
// change the trail becomes unwritable. What that step still sends was announced; after it
// the server hears of no change at all, however often it is tried, until the trail can be
// written again.
func TestAServerIsNotChangedWhileTheTrailCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := newServer(t, devtest.Servers(t)[0])
	wire := newTap(t, s.named.Addr)
	w := severtest.New(t, s.through(wire.Addr()))
	w.Policy.MaxPercent, w.Policy.MaxHourPercent = 100, 100
	w.Owns(ada, access.Ref{Connection: s.conn.Name, Name: s.ada})
	o := outages["no right to insert"]
	closed := make(chan error, 1)
	begin := func(change string) { wire.at(change, func() { closed <- o.close(w) }) }
	begin("alter role")
	got := w.Submit(ada, "key-1", func(x *workflows.Submit) { x.Successors = map[string]string{"": s.heir} })
	for i, change := range []string{"alter role", "revoke", "drop role"} {
		if i > 0 {
			begin(change)
			require.NoError(t, o.open(w))
		}
		select {
		case err := <-closed:
			require.NoError(t, err)
		case <-w.Ctx.Done():
			t.Fatalf("there was no %s among %q", change, wire.changes())
		}
		heard, tried := -1, int32(0)
		require.Eventually(t, func() bool {
			switch now := attempts(w, ada); {
			case now == 0:
			case heard < 0: // the step that was announced has ended, in vain
				heard, tried = len(wire.changes()), now
			default:
				return now > tried
			}
			return false
		}, time.Minute, 20*time.Millisecond, "nothing is tried again at %s", change)
		require.Empty(t, wire.changes()[heard:], "at %s", change)
	}
	require.NoError(t, o.open(w))
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
	require.Zero(t, s.number("postgres", "select count(*) from pg_roles where rolname = '"+s.ada+"'"))
	w.Paired(got.Case)
}
