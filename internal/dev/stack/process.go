package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// processPatience lets a worker finish the item it is at.
const processPatience = 30 * time.Second

// Process is a program to keep running.
type Process struct {
	Name string   // for messages and for the log
	Path string   // of the program
	Args []string // without the program's name
	Env  []string // all of it; nil means the environment of this process
	Log  string   // file; empty means NAME.log among the logs of the stack
}

// Supervise starts a program and starts it again, with growing pauses, when it crashes; one that ends
// without an error has done its work. It is stopped when ctx ends, or with the stack, before the servers.
func (s *Stack) Supervise(ctx context.Context, p Process) (*Child, error) {
	c := host.Command{Path: p.Path, Args: p.Args, Env: p.Env, Log: p.Log}
	if c.Env == nil {
		c.Env = os.Environ()
	}
	if c.Log == "" {
		c.Log = s.logFile(p.Name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil, fmt.Errorf("start %s: the stack in %s is stopped", p.Name, s.Dir)
	}
	child, err := startChild(p.Name, c, processPatience)
	if err != nil {
		return nil, err
	}
	s.keep(ctx, &kept{part: child, name: p.Name, mayEnd: true})
	return child, nil
}

// logFile is the log of a program.
func (s *Stack) logFile(name string) string { return filepath.Join(s.Dir, "log", name+".log") }
