package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Process is a running process, our child or not.
type Process struct {
	pid  int
	done chan struct{}
	err  error // valid once done is closed
}

// Start starts a child, which ends with us at the latest.
func Start(c Command) (*Process, error) {
	cmd, err := c.exec(context.Background())
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	if c.Log != "" {
		log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", c.Path, err)
		}
		defer log.Close() // the child has its own
		cmd.Stdout, cmd.Stderr = log, log
	}

	p := &Process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The death signal comes when the thread that started the child ends, not the process: keep it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			p.err = ended(filepath.Base(c.Path), cmd.Wait())
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	return p, nil
}

// Attach watches a process that is not our child.
func Attach(pid int) *Process {
	p := &Process{pid: pid, done: make(chan struct{})}
	go func() {
		for Alive(pid) {
			time.Sleep(50 * time.Millisecond) // there is nothing to wait on
		}
		p.err = fmt.Errorf("process %d has ended", pid)
		close(p.done)
	}()
	return p
}

// Pid is the process id.
func (p *Process) Pid() int { return p.pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the process ended; nil means that it ended by itself and without complaint. It waits
// for the end.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Signal sends a signal to the process alone, not to its own children.
func (p *Process) Signal(s syscall.Signal) error {
	select {
	case <-p.done: // the id may be somebody else's by now
		return os.ErrProcessDone
	default:
		return signal(p.pid, s)
	}
}

// Stop sends the signals in turn, waiting at most patience after each, and at last kills the process
// with all that it started. It returns when the process is gone.
func (p *Process) Stop(patience time.Duration, signals ...syscall.Signal) error {
	for _, s := range signals {
		if err := p.Signal(s); errors.Is(err, os.ErrProcessDone) {
			return nil
		} else if err != nil {
			return fmt.Errorf("stop process %d: %w", p.pid, err)
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(patience):
		}
	}
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := signalGroup(p.pid, syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill process %d: %w", p.pid, err)
	}
	<-p.done
	return nil
}

// ended puts the way a program ended into words.
func ended(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s ended: %w", name, err)
}
