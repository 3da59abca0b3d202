// Package mariadb runs a private MariaDB from binaries that are on the machine, for tests and for trying
// Sever out. What is in it is for throwing away: it gives durability up for speed.
//
// A folder is one server. It listens on a free port of 127.0.0.1, makes its socket inside its folder,
// reads none of the machine's option files, and ends with the process that started it (Linux). Its
// only administrator is root, with a random password, from anywhere on this machine.
//
// Started by root, it runs as the user mysql, or else nobody, and the folder must be one that this user
// can enter.
package mariadb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/severhq/sever/internal/dev/stack/host"
)

const (
	startLimit = time.Minute           // an ordinary start takes 1 s, with a new folder 5 s
	stopLimit  = 20 * time.Second      // an ordinary stop takes 0.3 s
	pollPause  = 20 * time.Millisecond // between two looks at a server that is on its way
	attempts   = 3                     // somebody else may take the free port before us
)

// admin is the only account of a new server that may do everything.
const admin = "root"

// Options say what to start. Only Dir must be given.
type Options struct {
	// Dir is an empty or new folder for the server.
	Dir string
	// Settings are further server settings, such as max_connections.
	Settings map[string]string
}

// Server is a running server.
type Server struct {
	// Addr is the server's address, host:port. It stays the same across Restart.
	Addr string

	options  Options
	programs programs
	home     string
	user     *host.User // to run as; nil means ours
	password string
	process  *host.Process
}

// Start makes the server's data and returns a server that answers.
func Start(ctx context.Context, o Options) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	s := &Server{options: o, password: rand.Text()}
	var err error
	if s.programs, err = find(); err != nil {
		return nil, err
	}
	if err := s.create(ctx); err != nil {
		return nil, fmt.Errorf("create the data of MariaDB in %s: %w", o.Dir, err)
	}
	for attempt := 1; ; attempt++ {
		port, err := host.FreePort()
		if err != nil {
			return nil, err
		}
		s.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if err = s.launch(ctx); err == nil {
			return s, nil
		}
		if attempt == attempts || ctx.Err() != nil {
			return nil, fmt.Errorf("start MariaDB in %s: %w", s.home, err)
		}
	}
}

// Restart starts the server again, on its port, after it has ended. It is tried a few
// times: somebody's connection may have got the port for its own end meanwhile.
func (s *Server) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := s.launch(ctx)
		if err == nil || attempt == attempts || ctx.Err() != nil {
			return err
		}
	}
}

// Config is how the driver reaches the server as root. The caller may change it.
func (s *Server) Config() *mysql.Config {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr = admin, s.password, "tcp", s.Addr
	return c
}

// Pid is the process id of the server.
func (s *Server) Pid() int { return s.process.Pid() }

// Done is closed when the server has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Kill ends the server the hard way and returns when it is gone.
func (s *Server) Kill() error {
	if err := s.process.Signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill MariaDB in %s: %w", s.home, err)
	}
	<-s.process.Done()
	return nil
}

// Stop ends the server in order, cutting its sessions.
func (s *Server) Stop() error {
	if err := s.process.Stop(stopLimit, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop MariaDB in %s: %w", s.home, err)
	}
	return nil
}

// launch runs the server on its port and returns when it takes sessions, or has failed to.
func (s *Server) launch(ctx context.Context) error {
	args, err := s.arguments()
	if err != nil {
		return err
	}
	c := s.command(s.programs.server, args...)
	c.Log = s.logFile()
	c.DeathSignal = syscall.SIGTERM
	if s.process, err = host.Start(c); err != nil {
		return err
	}
	db := s.open()
	defer db.Close()
	for {
		err := db.PingContext(ctx)
		if err == nil && s.ours(ctx, db) {
			if err := os.Remove(s.firstStatements()); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return nil
		}
		select {
		case <-s.process.Done():
			return fmt.Errorf("%w; the end of %s:\n%s", errors.Join(s.process.Err(), errors.New("it ended before it was ready")), c.Log, host.Tail(c.Log, 8))
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err, s.process.Stop(stopLimit, syscall.SIGTERM))
		case <-time.After(pollPause):
		}
	}
}

// ours tells whether the server that answers on the port is the one in the folder.
func (s *Server) ours(ctx context.Context, db *sql.DB) bool {
	var data string
	err := db.QueryRowContext(ctx, "select @@datadir").Scan(&data)
	return err == nil && filepath.Clean(data) == s.dataDir()
}

func (s *Server) open() *sql.DB {
	c := s.Config()
	c.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		panic("mariadb: " + err.Error()) // the configuration is ours
	}
	return sql.OpenDB(connector)
}

func (s *Server) dataDir() string { return filepath.Join(s.home, "data") }
func (s *Server) logFile() string { return filepath.Join(s.home, "server.log") }
func (s *Server) runDir() string  { return filepath.Join(s.home, "run") }

// command describes a program that works in the server's folder.
func (s *Server) command(path string, args ...string) host.Command {
	return host.Command{Path: path, Args: args, Dir: s.runDir(), User: s.user, Env: host.Environment("HOME="+s.runDir(), "TZ=UTC", "TMPDIR="+s.runDir())}
}

// give makes a folder that is the server's own.
func (s *Server) give(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil || s.user == nil {
		return err
	}
	return os.Chown(dir, int(s.user.UID), int(s.user.GID))
}
