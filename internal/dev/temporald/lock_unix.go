//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// handover is how long a server that is about to end may keep the file from the next one.
const handover = 10 * time.Second

// storeLock keeps a second server off the file: SQLite would let it in, and both would run the same workflows.
type storeLock struct{ f *os.File }

// lockStore takes the lock beside file. It returns nil when there is no file.
func lockStore(ctx context.Context, file string) (*storeLock, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.OpenFile(file+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", file, err)
	}
	ctx, cancel := context.WithTimeout(ctx, handover)
	defer cancel()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			note(f)
			return &storeLock{f}, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", file, err)
		}
		if err := pause(ctx, pollPause, nil); err != nil {
			holder, _ := os.ReadFile(f.Name())
			_ = f.Close()
			return nil, fmt.Errorf("%s is served by process %s: end that one first, or use another file",
				file, strings.TrimSpace(string(holder)))
		}
	}
}

// note writes our process id into the lock file, for the message of whoever comes second. Without it
// the lock holds as well.
func note(f *os.File) {
	_ = f.Truncate(0)
	_, _ = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
}

// release gives the file free.
func (l *storeLock) release() {
	if l != nil {
		_ = l.f.Close()
	}
}
