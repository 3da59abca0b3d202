package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/severhq/sever/internal/dev/stack/host"
)

const (
	startLimit = time.Minute           // an ordinary start takes 0.1 s, with initdb 1 s
	stopLimit  = 20 * time.Second      // per signal; an ordinary stop takes 0.1 s
	pollPause  = 10 * time.Millisecond // between two looks at a server that is on its way
)

// Options say what to start. Only Dir must be given.
type Options struct {
	// Dir is the folder of the cluster. It is made if need be.
	Dir string
	// BinDir is the folder with initdb and postgres. Empty means the first of Versions, or for an existing
	// cluster the first of the version that wrote it.
	BinDir string
	// Port is the port on 127.0.0.1. Zero means the one of last time, or else a free one.
	Port int
	// Log is the file of the server's log. Empty means server.log in Dir.
	Log string
	// Settings are further server settings, such as max_connections.
	Settings map[string]string
	// Fast is for tests: a commit survives the death of the server, but not that of the machine.
	Fast bool
}

// Server is a running server.
type Server struct {
	// Addr is the server's address, host:port. It stays the same, across restarts as well.
	Addr string

	cluster  cluster
	options  Options
	binary   Binary
	bin      string // where the programs are run from; empty when the server was joined
	password string
	lock     *host.Lock // nil when the server belongs to another process

	mu      sync.Mutex
	process *host.Process // of the present run
}

// Start returns a server that answers. One that already runs on the folder is joined; it keeps the port
// and the settings it has.
func Start(ctx context.Context, o Options) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	s := &Server{options: o}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := s.open(ctx); err != nil {
		s.lock.Release()
		return nil, fmt.Errorf("start PostgreSQL in %s: %w", s.cluster.home, err)
	}
	return s, nil
}

// prepare settles the folder, the user and the programs.
func (s *Server) prepare(ctx context.Context) (err error) {
	found, err := installations(s.options.BinDir)
	if err != nil {
		return err
	}
	if s.cluster, err = openFolder(ctx, s.options.Dir); err != nil {
		return err
	}
	major, err := s.cluster.major()
	if err != nil {
		return err
	}
	s.binary, err = choose(found, major)
	return err
}

// open joins the server that runs on the folder, or starts one if the folder is ours.
func (s *Server) open(ctx context.Context) error {
	for {
		if err := s.tryLock(); err != nil {
			return err
		}
		running, err := s.cluster.postmaster()
		if err != nil {
			return err
		}
		if running == nil && s.lock != nil {
			return s.begin(ctx)
		}
		if running != nil {
			if err = s.join(ctx, running); err == nil || refused(err) {
				return err
			}
		}
		// A server that is going down, or another process that is starting one: look again.
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pollPause):
		}
	}
}

// tryLock takes the folder, unless we or another process have it.
func (s *Server) tryLock() error {
	if s.lock != nil {
		return nil
	}
	lock, err := host.TryLock(s.cluster.lockFile())
	if errors.Is(err, host.ErrLocked) {
		return nil
	}
	s.lock = lock
	return err
}

// join uses a server that runs already.
func (s *Server) join(ctx context.Context, running *postmaster) (err error) {
	if s.password, err = s.cluster.password(); err != nil {
		return err
	}
	if !running.ready {
		return fmt.Errorf("process %d takes no sessions", running.pid)
	}
	s.Addr = address(running.port)
	if err := s.ping(ctx); err != nil {
		return fmt.Errorf("process %d, port %d: %w", running.pid, running.port, err)
	}
	s.process = host.Attach(running.pid)
	return nil
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// URL is the connection string of a database, with the password in it.
func (s *Server) URL(db string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, s.password),
		Host: s.Addr, Path: "/" + db, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Major is the major version, such as 18.
func (s *Server) Major() int { return s.binary.Major }

// Pid is the process id of the postmaster.
func (s *Server) Pid() int { return s.current().Pid() }

// Done is closed when the postmaster has ended, for whatever reason. After Restart there is a new one.
func (s *Server) Done() <-chan struct{} { return s.current().Done() }

// Err says how the postmaster has ended, once it has.
func (s *Server) Err() error { return s.current().Err() }

// Kill ends the postmaster the hard way and returns when it is gone, for tests of what comes next:
// Restart, or Stop followed by Start.
func (s *Server) Kill() error {
	p := s.current()
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill PostgreSQL in %s: %w", s.cluster.home, err)
	}
	<-p.Done()
	return nil
}

// Stop ends the server in order, cutting its sessions, and gives the folder free. A server that was
// joined while another process held the folder goes on for that process.
func (s *Server) Stop() error {
	if s.lock == nil {
		return nil
	}
	defer s.lock.Release()
	// First "fast", then "immediate" shutdown: the latter recovers on the next start.
	if err := s.current().Stop(stopLimit, syscall.SIGINT, syscall.SIGQUIT); err != nil {
		return fmt.Errorf("stop PostgreSQL in %s: %w", s.cluster.home, err)
	}
	return nil
}

func (s *Server) current() *host.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}
