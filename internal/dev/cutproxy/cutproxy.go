// Package cutproxy stands between a client and a server, in tests, and can fail: it is
// down, or it breaks the connection just before or just after one packet.
package cutproxy

import (
	"net"
	"sync"
	"sync/atomic"
)

// Fault is what happens to the next packet that fits.
type Fault int

// The faults.
const (
	none   Fault = iota
	Before       // it never reaches the server
	After        // its answer never comes back
)

// Proxy passes everything on to one server until it is told to fail.
type Proxy struct {
	listener net.Listener
	server   string
	fits     func(packet []byte) bool

	mu        sync.Mutex
	down      bool
	fault     Fault
	meanwhile func() // runs once, when a packet that fits is on its way
	open      map[net.Conn]bool
}

// Start listens on a free port of this machine. A fault is for what the client sends and
// fits; it must be one write of the client's.
func Start(server string, fits func(packet []byte) bool) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, server: server, fits: fits, open: map[net.Conn]bool{}}
	go p.serve()
	return p, nil
}

// Addr is where to connect instead of to the server.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Fail breaks the connection at the next packet that fits, once.
func (p *Proxy) Fail(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// During has something happen right before the next packet that fits arrives, once.
func (p *Proxy) During(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meanwhile = do
}

// Down cuts every connection, and each new one, until Up.
func (p *Proxy) Down() {
	p.mu.Lock()
	p.down = true
	var all []net.Conn
	for c := range p.open {
		all = append(all, c)
	}
	p.mu.Unlock()
	p.cut(all...)
}

// Up lets connections through again.
func (p *Proxy) Up() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
}

// Close cuts every connection and stops listening.
func (p *Proxy) Close() {
	p.Down()
	_ = p.listener.Close()
}

func (p *Proxy) serve() {
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

func (p *Proxy) add(conns ...net.Conn) bool {
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

func (p *Proxy) cut(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.open, c)
	}
}

// forward passes on what the client says, up to the packet that is to fail.
func (p *Proxy) forward(client, server net.Conn, mute *atomic.Bool) {
	defer p.cut(client, server)
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		switch p.take(p.fits(buffer[:n])) {
		case Before:
			return
		case After:
			mute.Store(true)
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// backward passes on the answers, up to the one that is to be lost.
func (p *Proxy) backward(client, server net.Conn, mute *atomic.Bool) {
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

func (p *Proxy) take(fits bool) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !fits {
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
