package digitalocean

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/digitalocean/simulator"
)

// The API tells neither whose the token is nor who administers: what comes with a
// cluster is known by its role, by its name where the role is left out, and a role that
// nobody knows protects. Nothing is sent to what is protected.
func TestGuardsFailClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ user, role, want string }{
		"a person":                        {"ada", "normal", ""},
		"a person, the role is left out":  {"ada", "", ""},
		"made with the cluster":           {"ada", "primary", "role primary: made with the cluster"},
		"in another spelling":             {"ada", "Primary", "role primary: made with the cluster"},
		"by its name":                     {"doadmin", "", "built in: the administrator of the cluster"},
		"by its name, whatever its role":  {"doadmin", "normal", "built in: the administrator of the cluster"},
		"the reader of the cluster":       {"do-readonly", "", "built in: made with the cluster"},
		"the default user of an engine":   {"default", "", "built in: the default user of the engine"},
		"a role that nobody knows":        {"ada", "operator", "role operator: not one that is known to be a person's"},
		"a role of characters and spaces": {"ada", "nor mal", "role nor mal: not one that is known to be a person's"},
	} {
		require.Equal(t, c.want, protected(c.user, c.role), name)
	}

	f := setup(t, options{contradicts: true}, town(pg))
	f.sim.ChangeUser(ids[pg], "ada", func(u *simulator.User) { u.Role = "operator" })
	ref := f.ref(ids[pg], "ada")
	seen := f.see(t, ref)
	require.Equal(t, "role operator: not one that is known to be a person's", seen.Account.Protected)
	for _, act := range []func() (access.Receipt, error){
		func() (access.Receipt, error) { return f.Contain(t.Context(), ref, access.Lock) },
		func() (access.Receipt, error) {
			return f.Delete(t.Context(), access.Step{Action: access.Delete, Account: ref})
		},
	} {
		_, err := act()
		require.Equal(t, provider.Rejected, provider.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "protected: role operator")
	}
	require.Empty(t, f.sim.Writes())
}
