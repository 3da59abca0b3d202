package stack

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/severhq/sever/internal/dev/stack/host"
)

const (
	temporalAttempts = 3
	temporalLimit    = 90 * time.Second // an ordinary start takes half a second
	temporalPatience = 15 * time.Second // an ordinary stop takes one second
)

// TemporalOptions say how to run a Temporal server.
type TemporalOptions struct {
	// Program is temporald or the temporal command line. Empty means that FindTemporald looks for one.
	Program string
	// Dir gets the log, the port and, if Durable, the data.
	Dir string
	// Durable keeps everything in a SQLite file. Otherwise it is in memory only.
	Durable bool
	// Log is the file for the server's log. Empty means temporal.log in Dir.
	Log string
	// Namespace is made if need be, with the SearchAttributes.
	Namespace        string
	SearchAttributes map[string]string
	// Env are variables that the server gets besides the usual ones, NAME=value.
	Env []string
}

// Temporal is a Temporal server of our own.
type Temporal struct {
	*Child
	// Address is the frontend's, host:port. It is the same after every restart.
	Address string
}

// StartTemporal returns a server that answers, with the namespace and all its search attributes in place.
// One that ends before that is tried again on another port.
func StartTemporal(ctx context.Context, o TemporalOptions) (*Temporal, error) {
	ctx, cancel := context.WithTimeout(ctx, temporalLimit)
	defer cancel()
	program, err := FindTemporald(o.Program)
	if err != nil {
		return nil, err
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	o.Program, o.Log = program, cmp.Or(o.Log, filepath.Join(o.Dir, "temporal.log"))
	pick := host.KeptPort
	for attempt := 1; ; attempt++ {
		port, err := pick(filepath.Join(o.Dir, "port"))
		if err != nil {
			return nil, fmt.Errorf("start Temporal: %w", err)
		}
		t, err := o.start(ctx, port)
		if err == nil {
			return t, nil
		}
		if attempt == temporalAttempts || ctx.Err() != nil {
			return nil, fmt.Errorf("start Temporal by %s (attempt %d): %w", program, attempt, err)
		}
		pick = host.NewPort
	}
}

// start runs the server once.
func (o TemporalOptions) start(ctx context.Context, port int) (*Temporal, error) {
	mark := size(o.Log)
	child, err := startChild("temporal", host.Command{Path: o.Program, Args: o.arguments(port), Dir: o.Dir, Log: o.Log, Env: host.Environment(o.Env...)}, temporalPatience)
	if err != nil {
		return nil, err
	}
	t := &Temporal{Child: child, Address: fmt.Sprintf("127.0.0.1:%d", port)}
	if isOurs(o.Program) {
		err = t.awaitReadyLine(ctx, o.Log, mark)
	} else {
		err = t.awaitNamespace(ctx, o.Namespace, o.SearchAttributes)
	}
	if err != nil {
		_ = t.Kill()
		return nil, err
	}
	return t, nil
}

// arguments are understood by temporald and by the temporal command line.
func (o TemporalOptions) arguments(port int) []string {
	args := []string{
		"server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", strconv.Itoa(port),
		"--namespace", o.Namespace, "--log-level", "error",
		// temporald has these anyway. Priorities and rates are exact with one partition only.
		"--dynamic-config-value", "matching.useNewMatcher=true",
		"--dynamic-config-value", "matching.numTaskqueueReadPartitions=1",
		"--dynamic-config-value", "matching.numTaskqueueWritePartitions=1",
	}
	for _, name := range slices.Sorted(maps.Keys(o.SearchAttributes)) {
		args = append(args, "--search-attribute", name+"="+o.SearchAttributes[name])
	}
	if o.Durable {
		args = append(args, "--db-filename", filepath.Join(o.Dir, "temporal.db"))
	}
	return args
}
