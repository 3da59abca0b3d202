package chaos

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// tap stands between the proxy and MariaDB and sees every statement that arrives: after
// all that the network does to it, and before the server reads it.
type tap struct {
	wire     *wire
	upstream string
	// whose is the name of whoever has a session, or nothing when nobody has it.
	whose func(session string) string
	l     net.Listener
}

func startTap(w *wire, upstream string, whose func(string) string) (*tap, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &tap{wire: w, upstream: upstream, whose: whose, l: l}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go t.serve(client)
		}
	}()
	return t, nil
}

// serve passes one connection on, packet by packet, until either side ends it.
func (t *tap) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", t.upstream)
	if err != nil {
		return
	}
	c := &tapped{tap: t}
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer client.Close()
		relay(server, client, c.answer)
	}()
	relay(client, server, c.command)
	_ = server.Close()
	<-over
}

// relay passes packets on. What arrived whole is shown before it is passed on.
func relay(from io.Reader, to io.Writer, show func(head, body []byte)) {
	for {
		head := make([]byte, 4) // three bytes of length, and the number in the exchange
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		body := make([]byte, binary.LittleEndian.Uint32(append(head[:3:3], 0)))
		if _, err := io.ReadFull(from, body); err != nil {
			return
		}
		show(head, body)
		if _, err := to.Write(slices.Concat(head, body)); err != nil {
			return
		}
	}
}

// tapped is one connection, with the change that has no answer yet.
type tapped struct {
	tap *tap

	mu   sync.Mutex
	open *seen
	told func() // that it took effect
}

// unanswered is the status of what nothing was said to.
const unanswered = -1

// command sees what a client sends. Only the first packet of an exchange is a command;
// those of the login are not.
func (c *tapped) command(head, body []byte) {
	if head[3] != 0 || len(body) == 0 {
		return
	}
	s := c.tap.statement(body[0], string(body[1:]))
	if s == nil {
		return
	}
	s.At, s.Status = time.Now(), unanswered
	n, tell := c.tap.wire.keep(s)
	c.mu.Lock()
	c.open, c.told = s, func() {}
	if n > 0 {
		c.told = func() { tell(n, false) }
	}
	c.mu.Unlock()
	if n > 0 {
		tell(n, true)
	}
}

// answer sees what the server says: of an error the number, else nothing.
func (c *tapped) answer(_, body []byte) {
	c.mu.Lock()
	s, told := c.open, c.told
	c.open = nil
	c.mu.Unlock()
	if s == nil {
		return
	}
	status := 0
	if len(body) > 2 && body[0] == 0xff {
		status = int(binary.LittleEndian.Uint16(body[1:]))
	}
	c.tap.wire.answered(s, status)
	told()
}
