package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
)

// layout says which service listens where.
type layout struct {
	frontend string // host:port
	services map[string]config.Service
	hosts    map[primitives.ServiceName]static.Hosts
}

// layOut gives every service a port: the frontend the one asked for, the others free ones.
func layOut(ip string, frontendPort int) (layout, error) {
	names := []primitives.ServiceName{
		primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
	}
	ports, err := freePorts(ip, len(names))
	if err != nil {
		return layout{}, fmt.Errorf("find free ports on %s: %w", ip, err)
	}
	if frontendPort != 0 {
		if err := available(ip, frontendPort); err != nil {
			return layout{}, err
		}
		ports[0] = frontendPort
	}
	l := layout{services: map[string]config.Service{}, hosts: map[primitives.ServiceName]static.Hosts{}}
	for i, name := range names {
		address := net.JoinHostPort(ip, strconv.Itoa(ports[i]))
		l.services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: ports[i], BindOnIP: ip}}
		l.hosts[name] = static.SingleLocalHost(address)
		if name == primitives.FrontendService {
			l.frontend = address
		}
	}
	return l, nil
}

// available tells in our words what the server would only log before it ends the process.
func available(ip string, port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("port %d is not available (choose another with --port): %w", port, err)
	}
	return l.Close()
}

// freePorts returns n different free ports.
//
// Between closing a listener and opening the service's own, the kernel may hand the port to somebody's
// outgoing connection. A port with a connection in TIME_WAIT is not handed out, while a server may still
// bind it, so each port is left with one.
func freePorts(ip string, n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
		if err != nil {
			return nil, err
		}
		defer l.Close() // at the end, so that the ports differ
		if err := leaveTimeWait(l); err != nil {
			return nil, err
		}
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// leaveTimeWait connects to l and hangs up on l's side first: that side gets the TIME_WAIT.
func leaveTimeWait(l net.Listener) error {
	out, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	in, err := l.Accept()
	if err != nil {
		return errors.Join(err, out.Close())
	}
	return errors.Join(in.Close(), out.Close())
}
