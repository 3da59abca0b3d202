package postgres

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// postmaster is what a server says about itself in postmaster.pid.
type postmaster struct {
	pid, port int
	ready     bool // takes sessions
}

// postmaster finds the server that works on the cluster now. It returns nil when there is none.
func (c cluster) postmaster() (*postmaster, error) {
	lines, err := c.pidLines()
	if err != nil {
		return nil, err
	}
	p := &postmaster{
		pid:   number(lines, 0),
		port:  number(lines, 3),
		ready: len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready",
	}
	if p.pid == 0 || !host.Alive(p.pid) || !c.isServer(p.pid) {
		return nil, nil
	}
	return p, nil
}

// pidLines reads postmaster.pid. It returns nothing when there is no such file.
func (c cluster) pidLines() ([]string, error) {
	b, err := os.ReadFile(c.pidFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return strings.Split(string(b), "\n"), err
}

// number reads one line; the server writes them one after the other, so the later ones may be missing.
func number(lines []string, i int) int {
	if i >= len(lines) {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(lines[i]))
	return n
}

// isServer tells a server from a process that got the number of one that died.
func (c cluster) isServer(pid int) bool {
	words, ok := host.CommandLine(pid)
	return !ok || slices.ContainsFunc(words, func(w string) bool {
		return w == c.data() || strings.HasPrefix(filepath.Base(w), "postgres")
	})
}

// dropForeignPidFile removes a postmaster.pid whose number belongs to some other program by now, as it
// often does after a restart of the machine or the container: PostgreSQL would refuse to start.
// In all other cases the file stays, because PostgreSQL learns from it whether old processes still run.
func (c cluster) dropForeignPidFile() error {
	lines, err := c.pidLines()
	if err != nil {
		return err
	}
	pid := number(lines, 0)
	if pid == 0 || !host.Alive(pid) || c.isServer(pid) {
		return nil
	}
	return os.Remove(c.pidFile())
}
