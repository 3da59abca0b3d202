package e2e_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// dialect is how a server of SQL is spoken to, as far as a parrot has to know.
type dialect struct {
	// frame reads one message of the client's; text is its statement, if it is one.
	frame func(in *bufio.Reader, first bool) (message []byte, text string, err error)
	// refuse is the server's answer to a statement that it does not carry out.
	refuse func(words string) []byte
}

// parrot stands before a server of SQL and refuses some changes, by repeating the
// statement and our password. All else passes.
type parrot struct {
	dialect
	net.Listener
	server, password string

	mu      sync.Mutex
	spoil   int             // so many changes are refused
	spoiled int             // were
	secrets map[string]bool // literals behind a word for passwords, in statements
}

var (
	changes  = regexp.MustCompile(`(?i)^\s*(alter (role|user)|drop (role|user)|revoke|grant|reassign)\b`)
	literals = regexp.MustCompile(`(?i)(?:password|identified by|using| as) '([^']{8,})'`)
)

func newParrot(t *testing.T, d dialect, server, password string, spoil int) *parrot {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	p := &parrot{dialect: d, Listener: l, server: server, password: password, spoil: spoil, secrets: map[string]bool{}}
	go p.serve()
	return p
}

func (p *parrot) serve() {
	for {
		client, err := p.Accept()
		if err != nil {
			return
		}
		go p.pass(client)
	}
}

func (p *parrot) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	in := bufio.NewReader(client)
	for first := true; ; first = false {
		message, statement, err := p.frame(in, first)
		if err != nil {
			return
		}
		// Who has asked waits for the answer: nobody else writes to the client meanwhile.
		if p.refuses(statement) {
			_, err = client.Write(p.refuse(fmt.Sprintf("permission denied; you are sever with the password %s and you sent: %s", p.password, statement)))
		} else {
			_, err = server.Write(message)
		}
		if err != nil {
			return
		}
	}
}

func (p *parrot) refuses(statement string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, found := range literals.FindAllStringSubmatch(statement, -1) {
		p.secrets[found[1]] = true
	}
	if !changes.MatchString(statement) || p.spoiled >= p.spoil {
		return false
	}
	p.spoiled++
	return true
}

func (p *parrot) known() (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.secrets {
		out = append(out, s)
	}
	return out
}

// postgresParrot reads what is asked in one message, as changes are.
var postgresParrot = dialect{
	frame: func(in *bufio.Reader, first bool) ([]byte, string, error) {
		head := make([]byte, 5)
		if first { // it has no type
			head = head[:4]
		}
		if _, err := io.ReadFull(in, head); err != nil {
			return nil, "", err
		}
		body := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
		_, err := io.ReadFull(in, body)
		text := ""
		if !first && head[0] == 'Q' {
			text = strings.TrimRight(string(body), "\x00")
		}
		return slices.Concat(head, body), text, err
	},
	refuse: func(words string) []byte {
		body := "SERROR\x00VERROR\x00C42501\x00M" + words + "\x00\x00"
		return append(append([]byte{'E'}, binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))...), body+"Z\x00\x00\x00\x05E"...)
	},
}

// mariadbParrot reads commands: the first message of an exchange.
var mariadbParrot = dialect{
	frame: func(in *bufio.Reader, _ bool) ([]byte, string, error) {
		head := make([]byte, 4)
		if _, err := io.ReadFull(in, head); err != nil {
			return nil, "", err
		}
		body := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
		_, err := io.ReadFull(in, body)
		text := ""
		if head[3] == 0 && len(body) > 0 && (body[0] == 0x03 || body[0] == 0x16) { // a query, or one to be prepared
			text = string(body[1:])
		}
		return slices.Concat(head, body), text, err
	},
	refuse: func(words string) []byte {
		body := "\xff" + string(binary.LittleEndian.AppendUint16(nil, 1142)) + "#42000" + words
		return append([]byte{byte(len(body)), byte(len(body) >> 8), 0, 1}, body...)
	},
}
