package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/dynamicconfig"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want options
	}{
		{
			name: "nothing given",
			want: options{
				ip: "127.0.0.1", port: 7233, logLevel: "error", namespaces: []string{"default"},
				attributes: map[string]enumspb.IndexedValueType{}, dynamic: dynamicconfig.StaticClient{},
			},
		},
		{
			name: "what the SDK's StartDevServer passes",
			args: []string{
				"server", "start-dev", "--ip", "127.0.0.1", "--port", "7000", "--namespace", "sever",
				"--db-filename", "t.db", "--headless", "--log-format", "json", "--log-level", "never", "--ui-port", "0",
				"--search-attribute", "Case=Keyword", "--search-attribute", "Deadline=Datetime",
				"--dynamic-config-value", "frontend.enableServerVersionCheck=false",
				"--dynamic-config-value", "limit.maxIDLength=255",
				"--dynamic-config-value", "history.factor=0.5",
				"--dynamic-config-value", `matching.things=[{"n":1}]`,
			},
			want: options{
				ip: "127.0.0.1", port: 7000, file: "t.db", logLevel: "fatal", namespaces: []string{"sever", "default"},
				attributes: map[string]enumspb.IndexedValueType{
					"Case":     enumspb.INDEXED_VALUE_TYPE_KEYWORD,
					"Deadline": enumspb.INDEXED_VALUE_TYPE_DATETIME,
				},
				dynamic: dynamicconfig.StaticClient{
					dynamicconfig.MakeKey("frontend.enableServerVersionCheck"): false,
					dynamicconfig.MakeKey("limit.maxIDLength"):                 255,
					dynamicconfig.MakeKey("history.factor"):                    0.5,
					dynamicconfig.MakeKey("matching.things"):                   []any{map[string]any{"n": 1}},
				},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(c.args)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"an unknown flag":           {[]string{"--bogus"}, "-bogus"},
		"an argument":               {[]string{"7233"}, `unexpected argument "7233"`},
		"an attribute of no type":   {[]string{"--search-attribute", "Case"}, "want Name=Type"},
		"an unknown type":           {[]string{"--search-attribute", "Case=String"}, "use Text, Keyword"},
		"a setting without value":   {[]string{"--dynamic-config-value", "a.b"}, "want key=JSON"},
		"a setting that is no JSON": {[]string{"--dynamic-config-value", "a.b=x"}, "a.b: the value is not JSON"},
		"an unknown log level":      {[]string{"--log-level", "loud"}, "use debug"},
		"an empty namespace":        {[]string{"--namespace", ""}, "the name is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(c.args)
			require.ErrorContains(t, err, c.says)
			require.ErrorIs(t, err, errUsage)
		})
	}
}
