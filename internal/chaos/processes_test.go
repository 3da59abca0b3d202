package chaos

import (
	"context"
	"errors"
	"io"
	"log"
	"slices"
	"sync"
	"time"

	"github.com/severhq/sever/internal/dev/stack/host"
)

var silent = log.New(io.Discard, "", 0)

// server is one that can be killed and started again. Faults may overlap: it is up when
// the last of them is mended.
type server struct {
	part interface {
		Kill() error
		Restart(context.Context) error
		Done() <-chan struct{}
	}
	stop func() error

	mu   sync.Mutex
	down int
}

// kill ends the server without a word; mend starts it again.
func (s *server) kill() (mend func() error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down++
	if s.down == 1 {
		err = s.part.Kill()
	}
	return func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.down--; s.down > 0 {
			return nil
		}
		return s.part.Restart(context.Background())
	}, err
}

// killIn kills the server a little later, while whoever asks goes on.
func (s *server) killIn(lag time.Duration) (mend func() error) {
	var restart func() error
	failed := make(chan error, 1)
	time.AfterFunc(lag, func() {
		var err error
		restart, err = s.kill()
		failed <- err
	})
	return func() error { return errors.Join(<-failed, restart()) }
}

// revive starts a server again that has ended by itself, and says whether it had.
func (s *server) revive(ctx context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.part.Done():
		if s.down == 0 {
			return true, s.part.Restart(ctx)
		}
	default:
	}
	return false, nil
}

// worker is a sever-worker that is started again whenever it ends, as any supervisor
// of services does it.
type worker struct {
	log   string
	clock *clock
	stop  func()

	mu      sync.Mutex
	process *host.Process
	dead    time.Time // until then it stays so
}

func startWorker(program string, env []string, log string) (*worker, error) {
	c, err := newClock(log + ".clock")
	if err != nil {
		return nil, err
	}
	k, env := &worker{log: log, clock: c}, append(slices.Clone(env), c.env())
	ctx, cancel := context.WithCancel(context.Background())
	p, err := host.Start(host.Command{Path: program, Env: env, Log: log})
	if err != nil {
		cancel()
		return nil, err
	}
	k.process = p
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case <-ctx.Done():
				_ = p.Stop(0)
				return
			case <-p.Done():
			}
			k.mu.Lock()
			wait := max(time.Until(k.dead), 100*time.Millisecond)
			k.mu.Unlock()
			if pause(ctx, wait) != nil {
				return
			}
			again, err := host.Start(host.Command{Path: program, Env: env, Log: log})
			if err != nil {
				continue
			}
			p = again
			k.mu.Lock()
			k.process = p
			k.mu.Unlock()
		}
	}()
	k.stop = func() { cancel(); <-over }
	return k, nil
}

// kill ends the process without a word, and keeps it down for a while.
func (k *worker) kill(d time.Duration) error {
	k.mu.Lock()
	k.dead = time.Now().Add(d)
	p := k.process
	k.mu.Unlock()
	return p.Stop(0)
}
