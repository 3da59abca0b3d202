package plan_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// others are so many accounts of other people on the connection pg.
func others(n int) (refs []access.Ref) {
	for i := range n {
		refs = append(refs, access.Ref{Connection: "pg", Resource: "server", Name: fmt.Sprintf("person%d", i)})
	}
	return refs
}

// Every guard asks when something is above its limit, and also when its own input is
// missing: what is not known is never small.
func TestGuardsFailClosed(t *testing.T) {
	t.Parallel()
	const unset = "blast radius: the policy sets no limit for %s, so every plan waits for a person"
	for name, c := range map[string]struct {
		change func(*plan.Facts)
		want   []string
	}{
		"within every limit": {func(*plan.Facts) {}, nil},
		"too many accounts": {func(f *plan.Facts) { f.Policy.MaxAccounts = 1 },
			[]string{"blast radius: 2 accounts in one case, the limit is 1"}},
		"too large a share": {func(f *plan.Facts) { f.Connections[0].Listed, f.Policy.MaxPercent = 20, 9 },
			[]string{"blast radius: 2 of the 20 accounts on pg (10 %), the limit is 9 %"}},
		"a small server has no share": {func(f *plan.Facts) { f.Connections[0].Listed, f.Policy.MaxPercent, f.Policy.MaxHourPercent = 4, 9, 9 }, nil},
		"too many in an hour": {func(f *plan.Facts) { f.Connections[0].Listed, f.Connections[0].Hour.Accounts = 1000, others(99) },
			[]string{"blast radius: 101 accounts on pg within an hour, by all cases together; the limit is 100"}},
		"as many in an hour as may be": {func(f *plan.Facts) { f.Connections[0].Listed, f.Connections[0].Hour.Accounts = 1000, others(98) }, nil},
		"the same accounts again are no more accounts": {func(f *plan.Facts) {
			f.Policy.MaxPerHour = 2
			f.Connections[0].Hour.Accounts = []access.Ref{{Connection: "pg", Resource: "server", Name: "ada"}, {Connection: "pg", Resource: "server", Name: "ada_ro", ForeignID: "1"}}
		}, nil},
		"too large a share in an hour": {func(f *plan.Facts) { f.Connections[0].Hour.Accounts = others(29) },
			[]string{"blast radius: 31 accounts on pg within an hour, by all cases together, where 100 are listed (31 %); the limit is 30 %"}},
		"no limit for a case":         {func(f *plan.Facts) { f.Policy.MaxAccounts = 0 }, []string{fmt.Sprintf(unset, "the accounts of a case")}},
		"no limit for the share":      {func(f *plan.Facts) { f.Policy.MaxPercent = 0 }, []string{fmt.Sprintf(unset, "the share of a connection")}},
		"no limit for an hour":        {func(f *plan.Facts) { f.Policy.MaxPerHour = -1 }, []string{fmt.Sprintf(unset, "the accounts in an hour")}},
		"no limit for an hour's part": {func(f *plan.Facts) { f.Policy.MaxHourPercent = 0 }, []string{fmt.Sprintf(unset, "the share in an hour")}},
		"no limit at all": {func(f *plan.Facts) { f.Policy = plan.Policy{Approval: plan.ApproveGuarded} },
			[]string{fmt.Sprintf(unset, "the accounts of a case, the share of a connection, the accounts in an hour, the share in an hour")}},
		"the number of accounts is not known": {func(f *plan.Facts) { f.Connections[0].Listed = 0 },
			[]string{"blast radius: how many accounts pg has in all is not known"}},
		"what happened in the hour is not known": {func(f *plan.Facts) { f.Connections[0].Hour = plan.Hour{} },
			[]string{"blast radius: how many accounts on pg all cases together acted upon within the last hour is not known"}},
		"made again": {func(f *plan.Facts) { f.Accounts[0].Recreated = true },
			[]string{"created again: pg/ada is not the account that this case first saw; is it still hers?"}},
		"made again, and now without an id": {func(f *plan.Facts) { f.Accounts[0].Recreated, f.Accounts[0].ForeignID = true, "" },
			[]string{"created again: pg/ada is not the account that this case first saw; is it still hers?"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := facts(t, access.HR, account("ada"), account("ada_ro"))
			c.change(&f)
			p := plan.Make(f)
			require.Equal(t, c.want, p.Guards)
			require.Equal(t, len(c.want) > 0, p.NeedsWord(f.Policy))
		})
	}
}

// Whatever the plan does not know of an account keeps it from being acted upon.
func TestNothingIsDoneToWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*plan.Facts)
		want   access.Outcome
		why    string
	}{
		"no name":     {func(f *plan.Facts) { f.Accounts[0].Name = "" }, access.Unknown, "it has no name, so nobody can say which account it is"},
		"no evidence": {func(f *plan.Facts) { f.Accounts[0].Evidence = "" }, access.Unknown, `nothing says that it is hers (evidence "")`},
		"evidence of a kind that nobody knows": {func(f *plan.Facts) { f.Accounts[0].Evidence = "rumour" }, access.Unknown,
			`nothing says that it is hers (evidence "rumour")`},
		"no engine": {func(f *plan.Facts) { f.Accounts[0].Engine = "" }, access.Unsupported, `nothing is known about engine ""`},
		"an engine without abilities": {func(f *plan.Facts) { f.Connections[0].Engines["postgres"] = access.Capabilities{} }, access.Unsupported,
			"the system can neither lock nor delete it"},
		"a connection that nobody described": {func(f *plan.Facts) { f.Connections = nil }, access.Unsupported, `nothing is known about engine "postgres"`},
		"a connection that was not asked":    {func(f *plan.Facts) { f.Connections[0].Unknown = "time-out" }, access.Unknown, "pg could not be asked: time-out"},
		"not seen, and not all was read": {func(f *plan.Facts) {
			f.Accounts[0].Exists, f.Accounts[0].Gaps = false, []access.Gap{{Object: "pg_authid", Why: "permission denied"}}
		}, access.Unknown, "pg_authid: permission denied"},
		"protected, and not all was read": {func(f *plan.Facts) {
			f.Accounts[0].Protected, f.Accounts[0].Gaps = "our own login", []access.Gap{{Object: "grants", Why: "permission denied"}}
		}, access.Protected, "our own login"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := facts(t, access.HR, account("ada"))
			f.Connections[0].Engines = map[string]access.Capabilities{"postgres": everything}
			c.change(&f)
			p := plan.Make(f)
			require.Len(t, p.Accounts, 1)
			require.False(t, p.Accounts[0].Act)
			require.Equal(t, c.want, p.Accounts[0].Outcome)
			require.Equal(t, c.why, p.Accounts[0].Why)
			require.Empty(t, p.Steps)
		})
	}
}

// A rule for approval that nobody knows is the strictest one.
func TestAnUnknownRuleForApprovalAsks(t *testing.T) {
	t.Parallel()
	for rule, want := range map[plan.Approval]bool{plan.ApproveGuarded: false, plan.ApproveAlways: true, "": true, "never": true} {
		f := facts(t, access.HR, account("ada"))
		f.Policy.Approval = rule
		require.Equal(t, want, plan.Make(f).NeedsWord(f.Policy), "%q", rule)
	}
}
