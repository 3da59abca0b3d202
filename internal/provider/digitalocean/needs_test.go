package digitalocean

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/digitalocean/simulator"
)

// With the scopes of a reach, and no others, just that can be done. The simulator judges
// them as the API's description says.
func TestTheScopesAreEnough(t *testing.T) {
	t.Parallel()
	var scopes []string
	for have, n := range Spec.Needs {
		scopes = append(scopes, strings.TrimPrefix(n.Give, "scope "))
		f := setup(t, options{Options: simulator.Options{Scopes: scopes}}, town(mysql))
		before := f.see(t, f.ref(ids[mysql], "app-00")).Account
		step := access.Step{Action: access.Delete, Account: before.Ref}
		for needs, act := range []func() error{
			func() error { _, err := f.Look(t.Context(), before.Ref); return err },
			func() error { _, err := f.Contain(t.Context(), f.ref(ids[mysql], "app-01"), access.Kill); return err },
			func() error { _, err := f.Delete(t.Context(), step); return err },
			func() error { _, err := f.Restore(t.Context(), before, step); return err },
		} {
			err := act()
			if needs <= have || (needs == 3 && have < 2) { // what was not deleted need not come back
				require.NoError(t, err, "%v: %d", scopes, needs)
				continue
			}
			require.Equal(t, provider.Denied, provider.KindOf(err), "%v: %d: %v", scopes, needs, err)
			require.ErrorContains(t, err, strings.TrimPrefix(Spec.Needs[needs].Give, "scope "))
		}
		require.Equal(t, have != 2, f.see(t, before.Ref).Exists, "%v", scopes)
	}
}
