package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
)

func TestKeepsNamespaceAndAddsAttributes(t *testing.T) {
	t.Parallel()
	o := options{
		ip: "127.0.0.1", file: filepath.Join(t.TempDir(), "a file?.db"), logLevel: "error", namespaces: []string{"sever"},
		attributes: map[string]enumspb.IndexedValueType{"Case": enumspb.INDEXED_VALUE_TYPE_KEYWORD},
	}
	require.Equal(t, o.attributes, attributesOf(t, o))

	o.attributes["Deadline"] = enumspb.INDEXED_VALUE_TYPE_DATETIME
	require.Equal(t, o.attributes, attributesOf(t, o), "the second start adds the new attribute")

	o.attributes = map[string]enumspb.IndexedValueType{"Case": enumspb.INDEXED_VALUE_TYPE_INT}
	_, err := start(t.Context(), o)
	require.ErrorContains(t, err, "search attribute Case is Keyword, not Int")
}

// attributesOf starts a server, asks for the custom attributes of its first namespace and stops it.
func attributesOf(t *testing.T, o options) map[string]enumspb.IndexedValueType {
	s, err := start(t.Context(), o)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.stop()) }()
	c, err := client.Dial(client.Options{HostPort: s.address, Logger: quiet{}})
	require.NoError(t, err)
	defer c.Close()
	r, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: o.namespaces[0]})
	require.NoError(t, err)
	got := map[string]enumspb.IndexedValueType{}
	for name := range o.attributes {
		got[name] = r.GetCustomAttributes()[name]
	}
	return got
}

func TestOneServerPerFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "t.db")
	first, err := lockStore(t.Context(), file)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	cancel() // do not wait for the handover
	_, err = lockStore(ctx, file)
	require.ErrorContains(t, err, "is served by process "+strconv.Itoa(os.Getpid()))

	first.release()
	second, err := lockStore(t.Context(), file)
	require.NoError(t, err)
	second.release()
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, err = layOut("127.0.0.1", l.Addr().(*net.TCPAddr).Port)
	require.ErrorContains(t, err, "choose another with --port")
}

func TestFreePortsDiffer(t *testing.T) {
	t.Parallel()
	ports, err := freePorts("127.0.0.1", 4)
	require.NoError(t, err)
	seen := map[int]bool{}
	for _, p := range ports {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p)))
		require.NoError(t, err, "a port in TIME_WAIT can be listened on")
		defer l.Close()
		seen[p] = true
	}
	require.Len(t, seen, 4)
}
