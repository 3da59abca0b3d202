package mysql

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

// answer is what a scripted server says to a statement: rows, or nothing.
type answer struct {
	columns []string
	rows    [][]string // "\x00" is null
}

const null = "\x00"

// script answers statements; a *driver.MySQLError goes to the client as it is.
type script func(sql string) (answer, error)

// serveScript speaks the protocol of MySQL, as far as our driver does, and lets
// everybody in. It returns its address.
func serveScript(t *testing.T, s script) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go (&wire{conn: conn, script: s}).serve()
		}
	}()
	return l.Addr().String()
}

// wire is one connection.
type wire struct {
	conn   net.Conn
	script script
	seq    byte
}

const (
	abilities = 0x00000001 | 0x00000200 | 0x00008000 | 0x00080000 | 0x00000008 // long password, 4.1, its passwords, plugins, a database
	utf8mb4   = 46
	varString = 253
)

func (w *wire) serve() {
	defer w.conn.Close()
	hello := append([]byte{10}, "8.4.3\x00"...)
	hello = append(hello, 1, 0, 0, 0)
	hello = append(hello, "12345678\x00"...)
	hello = binary.LittleEndian.AppendUint16(hello, abilities&0xffff)
	hello = append(hello, utf8mb4, 2, 0)
	hello = binary.LittleEndian.AppendUint16(hello, abilities>>16)
	hello = append(hello, 21)
	hello = append(hello, make([]byte, 10)...)
	hello = append(hello, "123456789012\x00mysql_native_password\x00"...)
	if w.send(hello) != nil {
		return
	}
	if _, err := w.receive(); err != nil || w.ok() != nil {
		return
	}
	for {
		packet, err := w.receive()
		if err != nil || len(packet) == 0 || w.command(packet[0], string(packet[1:])) != nil {
			return
		}
	}
}

func (w *wire) command(code byte, body string) error {
	switch code {
	case 0x03: // a statement
		a, err := w.script(body)
		if refusal, ok := errors.AsType[*driver.MySQLError](err); ok {
			return w.refuse(refusal)
		}
		if err != nil || a.columns == nil {
			return errors.Join(err, w.ok())
		}
		return w.rows(a)
	case 0x16: // preparing one: no parameters, no columns
		return w.send([]byte{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	case 0x19: // forgetting that
		return nil
	case 0x0e: // a ping
		return w.ok()
	}
	return io.EOF
}

func (w *wire) rows(a answer) error {
	err := w.send([]byte{byte(len(a.columns))})
	for _, name := range a.columns {
		def := texts("def", "", "", "", name, "")
		def = append(def, 12, utf8mb4, 0, 0, 1, 0, 0, varString, 0, 0, 0, 0, 0)
		err = errors.Join(err, w.send(def))
	}
	end := []byte{0xfe, 0, 0, 2, 0}
	err = errors.Join(err, w.send(end))
	for _, row := range a.rows {
		err = errors.Join(err, w.send(texts(row...)))
	}
	return errors.Join(err, w.send(end))
}

func texts(all ...string) (out []byte) {
	for _, s := range all {
		if s == null {
			out = append(out, 0xfb)
			continue
		}
		out = append(out, 0xfc)
		out = binary.LittleEndian.AppendUint16(out, uint16(len(s)))
		out = append(out, s...)
	}
	return out
}

func (w *wire) ok() error { return w.send([]byte{0, 0, 0, 2, 0, 0, 0}) }

func (w *wire) refuse(e *driver.MySQLError) error {
	out := binary.LittleEndian.AppendUint16([]byte{0xff}, e.Number)
	return w.send(append(append(out, "#HY000"...), e.Message...))
}

func (w *wire) send(body []byte) error {
	head := []byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), w.seq}
	w.seq++
	_, err := w.conn.Write(append(head, body...))
	return err
}

func (w *wire) receive() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(w.conn, head[:]); err != nil {
		return nil, err
	}
	w.seq = head[3] + 1
	body := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
	_, err := io.ReadFull(w.conn, body)
	return body, err
}
