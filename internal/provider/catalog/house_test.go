package catalog_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/memory"
)

// samples are the least settings with which each provider opens, without the
// prefix. Opening connects to nothing, so nobody needs to be there.
var samples = map[string]config.Vars{
	"digitalocean": {"TOKEN": "secret"},
	"memory":       {},
	"mysql":        {"URL": "mysql://sever:secret@localhost:1"},
	"netim":        {"ID": "NETIM", "SECRET": "secret", "HOSTINGS": "NW1024"},
	"plesk":        {"URL": "https://plesk.example.com:8443", "KEY": "secret"},
	"postgres":     {"URL": "postgres://sever:secret@localhost:1/postgres"},
	"trove":        {"IDENTITY_URL": "https://keystone.example.com:5000/v3", "USERNAME": "sever", "PASSWORD": "secret", "PROJECT": "shop"},
}

// able says whether the provider's type has the method for an action.
var able = map[access.Action]func(provider.Provider) bool{
	access.Contain:  has[provider.Container],
	access.Rotate:   has[provider.Rotator],
	access.Unlink:   has[provider.Unlinker],
	access.Revoke:   has[provider.Revoker],
	access.Reassign: has[provider.Reassigner],
	access.Delete:   has[provider.Deleter],
	access.Confirm:  has[provider.Provider],
	access.Restore:  has[provider.Restorer],
}

func has[T any](p provider.Provider) bool { _, ok := p.(T); return ok }

// house is what is held against the rules: the catalog, and memory.
func house() catalog.Table { return append(catalog.Specs(), memory.Spec) }

func TestHouseRules(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, spec := range house() {
		require.False(t, seen[spec.Name], "two providers are called %s", spec.Name)
		seen[spec.Name] = true
		t.Run(spec.Name, func(t *testing.T) {
			t.Parallel()
			require.Regexp(t, `^[a-z][a-z0-9]*$`, spec.Name)
			require.NotEmpty(t, spec.Engines)
			require.GreaterOrEqual(t, spec.Limits.Parallel, 1)
			require.GreaterOrEqual(t, spec.Limits.TasksPerSecond, 0.0)
			p := opened(t, spec)
			listed := map[access.Action]bool{}
			for engine, can := range spec.Engines {
				require.NotEmpty(t, engine)
				for action, c := range can {
					require.Contains(t, able, action, "%s is no action", action)
					require.Contains(t, []access.Support{access.Full, access.Partial, access.None}, c.Support, "%s: %s", engine, action)
					if !can.Can(action) {
						continue
					}
					listed[action] = true
					require.NotEmpty(t, c.How, "%s: %s is supported, and nobody knows how", engine, action)
					require.True(t, able[action](p), "%s: %s is listed, and %T has no method for it", engine, action, p)
				}
				acts := slices.ContainsFunc(slices.Collect(maps.Keys(can)), can.Can)
				require.True(t, can.Can(access.Confirm) || !acts, "%s: something is done, and nothing can be proven", engine)
			}
			for _, action := range slices.Sorted(maps.Keys(able)) {
				require.Equal(t, able[action](p), listed[action], "%T has a method for %s that no engine lists", p, action)
			}
		})
	}
}

// opened is a provider with its sample settings.
func opened(t *testing.T, spec provider.Spec) provider.Provider {
	t.Helper()
	sample, ok := samples[spec.Name]
	require.True(t, ok, "add the settings that %s needs to samples", spec.Name)
	vars := config.Vars{catalog.Variable: "house=" + spec.Name}
	for name, value := range sample {
		vars[catalog.Prefix("house")+name] = value
	}
	conns, err := catalog.Table{spec}.Open(vars)
	require.NoError(t, err)
	t.Cleanup(conns.Close)
	c, err := conns.For("house")
	require.NoError(t, err)
	return c.Provider
}

func TestMissingSettingsAreNamed(t *testing.T) {
	t.Parallel()
	for _, spec := range catalog.Specs() {
		_, err := spec.Open(provider.Settings{Connection: "house", Vars: config.Vars{}, Prefix: catalog.Prefix("house")})
		require.ErrorContains(t, err, catalog.Prefix("house"), spec.Name)
	}
}

func TestEverySampleIsUsed(t *testing.T) {
	t.Parallel()
	for name := range samples {
		require.True(t, slices.ContainsFunc(house(), func(s provider.Spec) bool { return s.Name == name }), name)
	}
}
