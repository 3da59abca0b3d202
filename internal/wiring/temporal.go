package wiring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/log"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/payload"
	"github.com/severhq/sever/internal/telemetry"
	"github.com/severhq/sever/workflows"
)

// DefaultNamespace is Sever's namespace at Temporal unless TEMPORAL_NAMESPACE says
// otherwise.
const DefaultNamespace = "sever"

// Temporal is a client that knows its namespace.
type Temporal struct {
	client.Client
	Namespace string
}

// Dial connects to the Temporal server that Temporal's own variables name:
// TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*. What it sends
// is encrypted when SEVER_PAYLOAD_KEYS is set; what it cannot decrypt is an error.
func Dial(ctx context.Context, vars config.Vars, logger *slog.Logger) (*Temporal, error) {
	return dial(ctx, vars, logger, (*payload.Keys).Codec)
}

// DialWorker is Dial for workers: a workflow that they cannot decrypt waits until they
// have the key, and does not fail.
func DialWorker(ctx context.Context, vars config.Vars, logger *slog.Logger) (*Temporal, error) {
	return dial(ctx, vars, logger, (*payload.Keys).WorkerCodec)
}

func dial(ctx context.Context, vars config.Vars, logger *slog.Logger, codec func(*payload.Keys) *payload.Codec) (*Temporal, error) {
	if vars["TEMPORAL_ADDRESS"] == "" {
		return nil, errors.New("TEMPORAL_ADDRESS is not set")
	}
	keys, err := payload.FromVars(vars)
	if err != nil {
		return nil, err
	}
	opts, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: lookup(vars), ConfigFileStrict: true})
	if err != nil {
		return nil, fmt.Errorf("read the TEMPORAL_ variables: %w", err)
	}
	if vars["TEMPORAL_NAMESPACE"] == "" {
		opts.Namespace = DefaultNamespace
	}
	opts.Logger = log.NewStructuredLogger(logger)
	codec(keys).Apply(&opts)
	if telemetry.Traced(vars) {
		tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{DisableBaggage: true})
		if err != nil {
			return nil, fmt.Errorf("trace what Temporal is asked for: %w", err)
		}
		opts.Interceptors = append(opts.Interceptors, tracing)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("reach Temporal at %s, namespace %s: %w", opts.HostPort, opts.Namespace, err)
	}
	return &Temporal{c, opts.Namespace}, nil
}

// lookup gives the variables to a library that would read the process's own.
type lookup config.Vars

func (l lookup) Environ() []string {
	out := make([]string, 0, len(l))
	for k, v := range l {
		out = append(out, k+"="+v)
	}
	return out
}

func (l lookup) LookupEnv(name string) (string, bool) {
	v, ok := l[name]
	return v, ok
}

var attributeTypes = map[string]enumspb.IndexedValueType{
	"Keyword": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"Int":     enumspb.INDEXED_VALUE_TYPE_INT,
	"Bool":    enumspb.INDEXED_VALUE_TYPE_BOOL,
}

// registerSearchAttributes makes sure that the namespace knows ours: a workflow
// that sets an unknown one would be stuck.
func registerSearchAttributes(ctx context.Context, c *Temporal) error {
	attributes := map[string]enumspb.IndexedValueType{}
	for name, kind := range workflows.SearchAttributes {
		attributes[name] = attributeTypes[kind]
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: c.Namespace, SearchAttributes: attributes})
	var exists *serviceerror.AlreadyExists
	var denied *serviceerror.PermissionDenied
	if err != nil && !errors.As(err, &exists) && !errors.As(err, &denied) {
		return fmt.Errorf("register the search attributes: %w", err)
	}
	return nil
}
