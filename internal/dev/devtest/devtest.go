// Package devtest gives the tests of the whole tree real servers: PostgreSQL in every version that is
// installed, MariaDB, and Temporal. A server is started when the first test asks for it, shared by all tests of
// the process, and ended with it.
//
// A package that uses it says so once:
//
//	func TestMain(m *testing.M) { devtest.Main(m) }
//
// Where a server's program is missing the test is skipped, with the reason; with CI=true it fails.
package devtest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// leftOver is the age at which the folder of a test process that was killed is removed.
const leftOver = time.Hour

// shared is what the tests of this process share.
var shared struct {
	dir string // set by Main

	mu   sync.Mutex
	stop []func() error
}

// Main runs the tests of a package and ends the servers that they used. It does not return.
//
// Unless -parallel says otherwise, twice as many tests run side by side as there are
// processors: they wait for servers most of the time.
func Main(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))) // a number is always taken
	}
	os.Exit(run(m.Run))
}

func run(tests func() int) (code int) {
	lock, err := openFolder()
	if err != nil {
		fmt.Fprintln(os.Stderr, "devtest:", err)
		return 1
	}
	defer func() {
		if err := closeFolder(lock); err != nil {
			fmt.Fprintln(os.Stderr, "devtest:", err)
			code = max(code, 1)
		}
	}()
	return tests()
}

// openFolder makes the folder of this process, and clears away those of processes that were killed.
func openFolder() (*host.Lock, error) {
	old, err := filepath.Glob(filepath.Join(os.TempDir(), "sever-test-*"))
	if err != nil {
		return nil, err
	}
	for _, dir := range old {
		if info, err := os.Stat(dir); err != nil || time.Since(info.ModTime()) < leftOver {
			continue
		}
		if lock, err := host.TryLock(filepath.Join(dir, "lock")); err == nil {
			_ = os.RemoveAll(dir) // or not: it is only litter
			lock.Release()
		}
	}
	dir, err := os.MkdirTemp("", "sever-test-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // as root, the servers run as another user in there
		return nil, err
	}
	shared.dir = dir
	return host.TryLock(filepath.Join(dir, "lock"))
}

// closeFolder ends the servers and removes their data.
func closeFolder(lock *host.Lock) error {
	defer lock.Release()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	var errs []error
	for _, stop := range shared.stop {
		errs = append(errs, stop())
	}
	return errors.Join(append(errs, os.RemoveAll(shared.dir))...)
}

// folder is where a server of this process keeps its data.
func folder(name string) (string, error) {
	if shared.dir == "" {
		return "", errors.New("this package wants: func TestMain(m *testing.M) { devtest.Main(m) }")
	}
	return filepath.Join(shared.dir, name), nil
}

// atEnd remembers how to end a server.
func atEnd(stop func() error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.stop = append(shared.stop, stop)
}

// missing ends a test that needs a program which is not installed.
func missing(t testing.TB, reason error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}
