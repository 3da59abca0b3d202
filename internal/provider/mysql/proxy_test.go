package mysql_test

import (
	"net"
	"regexp"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/require"
)

// proxy stands between a provider and the server, and can fail.
type proxy struct {
	listener net.Listener
	server   string

	mu        sync.Mutex
	down      bool
	fault     fault
	meanwhile func() // runs once, when a statement that changes something is on its way
	open      map[net.Conn]bool
}

// fault is what happens to the next statement that changes something.
type fault int

const (
	none   fault = iota
	before       // it never reaches the server
	after        // its answer never comes back
)

func (w *world) throughProxy() *proxy {
	w.Helper()
	p := &proxy{server: w.server.Addr, open: map[net.Conn]bool{}}
	var err error
	p.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w, err)
	w.Cleanup(func() { p.setDown(true); _ = p.listener.Close() })
	go p.serve()
	return p
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

// changing is a packet with a statement that changes something.
var changing = regexp.MustCompile(`(?is)^....\x03(alter|revoke|grant|drop|create|set default)\b`)

// forward passes on what the client says, up to the statement that is to fail.
func (p *proxy) forward(client, server net.Conn, mute *atomic.Bool) {
	defer p.cut(client, server)
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		switch p.take(changing.Match(buffer[:n])) {
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

func (p *proxy) take(changes bool) fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !changes {
		return none
	}
	if p.meanwhile != nil {
		p.meanwhile()
		p.meanwhile = nil
	}
	f := p.fault
	p.fault = none
	return f
}

// during has something happen right before the next change arrives.
func (p *proxy) during(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meanwhile = do
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
