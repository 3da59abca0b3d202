package host

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// KeptPort returns the loopback port that file remembers, so that addresses stay valid across restarts.
// Without one, or when somebody else took it meanwhile, it returns a free port and remembers that.
func KeptPort(file string) (int, error) {
	b, err := os.ReadFile(file)
	if err == nil {
		if port, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && PortFree(port) {
			return port, nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	return NewPort(file)
}

// NewPort picks a free loopback port and remembers it in file.
func NewPort(file string) (int, error) {
	port, err := FreePort()
	if err != nil {
		return 0, err
	}
	return port, os.WriteFile(file, fmt.Appendf(nil, "%d\n", port), 0o600)
}

// PortFree tells whether a server could listen on the loopback port now.
func PortFree(port int) bool {
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// FreePort returns a loopback port that nobody listens on.
//
// It leaves a connection of the port in TIME_WAIT. The kernel then gives the port to nobody's outgoing
// connection for a minute, while a server may bind it: without this, one start in about forty failed.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", loopback(0))
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	out, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer out.Close()
	in, err := l.Accept()
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	// The side that hangs up first gets the TIME_WAIT.
	if err := in.Close(); err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().(*net.TCPAddr).Port, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
