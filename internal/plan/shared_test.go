package plan_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// with is an account that others claim too.
func with(a plan.Account, others ...access.PrincipalID) plan.Account {
	a.SharedWith = others
	return a
}

func TestASharedAccountIsNeverEnded(t *testing.T) {
	t.Parallel()
	able := maps.Clone(everything)
	able[access.Rotate] = access.Capability{Support: access.Full}
	unable := maps.Clone(everything)
	unable[access.Rotate] = access.Capability{Support: access.None, How: "no call for it"}
	shared := with(account("app", onTable, owns, inRole), "E7", "E8")
	rotated, builtIn, absent, locked := shared, shared, shared, shared
	rotated.Rotated = "new password; handed over: file x"
	builtIn.Protected = "built-in"
	absent.Exists = false
	locked.Contained = true
	const claim = "shared: E7, E8 also claim it; it is never deleted for one of them"
	for name, c := range map[string]struct {
		account plan.Account
		rule    plan.SharedRule
		can     access.Capabilities
		outcome access.Outcome
		why     string
		steps   []string
	}{
		"no rule":             {shared, "", able, access.Blocked, claim, nil},
		"a task":              {shared, plan.SharedTask, able, access.Blocked, claim, nil},
		"a rule not known":    {shared, "delete", able, access.Blocked, claim, nil},
		"rotate":              {shared, plan.SharedRotate, able, "", claim + "; its password is rotated, and they need the new one", []string{"rotate app"}},
		"rotate, locked":      {locked, plan.SharedRotate, able, "", claim + "; its password is rotated, and they need the new one", []string{"rotate app"}},
		"the system cannot":   {shared, plan.SharedRotate, unable, access.Blocked, claim + "; its password has to be rotated by hand, for the system has no way to do it: no call for it", nil},
		"nothing is known":    {shared, plan.SharedRotate, everything, access.Blocked, claim + "; its password has to be rotated by hand, for the system has no way to do it", nil},
		"rotated, not again":  {rotated, plan.SharedRotate, able, access.Contained, "shared, and its password was rotated: E7, E8 need the new one (new password; handed over: file x)", nil},
		"rotated, rule gone":  {rotated, "", able, access.Contained, "shared, and its password was rotated: E7, E8 need the new one (new password; handed over: file x)", nil},
		"protected":           {builtIn, plan.SharedRotate, able, access.Protected, "built-in", nil},
		"gone, and looked at": {absent, plan.SharedRotate, able, access.AlreadyGone, "the system lists its accounts and this one is not among them", []string{"confirm app"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := facts(t, access.HR, c.account)
			f.Policy.Shared = c.rule
			f.Connections[0].Engines = map[string]access.Capabilities{"postgres": c.can}
			p := plan.Make(f)
			require.Len(t, p.Accounts, 1)
			v := p.Accounts[0]
			require.Equal(t, c.outcome, v.Outcome)
			require.Equal(t, c.why, v.Why)
			require.Equal(t, c.outcome == "", v.Act)
			require.Equal(t, c.steps, words(p))
			for _, s := range p.Steps {
				require.Equal(t, s.Action == access.Rotate, s.Irreversible != "", "a rotation is announced as what it is")
			}
		})
	}
}

// New passwords come after containing and before anything is removed in the lane, and
// never in the batch of something else.
func TestRotationsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	f := facts(t, access.HR, account("ada", onTable), with(account("app", onTable), "E7"), with(account("batch"), "E8"))
	f.Policy.Shared, f.Policy.BatchSize = plan.SharedRotate, 25
	able := maps.Clone(everything)
	able[access.Rotate] = access.Capability{Support: access.Partial}
	f.Connections[0].Engines = map[string]access.Capabilities{"postgres": able}
	p := plan.Make(f)
	require.Equal(t, []string{"contain ada lock", "rotate app", "rotate batch", "revoke ada shop", "delete ada", "confirm ada"}, words(p))
	lanes, _ := plan.Lanes(p, f.Policy)
	b := func(a access.Action, from, to int) plan.Batch {
		return plan.Batch{Connection: "pg", Action: a, From: from, To: to}
	}
	require.Equal(t, []plan.Lane{{Connection: "pg", Contain: []plan.Batch{b(access.Contain, 1, 1)},
		Remove:  []plan.Batch{b(access.Rotate, 2, 3), b(access.Revoke, 4, 4), b(access.Delete, 5, 5)},
		Confirm: []plan.Batch{b(access.Confirm, 6, 6)}}}, lanes)

	f.Policy.MaxAccounts = 2
	require.Len(t, plan.Make(f).Guards, 1, "a rotation counts for the blast radius: it locks people out")
	approved := plan.Make(f)
	f.Accounts = append(f.Accounts, with(account("cron"), "E9"))
	require.False(t, plan.Make(f).Within(approved), "one more rotation needs a new word")
}

func TestOutcomeOfARotation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step plan.Ended
		want access.Outcome
		why  string
	}{
		"done":    {plan.Ended{Action: access.Rotate, Done: true, Words: plan.RotatedWords(nil, "handed over")}, access.Contained, "shared, and its password was rotated: all who use it need the new one (handed over)"},
		"gone":    {plan.Ended{Action: access.Rotate, Done: true, Already: true, Words: "no such user"}, access.Blocked, "no such user"},
		"refused": {plan.Ended{Action: access.Rotate, Words: "nobody would receive it"}, access.Blocked, "rotate: nobody would receive it"},
	} {
		o, why := plan.Outcome(false, true, nil, []plan.Ended{c.step})
		require.Equal(t, c.want, o, name)
		require.Equal(t, c.why, why, name)
		require.False(t, o.Settled(), "a person closes it")
	}
}
