package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/config"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// retention is how long a closed workflow can still be read. One day, the default, loses a weekend.
	retention = 30 * 24 * time.Hour
	pollPause = 20 * time.Millisecond
)

// createNamespaces writes the namespaces that the store does not have yet.
func createNamespaces(store *config.SQL, names []string, attributes map[string]enumspb.IndexedValueType) error {
	for _, name := range names {
		n, err := sqliteschema.NewNamespaceConfig(clusterName, name, false, attributes)
		if err != nil {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
		n.Detail.Config.Retention = durationpb.New(retention)
		if err := sqliteschema.CreateNamespaces(store, n); err != nil {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
	}
	return nil
}

// awaitNamespaces returns when the frontend serves every namespace with all attributes. Those that an
// existing namespace lacks are added: createNamespaces leaves such a namespace as it was.
func awaitNamespaces(ctx context.Context, address string, names []string, attributes map[string]enumspb.IndexedValueType) error {
	c, err := client.NewLazyClient(client.Options{HostPort: address, Logger: quiet{}})
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	defer c.Close()
	for _, name := range names {
		if err := awaitAttributes(ctx, c.OperatorService(), name, attributes); err != nil {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
	}
	return nil
}

func awaitAttributes(
	ctx context.Context, op operatorservice.OperatorServiceClient, namespace string, want map[string]enumspb.IndexedValueType,
) error {
	missing, err := missingAttributes(ctx, op, namespace, want)
	if err != nil || len(missing) == 0 {
		return err
	}
	_, err = op.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("add search attributes: %w", err)
	}
	// Each service reads the namespaces anew on its own clock; a workflow that uses a new attribute
	// before that would fail. After two rounds all have it.
	return pause(ctx, 2*namespaceRefresh, nil)
}

// missingAttributes waits for the namespace and compares what it has with what it should have.
func missingAttributes(
	ctx context.Context, op operatorservice.OperatorServiceClient, namespace string, want map[string]enumspb.IndexedValueType,
) (map[string]enumspb.IndexedValueType, error) {
	for {
		have, err := op.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
		if err == nil {
			return subtract(want, have.GetCustomAttributes())
		}
		if err := pause(ctx, pollPause, err); err != nil {
			return nil, err
		}
	}
}

func subtract(want, have map[string]enumspb.IndexedValueType) (map[string]enumspb.IndexedValueType, error) {
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range want {
		switch found, ok := have[name]; {
		case !ok:
			missing[name] = kind
		case found != kind:
			return nil, fmt.Errorf("search attribute %s is %s, not %s: remove it first, or use another name", name, found, kind)
		}
	}
	return missing, nil
}

// pause waits for d. When ctx ends first it says so, together with what was wrong last.
func pause(ctx context.Context, d time.Duration, last error) error {
	select {
	case <-ctx.Done():
		return errors.Join(ctx.Err(), last)
	case <-time.After(d):
		return nil
	}
}

// quiet drops what the client says: its one message while the server starts would only puzzle.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
