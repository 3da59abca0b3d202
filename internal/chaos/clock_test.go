package chaos

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A program of ours cannot be told another time by its surroundings: Go asks the kernel
// itself. So the programs that are to be confused are compiled with a standard library
// whose time.Now adds what a file says. Nothing else about them differs.

// clock is what the clock of one process is off by: eight bytes that it has in memory.
// Steps may overlap, each adds its own.
type clock struct {
	path string

	mu  sync.Mutex
	off time.Duration
}

func newClock(path string) (*clock, error) {
	c := &clock{path: path}
	return c, c.set(0)
}

// env is the variable that tells a process of the clock.
func (c *clock) env() string { return "CHAOS_CLOCK=" + c.path }

// step sets the clock by d; mend sets it back.
func (c *clock) step(d time.Duration) (mend func() error, err error) {
	return func() error { return c.set(-d) }, c.set(d)
}

func (c *clock) set(by time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += by
	f, err := os.OpenFile(c.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = f.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(c.off)), 0)
	return err
}

// overlay writes what makes go build compile a program, from its folder, so that its
// clock can be stepped, and returns the flag.
func overlay(t *testing.T, folder string) string {
	t.Helper()
	const reads, adds = "sec, nsec, mono := runtimeNow()\n", "sec, nsec, mono := aside(runtimeNow())\n"
	out, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	std := filepath.Join(strings.TrimSpace(string(out)), "src", "time")
	source, err := os.ReadFile(filepath.Join(std, "time.go"))
	require.NoError(t, err)
	head, now, ok := strings.Cut(string(source), "\nfunc Now() Time {\n")
	require.True(t, ok && strings.HasPrefix(strings.TrimSpace(now), strings.TrimSpace(reads)), "time.Now of this Go is another one: see testdata/clock")
	dir := t.TempDir()
	changed := filepath.Join(dir, "time.go")
	require.NoError(t, os.WriteFile(changed, []byte(head+"\nfunc Now() Time {\n"+strings.Replace(now, reads, adds, 1)), 0o600))
	here, err := filepath.Abs(filepath.Join("testdata", "clock"))
	require.NoError(t, err)
	list, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(std, "time.go"):     changed,
		filepath.Join(std, "aside.go"):    filepath.Join(here, "time.go.txt"),
		filepath.Join(folder, "aside.go"): filepath.Join(here, "main.go.txt"),
	}})
	require.NoError(t, err)
	path := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(path, list, 0o600))
	return "-overlay=" + path
}

// What the harness believes of its clocks: a process sees a step at once, forwards and
// back, and what it measures meanwhile is as long as it was.
func TestClock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module told\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(`package main
import ("bufio"; "fmt"; "os"; "time")
func main() {
	began := time.Now()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(time.Now().UnixNano(), time.Since(began) > time.Minute || time.Since(began) < 0)
	}
}`), 0o600))
	build := exec.Command("go", "build", overlay(t, dir), "-o", "told", ".")
	build.Dir = dir
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	c, err := newClock(filepath.Join(dir, "clock"))
	require.NoError(t, err)
	cmd := exec.Command(filepath.Join(dir, "told"))
	cmd.Env = append(os.Environ(), c.env())
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	answers, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	off := func() time.Duration {
		_, err := fmt.Fprintln(in)
		require.NoError(t, err)
		var ns int64
		var astray bool
		_, err = fmt.Fscanln(answers, &ns, &astray)
		require.NoError(t, err)
		require.False(t, astray, "durations are measured by another clock")
		return time.Until(time.Unix(0, ns)).Round(time.Minute)
	}
	require.Zero(t, off())
	back, err := c.step(-3 * time.Hour)
	require.NoError(t, err)
	require.Equal(t, -3*time.Hour, off())
	forth, err := c.step(26 * time.Hour)
	require.NoError(t, err)
	require.Equal(t, 23*time.Hour, off())
	require.NoError(t, back())
	require.Equal(t, 26*time.Hour, off())
	require.NoError(t, forth())
	require.Zero(t, off())
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())
}
