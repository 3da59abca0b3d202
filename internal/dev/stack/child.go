package stack

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// Child is a program that runs. It can be started again after it has ended.
type Child struct {
	name     string
	command  host.Command
	patience time.Duration // with a request to stop, before the program is killed

	mu      sync.Mutex
	process *host.Process
}

// startChild runs the command for the first time.
func startChild(name string, c host.Command, patience time.Duration) (*Child, error) {
	child := &Child{name: name, command: c, patience: patience}
	return child, child.Restart(context.Background())
}

// Restart runs the program again.
func (c *Child) Restart(context.Context) error {
	p, err := host.Start(c.command)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	c.mu.Lock()
	c.process = p
	c.mu.Unlock()
	return nil
}

// Pid is the process id of the present run.
func (c *Child) Pid() int { return c.current().Pid() }

// Done is closed when the present run has ended.
func (c *Child) Done() <-chan struct{} { return c.current().Done() }

// Err says how the present run ended, once it has.
func (c *Child) Err() error { return c.current().Err() }

// Kill ends the present run the hard way and returns when it is gone.
func (c *Child) Kill() error {
	p := c.current()
	if err := p.Stop(0); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// Stop asks the program to end, and kills it when it does not.
func (c *Child) Stop() error {
	if err := c.current().Stop(c.patience, syscall.SIGTERM); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

func (c *Child) current() *host.Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.process
}

// early says how a program ended that should not have.
func (c *Child) early() error {
	err := c.Err()
	if err == nil {
		err = errEndedByItself
	}
	if tail := host.Tail(c.command.Log, 8); tail != "" {
		return fmt.Errorf("%s: %w; the end of %s:\n%s", c.name, err, c.command.Log, tail)
	}
	return fmt.Errorf("%s: %w", c.name, err)
}
