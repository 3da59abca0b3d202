package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/postgres"
	"github.com/severhq/sever/internal/dev/stack/host"
)

// Stack is a running stack.
type Stack struct {
	// Dir is the folder that holds everything.
	Dir string
	// TemporalAddress is where Temporal listens, host:port, and Namespace is Sever's there.
	TemporalAddress, Namespace string
	// Database is the connection string of Sever's database.
	Database config.Secret
	// Postgres is the server of the records, Temporal the one of the workflows. Either is nil when it was
	// given from outside.
	Postgres *postgres.Server
	Temporal *Temporal

	options Options
	lock    *host.Lock
	done    chan error

	mu      sync.Mutex
	parts   []*kept // in the order of starting
	stopped bool
}

// Start returns a stack whose servers answer. When one cannot be started, none is left running.
func Start(ctx context.Context, o Options) (*Stack, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	s := &Stack{
		Dir: o.Dir, Namespace: o.Namespace, TemporalAddress: o.TemporalAddress, Database: o.DatabaseURL,
		options: o, done: make(chan error, 1),
	}
	if err := s.takeFolder(); err != nil {
		return nil, err
	}
	if err := s.startServers(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// takeFolder makes the folder and keeps others off it.
func (s *Stack) takeFolder() error {
	if err := s.makeFolders(); err != nil {
		return fmt.Errorf("the folder of the stack: %w", err)
	}
	lock, err := host.TryLock(filepath.Join(s.Dir, "lock"))
	if errors.Is(err, host.ErrLocked) {
		return fmt.Errorf("a stack runs in %s already: stop that one, or choose another folder with SEVER_HOME (%w)", s.Dir, err)
	}
	s.lock = lock
	return err
}

func (s *Stack) makeFolders() error {
	_, err := os.Stat(s.Dir)
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) {
		// Whatever the umask, others may pass: as root, PostgreSQL runs as another user below it.
		if err := os.Chmod(s.Dir, 0o755); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(s.Dir, "log"), 0o700)
}

// startServers starts what was not given, side by side.
func (s *Stack) startServers(ctx context.Context) error {
	var wg sync.WaitGroup
	var postgresErr, temporalErr error
	if s.Database.Empty() {
		wg.Go(func() { postgresErr = s.startPostgres(ctx) })
	}
	if s.TemporalAddress == "" {
		wg.Go(func() { temporalErr = s.startTemporal(ctx) })
	}
	wg.Wait()

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Postgres != nil {
		s.keep(context.Background(), &kept{part: s.Postgres, name: "postgres"})
	}
	if s.Temporal != nil {
		s.keep(context.Background(), &kept{part: s.Temporal, name: "temporal"})
	}
	return errors.Join(postgresErr, temporalErr)
}

func (s *Stack) startPostgres(ctx context.Context) (err error) {
	s.Postgres, err = postgres.Start(ctx, postgres.Options{
		Dir: filepath.Join(s.Dir, "postgres"), Settings: s.options.PostgresSettings, Log: s.logFile("postgres"),
	})
	if err != nil {
		return err
	}
	s.Database = config.NewSecret(s.Postgres.URL(databaseName))
	return s.Postgres.CreateDatabase(ctx, databaseName)
}

func (s *Stack) startTemporal(ctx context.Context) (err error) {
	s.Temporal, err = StartTemporal(ctx, TemporalOptions{
		Program: s.options.Temporald, Dir: filepath.Join(s.Dir, "temporal"), Durable: true, Log: s.logFile("temporal"),
		Namespace: s.Namespace, SearchAttributes: s.options.SearchAttributes,
	})
	if err != nil {
		return err
	}
	s.TemporalAddress = s.Temporal.Address
	return nil
}

// keep watches a part from now on. s.mu is held.
func (s *Stack) keep(ctx context.Context, k *kept) {
	k.log = s.options.Log
	k.lost = func(err error) {
		select {
		case s.done <- fmt.Errorf("%w (the logs are in %s)", err, filepath.Join(s.Dir, "log")):
		default: // one is enough to know
		}
	}
	s.parts = append(s.parts, k.start(ctx))
}

// Vars are the variables that Sever's programs find the servers by.
func (s *Stack) Vars() config.Vars {
	return config.Vars{
		"TEMPORAL_ADDRESS":   s.TemporalAddress,
		"TEMPORAL_NAMESPACE": s.Namespace,
		"SEVER_DATABASE_URL": s.Database.Reveal(),
	}
}

// Done delivers an error when a part has died and starting it again did not help. It is closed by Stop.
func (s *Stack) Done() <-chan error { return s.done }

// Stop ends everything in order: the supervised programs, the last one first, then the servers. What has
// not ended when ctx ends is killed.
func (s *Stack) Stop(ctx context.Context) error {
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return nil
	}
	s.stopped = true
	parts := s.parts
	s.mu.Unlock()

	var errs []error
	for _, k := range slices.Backward(parts) {
		errs = append(errs, k.end(ctx))
	}
	close(s.done)
	s.lock.Release()
	return errors.Join(errs...)
}
