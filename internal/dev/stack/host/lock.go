package host

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrLocked says that another process holds the lock.
var ErrLocked = errors.New("locked by another process")

// Lock is held until it is released or this process ends, however it ends.
type Lock struct{ f *os.File }

// TryLock takes the lock of a file, which it creates if need be. It does not wait: when another process
// holds the lock, the error is ErrLocked and names that process.
func TryLock(file string) (*Lock, error) {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := flock(f); err != nil {
		defer f.Close()
		holder, _ := os.ReadFile(file)
		if pid := strings.TrimSpace(string(holder)); errors.Is(err, ErrLocked) && pid != "" {
			return nil, fmt.Errorf("%s: %w, number %s", file, err, pid)
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	// The number only serves the message above.
	_ = f.Truncate(0)
	_, _ = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return &Lock{f}, nil
}

// Release gives the lock free. The file stays: removing it would let two processes hold "the" lock.
func (l *Lock) Release() {
	if l != nil {
		_ = l.f.Close()
	}
}
