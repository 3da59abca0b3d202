package postgres_test

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/require"
)

// proxy stands between a provider and the server, and can fail.
type proxy struct {
	listener net.Listener
	server   string

	mu    sync.Mutex
	down  bool
	fault fault
	open  map[net.Conn]bool
}

// fault is what happens to the next COMMIT.
type fault int

const (
	none   fault = iota
	before       // it never reaches the server
	after        // its answer never comes back
)

// throughProxy is the server's URL by way of a proxy.
func (w *world) throughProxy() (*proxy, string) {
	w.Helper()
	u, err := url.Parse(w.server.URL("postgres"))
	require.NoError(w, err)
	p := &proxy{server: u.Host, open: map[net.Conn]bool{}}
	p.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w, err)
	w.Cleanup(func() { p.setDown(true); _ = p.listener.Close() })
	go p.serve()
	u.Host = p.listener.Addr().String()
	return p, u.String()
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil || !p.add(client, server) {
			_ = client.Close()
			continue
		}
		var mute atomic.Bool
		go p.backward(client, server, &mute)
		go p.forward(client, server, &mute)
	}
}

func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.open[c] = true
	}
	if p.down {
		go p.cut(conns...)
	}
	return !p.down
}

func (p *proxy) cut(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.open, c)
	}
}

// forward passes on what the client says, up to the COMMIT that is to fail.
func (p *proxy) forward(client, server net.Conn, mute *atomic.Bool) {
	defer p.cut(client, server)
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		switch p.take(bytes.Contains(buffer[:n], []byte("commit\x00"))) {
		case before:
			return
		case after:
			mute.Store(true)
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// backward passes on the answers, up to the one that is to be lost.
func (p *proxy) backward(client, server net.Conn, mute *atomic.Bool) {
	defer p.cut(client, server)
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil || mute.Load() {
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) take(commit bool) fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !commit {
		return none
	}
	f := p.fault
	p.fault = none
	return f
}

func (p *proxy) fail(f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

func (p *proxy) setDown(down bool) {
	p.mu.Lock()
	p.down = down
	var all []net.Conn
	for c := range p.open {
		all = append(all, c)
	}
	p.mu.Unlock()
	if down {
		p.cut(all...)
	}
}
