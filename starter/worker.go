package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
)

// findWorker returns the sever-worker program: the one that $SEVER_WORKER names, or the
// one beside this program, in bin or on the path.
func findWorker(vars config.Vars) (string, error) {
	if given := vars["SEVER_WORKER"]; given != "" {
		path, err := exec.LookPath(given)
		if err != nil {
			return "", desk.Invalidf("SEVER_WORKER: %w", err)
		}
		return filepath.Abs(path)
	}
	places := []string{"bin/sever-worker", "sever-worker"}
	if self, err := os.Executable(); err == nil {
		places = append([]string{filepath.Join(filepath.Dir(self), "sever-worker")}, places...)
	}
	for _, place := range places {
		if path, err := exec.LookPath(place); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", desk.Invalidf("there is no sever-worker: not in $SEVER_WORKER, beside this program, in bin/ or on the path").
		Then("make build, or: go build -o bin/sever-worker ./worker")
}

// environment is that of a program which we start: ours, without what would lead it
// elsewhere, and with the variables of the installation.
func environment(environ, vars config.Vars) []string {
	var out []string
	for name, value := range environ.With(vars) {
		out = append(out, name+"="+value)
	}
	return out
}

// awaitWorker waits until a worker says in its log, behind the mark, that it is ready.
// It reports whether it did in time.
func awaitWorker(ctx context.Context, log string, mark int64, within time.Duration, ended <-chan struct{}) bool {
	late := time.After(within)
	for {
		if bytes.Contains(behind(log, mark), []byte("worker ready")) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-late:
			return false
		case <-ended:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// behind is what a log says behind the mark.
func behind(log string, mark int64) []byte {
	f, err := os.Open(log)
	if err != nil {
		return nil
	}
	defer f.Close()
	if _, err := f.Seek(mark, io.SeekStart); err != nil {
		return nil
	}
	said, _ := io.ReadAll(f)
	return said
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
