package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

const (
	pollPause = 20 * time.Millisecond
	// namespaceDelay is how long a Temporal server may go on without a new search attribute: each of its
	// services reads the namespaces anew every two seconds.
	namespaceDelay = 4 * time.Second
)

// isOurs tells temporald, which says when it is ready, from the temporal command line.
func isOurs(program string) bool { return strings.HasPrefix(filepath.Base(program), "temporald") }

// awaitReadyLine waits for temporald's word in the log, behind the mark.
func (t *Temporal) awaitReadyLine(ctx context.Context, log string, mark int64) error {
	for {
		said, err := readFrom(log, mark)
		if err != nil {
			return err
		}
		if bytes.Contains(said, []byte("temporald: ready on "+t.Address)) {
			return nil
		}
		if err := t.pause(ctx, pollPause); err != nil {
			return err
		}
	}
}

// awaitNamespace waits until the server knows the namespace, and adds the search attributes that it lacks.
func (t *Temporal) awaitNamespace(ctx context.Context, namespace string, attributes map[string]string) error {
	c, err := client.NewLazyClient(client.Options{HostPort: t.Address, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	defer c.Close()
	for {
		have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
		if err != nil {
			if stopped := t.pause(ctx, pollPause); stopped != nil {
				return errors.Join(stopped, err)
			}
			continue
		}
		missing, err := subtract(attributes, have.GetCustomAttributes())
		if err != nil || len(missing) == 0 {
			return err
		}
		_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace: namespace, SearchAttributes: missing,
		})
		if err != nil {
			return fmt.Errorf("add search attributes to namespace %s: %w", namespace, err)
		}
		return t.pause(ctx, namespaceDelay)
	}
}

// subtract returns the wanted attributes that are not there.
func subtract(want map[string]string, have map[string]enumspb.IndexedValueType) (map[string]enumspb.IndexedValueType, error) {
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range want {
		if _, ok := have[name]; ok {
			continue
		}
		t, err := enumspb.IndexedValueTypeFromString(kind)
		if err != nil {
			return nil, fmt.Errorf("search attribute %s: %w", name, err)
		}
		missing[name] = t
	}
	return missing, nil
}

// pause waits for d. It fails when the server ends meanwhile, or ctx.
func (t *Temporal) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-t.Done():
		return t.early()
	case <-ctx.Done():
		return fmt.Errorf("not ready at %s: %w", t.Address, context.Cause(ctx))
	case <-time.After(d):
		return nil
	}
}

// size is where a log will go on.
func size(log string) int64 {
	info, err := os.Stat(log)
	if err != nil {
		return 0
	}
	return info.Size()
}

// readFrom returns what a log says behind the mark.
func readFrom(log string, mark int64) ([]byte, error) {
	f, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Seek(mark, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}
