package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Command describes a child process.
type Command struct {
	Path string   // of the program
	Args []string // without the program's name
	Env  []string // all of it; nil means Environment()
	Dir  string   // to run in; empty means ours
	Log  string   // file that Start appends both outputs to; empty drops them
	User *User    // to run as; nil means ours
	// DeathSignal is what the kernel sends when this process dies; zero means SIGKILL.
	DeathSignal syscall.Signal
}

// exec prepares the command for os/exec.
func (c Command) exec(ctx context.Context) (*exec.Cmd, error) {
	if c.DeathSignal == 0 {
		c.DeathSignal = syscall.SIGKILL
	}
	if c.Env == nil {
		c.Env = Environment()
	}
	attr, err := attributes(c)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.SysProcAttr, cmd.Dir, cmd.Env = attr, c.Dir, c.Env
	return cmd, nil
}

// Output runs a program to its end and returns what it wrote. When ctx ends first, the program is killed
// with all that it started.
func Output(ctx context.Context, c Command) ([]byte, error) {
	cmd, err := c.exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", c.Path, err)
	}
	cmd.Cancel = func() error { return signalGroup(cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out

	runtime.LockOSThread() // see Start
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("run %s: %w", c.Path, errors.Join(context.Cause(ctx), err))
	}
	return out.Bytes(), nil
}
