package plan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*plan.Facts)
		want   plan.Checked
	}{
		"within every limit":        {func(*plan.Facts) {}, plan.Checked{}},
		"already gone is no reason": {func(f *plan.Facts) { f.Accounts[0].Exists = false }, plan.Checked{}},
		"the policy asks":           {func(f *plan.Facts) { f.Policy.Approval = plan.ApproveAlways }, plan.Checked{Word: []string{"the policy asks for approval"}}},
		"a guard asks": {func(f *plan.Facts) { f.Policy.Approval, f.Accounts[0].Recreated = plan.ApproveAlways, true },
			plan.Checked{Word: []string{"created again: pg/ada is not the account that this case first saw; is it still hers?"}}},
		"a guard of a plan that does nothing asks nobody": {func(f *plan.Facts) {
			f.Accounts[0].Recreated, f.Accounts[0].Protected = true, "our own login"
		}, plan.Checked{Open: []string{"pg/ada is protected: our own login"}}},
		"a silent connection": {func(f *plan.Facts) {
			f.Connections = append(f.Connections, plan.Connection{Name: "do", Unknown: "time-out"})
		},
			plan.Checked{Open: []string{"do could not be asked: time-out"}}},
		"protected": {func(f *plan.Facts) { f.Accounts[0].Protected = "built-in" }, plan.Checked{Open: []string{"pg/ada is protected: built-in"}}},
		"shared": {func(f *plan.Facts) { f.Accounts[0].SharedWith = []access.PrincipalID{"E7"} },
			plan.Checked{Open: []string{"pg/ada is blocked: shared: E7 also claim it; it is never deleted for one of them"}}},
		"rotated, which a person closes": {func(f *plan.Facts) {
			f.Accounts[0].SharedWith, f.Policy.Shared = []access.PrincipalID{"E7"}, plan.SharedRotate
			f.Connections[0].Engines = map[string]access.Capabilities{"postgres": {access.Rotate: {Support: access.Full}}}
		}, plan.Checked{Open: []string{"pg/ada: shared: E7 also claim it; it is never deleted for one of them; its password is rotated, and they need the new one"}}},
		"unsupported": {func(f *plan.Facts) { f.Accounts[0].Engine = "abacus" }, plan.Checked{Open: []string{`pg/ada is unsupported: nothing is known about engine "abacus"`}}},
		"not read whole": {func(f *plan.Facts) {
			f.Accounts[0].Gaps = []access.Gap{{Object: "database archive", Why: "not accepting connections"}}
		},
			plan.Checked{Open: []string{"pg/ada: could not be read whole: database archive: not accepting connections"}}},
		"a blocked step": {func(f *plan.Facts) { f.Accounts[0].Grants = []access.Grant{owns} },
			plan.Checked{Open: []string{"step 2, reassign pg/ada, is blocked: database archive: ada owns table public.old there, and nobody is named to receive them"}}},
	} {
		f := facts(t, access.HR, account("ada"))
		c.change(&f)
		require.Equal(t, c.want, plan.Make(f).Check(f.Policy), name)
	}
}
