package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/dynamicconfig"
)

// errUsage marks an error in the command line.
var errUsage = errors.New("wrong command line")

// options is the command line, understood.
type options struct {
	ip          string
	port        int    // of the frontend; 0 picks a free one
	metricsPort int    // 0 serves no metrics
	file        string // SQLite file; empty keeps everything in memory
	logLevel    string
	namespaces  []string
	attributes  map[string]enumspb.IndexedValueType
	dynamic     dynamicconfig.StaticClient
}

// parse understands the command line, with or without the words "server start-dev" in front.
func parse(args []string) (options, error) {
	if len(args) >= 2 && args[0] == "server" && args[1] == "start-dev" {
		args = args[2:]
	}
	o := options{attributes: map[string]enumspb.IndexedValueType{}, dynamic: dynamicconfig.StaticClient{}}

	f := flag.NewFlagSet("temporald", flag.ContinueOnError)
	f.SetOutput(io.Discard) // one line says it better than the whole usage
	f.StringVar(&o.ip, "ip", "127.0.0.1", "address to listen on")
	f.IntVar(&o.port, "port", 7233, "port of the gRPC frontend; 0 picks a free one")
	f.IntVar(&o.metricsPort, "metrics-port", 0, "port for Prometheus at /metrics; 0 serves none")
	f.StringVar(&o.file, "db-filename", "", "SQLite file; without it nothing is kept")
	f.Func("namespace", "namespace to create, may be repeated; \"default\" is always there", o.addNamespace)
	f.Func("search-attribute", "`Name=Type` to have in every namespace, may be repeated", o.addAttribute)
	f.Func("dynamic-config-value", "`key=JSON` setting of the server, may be repeated", o.addDynamic)
	f.Func("log-level", "debug, info, warn, error or never (default error)", o.setLogLevel)
	for _, name := range []string{"log-format", "ui-port", "ui-ip"} {
		f.String(name, "", "accepted and ignored")
	}
	f.Bool("headless", true, "accepted and ignored: there is no UI in here")

	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		f.SetOutput(os.Stderr)
		f.Usage()
		return options{}, err
	case err != nil:
		return options{}, fmt.Errorf("%w: %w (-h lists the flags)", errUsage, err)
	}
	if f.NArg() > 0 {
		return options{}, fmt.Errorf("%w: unexpected argument %q", errUsage, f.Arg(0))
	}
	if o.logLevel == "" {
		o.logLevel = "error"
	}
	if !slices.Contains(o.namespaces, "default") {
		o.namespaces = append(o.namespaces, "default")
	}
	return o, nil
}

func (o *options) addNamespace(name string) error {
	if name == "" {
		return errors.New("the name is empty")
	}
	if !slices.Contains(o.namespaces, name) {
		o.namespaces = append(o.namespaces, name)
	}
	return nil
}

func (o *options) addAttribute(s string) error {
	name, kind, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return errors.New("want Name=Type, such as Customer=Keyword")
	}
	t, err := enumspb.IndexedValueTypeFromString(kind)
	if err != nil || t == enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED {
		return fmt.Errorf("no such type %q: use Text, Keyword, Int, Double, Bool, Datetime or KeywordList", kind)
	}
	o.attributes[name] = t
	return nil
}

func (o *options) addDynamic(s string) error {
	key, value, ok := strings.Cut(s, "=")
	if !ok || key == "" {
		return errors.New("want key=JSON, such as limit.maxIDLength=255")
	}
	d := json.NewDecoder(bytes.NewReader([]byte(value)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return fmt.Errorf("%s: the value is not JSON: %w", key, err)
	}
	o.dynamic[dynamicconfig.MakeKey(key)] = plain(v)
	return nil
}

// plain makes ints of whole numbers: the server refuses a float64 where it wants an int.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return int(i)
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}

func (o *options) setLogLevel(level string) error {
	switch level {
	case "debug", "info", "warn", "error":
		o.logLevel = level
	case "never":
		o.logLevel = "fatal"
	default:
		return errors.New("use debug, info, warn, error or never")
	}
	return nil
}
