package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// A start is tried a few times: the port or the shared memory of a server that was just killed may not
// be free at once.
const (
	attempts     = 5
	attemptPause = 200 * time.Millisecond
)

// begin makes the cluster if there is none and starts its server.
func (s *Server) begin(ctx context.Context) (err error) {
	if s.bin, err = runnable(ctx, s.binary, s.cluster.home, s.cluster.user); err != nil {
		return err
	}
	if err := s.cluster.create(ctx, s.bin, s.binary.Major, s.options.Fast); err != nil {
		return err
	}
	if s.password, err = s.cluster.password(); err != nil {
		return err
	}
	return s.launch(ctx, func() (port int, err error) {
		if port = s.options.Port; port == 0 {
			port, err = host.KeptPort(s.cluster.portFile())
		}
		s.Addr = address(port)
		return port, err
	})
}

// Restart starts the server again, on its port, after it has ended without Stop.
func (s *Server) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if s.bin == "" {
		return fmt.Errorf("restart PostgreSQL in %s: it was started by another process", s.cluster.home)
	}
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	if err := s.launch(ctx, func() (int, error) { return strconv.Atoi(port) }); err != nil {
		return fmt.Errorf("restart PostgreSQL in %s: %w", s.cluster.home, err)
	}
	return nil
}

// launch runs the server until one attempt succeeds.
func (s *Server) launch(ctx context.Context, choosePort func() (int, error)) error {
	for attempt := 1; ; attempt++ {
		port, err := choosePort()
		if err != nil {
			return err
		}
		err = s.run(ctx, port)
		if err == nil || refused(err) || attempt >= attempts && !outlived(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(attemptPause):
		}
	}
}

// outlived reports whether sessions of a server that was killed are still about to end: the
// machine may be busy, and they will.
func outlived(err error) bool { return strings.Contains(err.Error(), "is still in use") }

// run starts the server on a port and returns when it takes sessions, or has failed to.
func (s *Server) run(ctx context.Context, port int) error {
	if !host.PortFree(port) {
		return fmt.Errorf("port %d on 127.0.0.1 is taken by another program: end that one, or choose another port", port)
	}
	if err := s.cluster.dropForeignPidFile(); err != nil {
		return err
	}
	c := s.cluster.command(filepath.Join(s.bin, "postgres"), s.arguments(port)...)
	c.Log = cmp.Or(s.options.Log, s.cluster.logFile())
	c.DeathSignal = syscall.SIGINT // a fast shutdown: nothing is left to recover
	p, err := host.Start(c)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.process = p
	s.mu.Unlock()
	if err := s.awaitReady(ctx, p); err != nil {
		return fmt.Errorf("%w; the end of %s:\n%s", err, c.Log, host.Tail(c.Log, 8))
	}
	if err := s.ping(ctx); err != nil {
		return errors.Join(err, p.Stop(stopLimit, syscall.SIGINT))
	}
	return nil
}

// awaitReady goes by what the server itself writes into its folder: on the port, somebody else may answer.
func (s *Server) awaitReady(ctx context.Context, p *host.Process) error {
	for {
		running, err := s.cluster.postmaster()
		if err != nil {
			return errors.Join(err, p.Stop(stopLimit, syscall.SIGQUIT))
		}
		if running != nil && running.pid == p.Pid() && running.ready {
			return nil
		}
		select {
		case <-p.Done():
			return exit(p)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), p.Stop(stopLimit, syscall.SIGQUIT))
		case <-time.After(pollPause):
		}
	}
}

func exit(p *host.Process) error {
	if err := p.Err(); err != nil {
		return err
	}
	return errors.New("postgres ended before it was ready")
}

// arguments are the server's command line. The last word on a setting wins: what this package promises
// comes last.
func (s *Server) arguments(port int) []string {
	args := []string{"-D", s.cluster.data()}
	set := func(name, value string) { args = append(args, "-c", name+"="+value) }
	set("max_connections", "200")
	set("logging_collector", "off")
	set("synchronous_commit", "on")
	safe := "on"
	if s.options.Fast {
		safe = "off"
	}
	set("fsync", safe)
	set("full_page_writes", safe)
	for _, name := range slices.Sorted(maps.Keys(s.options.Settings)) {
		set(name, s.options.Settings[name])
	}
	set("port", strconv.Itoa(port))
	set("listen_addresses", "127.0.0.1")
	set("unix_socket_directories", "")
	return args
}

// ping asks the server whether it takes sessions.
func (s *Server) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	return c.Close(ctx)
}

// refused tells an answer that will not change by asking again: the password in the folder is not the
// one that the server knows.
func refused(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "28P01"
}

// CreateDatabase makes a database unless it is there.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	c, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	defer c.Close(context.WithoutCancel(ctx))
	_, err = c.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "42P04" { // duplicate_database
		return nil
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}
