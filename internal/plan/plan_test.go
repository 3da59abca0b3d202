package plan_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// everything is an engine that can do all there is.
var everything = access.Capabilities{
	access.Contain: {Support: access.Full}, access.Unlink: {Support: access.Full}, access.Revoke: {Support: access.Full},
	access.Reassign: {Support: access.Full}, access.Delete: {Support: access.Full}, access.Restore: {Support: access.Full},
}

// facts is a case with one connection and the accounts given.
func facts(t testing.TB, reason access.Reason, accounts ...plan.Account) plan.Facts {
	t.Helper()
	policy, err := plan.For(reason)
	require.NoError(t, err)
	return plan.Facts{
		Case: "case-1", Principal: "E1042", Policy: policy, Accounts: accounts,
		Connections: []plan.Connection{{Name: "pg", Kind: "postgres", Listed: 100, Engines: map[string]access.Capabilities{"postgres": everything}, Hour: plan.Hour{Known: true}}},
	}
}

func account(name string, grants ...access.Grant) plan.Account {
	return plan.Account{ID: 7, Exists: true, Evidence: access.Imported, Account: access.Account{
		Ref: access.Ref{Connection: "pg", Resource: "server", Name: name, ForeignID: "16400"}, Engine: "postgres", Grants: grants}}
}

// words is a plan's steps, short enough to read in a test.
func words(p plan.Plan) (out []string) {
	for _, s := range p.Steps {
		w := string(s.Action) + " " + s.Account.Name
		for _, more := range []string{s.Database, s.Object, string(s.Mode), s.Successor} {
			if more != "" {
				w += " " + more
			}
		}
		if len(s.Blocked) > 0 {
			w += " BLOCKED"
		}
		out = append(out, w)
	}
	return out
}

var (
	inRole  = access.Grant{Kind: access.Membership, Object: "role reporting", EndedBy: access.Unlink, Extent: access.ExtentClusterWide}
	onTable = access.Grant{Kind: access.Privilege, Database: "shop", Object: "table public.orders", Privilege: "SELECT", EndedBy: access.Revoke, Extent: access.ExtentDatabase}
	onView  = access.Grant{Kind: access.Privilege, Database: "shop", Object: "view public.sums", Privilege: "SELECT", EndedBy: access.Revoke, Extent: access.ExtentDatabase}
	owns    = access.Grant{Kind: access.Ownership, Database: "archive", Object: "table public.old", EndedBy: access.Reassign, Extent: access.ExtentDatabase}
)

func TestMakeOrdersTheLadder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reason     access.Reason
		successors map[string]string
		accounts   []plan.Account
		want       []string
	}{
		"nobody has an account": {reason: access.HR},
		"everything, in order": {
			reason: access.HR, successors: map[string]string{"pg": "bob"},
			accounts: []plan.Account{account("ada", owns, onTable, onView, inRole)},
			want: []string{"contain ada lock", "unlink ada role reporting", "reassign ada archive bob",
				"revoke ada shop", "delete ada", "confirm ada"},
		},
		"an incident kills the credential": {
			reason: access.Incident, accounts: []plan.Account{account("ada")},
			want: []string{"contain ada kill", "delete ada", "confirm ada"},
		},
		"all are contained before one is removed": {
			reason: access.HR, accounts: []plan.Account{account("b"), account("a")},
			want: []string{"contain a lock", "contain b lock", "delete a", "delete b", "confirm a", "confirm b"},
		},
		"an owner without a successor is blocked, and the rest goes on": {
			reason: access.HR, accounts: []plan.Account{account("ada", owns, onTable)},
			want: []string{"contain ada lock", "reassign ada archive BLOCKED", "revoke ada shop", "delete ada", "confirm ada"},
		},
		"the default successor serves every connection": {
			reason: access.HR, successors: map[string]string{"": "bob"}, accounts: []plan.Account{account("ada", owns)},
			want: []string{"contain ada lock", "reassign ada archive bob", "delete ada", "confirm ada"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := facts(t, c.reason, c.accounts...)
			f.Successors = c.successors
			p := plan.Make(f)
			require.Equal(t, c.want, words(p))
			for i, s := range p.Steps {
				require.Equal(t, i+1, s.Ordinal)
			}
		})
	}
}

func TestMakeJudgesWhatIsNotTouched(t *testing.T) {
	t.Parallel()
	builtIn, shared, absent, unread, odd := account("postgres"), account("app"), account("gone"), account("lost"), account("x")
	builtIn.Protected = "built-in"
	shared.SharedWith = []access.PrincipalID{"E7"}
	absent.Exists = false
	unread.Exists, unread.Gaps = false, []access.Gap{{Object: "pg_authid", Why: "permission denied"}}
	odd.Engine = "abacus"
	for name, c := range map[string]struct {
		account plan.Account
		outcome access.Outcome
		why     string
		steps   []string
	}{
		"built-in":           {builtIn, access.Protected, "built-in", nil},
		"configured pattern": {account("svc_billing"), access.Protected, "matches the protected pattern svc_*", nil},
		"shared":             {shared, access.Blocked, "shared: E7 also claim it; it is never deleted for one of them", nil},
		"absent":             {absent, access.AlreadyGone, "the system lists its accounts and this one is not among them", []string{"confirm gone"}},
		"unreadable":         {unread, access.Unknown, "pg_authid: permission denied", nil},
		"unknown engine":     {odd, access.Unsupported, `nothing is known about engine "abacus"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := facts(t, access.HR, c.account)
			f.Connections[0].Protected = []string{"svc_*"}
			p := plan.Make(f)
			require.Len(t, p.Accounts, 1)
			require.Equal(t, c.outcome, p.Accounts[0].Outcome)
			require.Equal(t, c.why, p.Accounts[0].Why)
			require.False(t, p.Accounts[0].Act)
			require.Equal(t, c.steps, words(p))
		})
	}
}

func TestAProtectedPatternNeverMatchesLess(t *testing.T) {
	t.Parallel()
	for pattern, names := range map[string]map[string]bool{
		"ada":   {"ada": true, "Ada": false, "adam": false},
		"svc_*": {"svc_a": true, "svc_": true, "xsvc_a": false},
		"*_ro":  {"app_ro": true, "app_row": false},
		"*adm*": {"dbadmin": true, "adm": true, "ada": false},
		"*":     {"anybody": true},
	} {
		for name, protected := range names {
			f := facts(t, access.HR, account(name))
			f.Connections[0].Protected = []string{pattern}
			require.Equal(t, protected, !plan.Make(f).Accounts[0].Act, "%s on %q", pattern, name)
		}
	}
}

func TestNothingToDoNeedsNobodysWord(t *testing.T) {
	t.Parallel()
	f := facts(t, access.HR)
	f.Policy.Approval = plan.ApproveAlways
	require.False(t, plan.Make(f).NeedsWord(f.Policy))
	f.Accounts = []plan.Account{account("ada")}
	require.True(t, plan.Make(f).NeedsWord(f.Policy))
	f.Accounts[0].Exists = false
	require.NotEmpty(t, plan.Make(f).Steps, "it is looked at again")
	require.False(t, plan.Make(f).NeedsWord(f.Policy), "to look changes nothing")
}

// What a system cannot give back is said before it is taken.
func TestWhatIsLostIsAnnounced(t *testing.T) {
	t.Parallel()
	f := facts(t, access.HR, account("ada"))
	f.Connections[0].Engines = map[string]access.Capabilities{"postgres": {
		access.Contain: {Support: access.Partial, Loses: "its password"}, access.Delete: {Support: access.Full}}}
	require.Equal(t, "its password", plan.Make(f).Steps[0].Irreversible)
	f.Policy.Mode = access.Kill
	require.Equal(t, "its credential; a cancel makes a new one", plan.Make(f).Steps[0].Irreversible)
}

// The hash must move with everything that a person approves, and with nothing else.
func TestHash(t *testing.T) {
	t.Parallel()
	base := plan.Make(facts(t, access.HR, account("ada", onTable)))
	require.Equal(t, base.Hash(), plan.Make(facts(t, access.HR, account("ada", onTable))).Hash())
	for name, change := range map[string]func(*plan.Facts){
		"the case":        func(f *plan.Facts) { f.Case = "case-2" },
		"the principal":   func(f *plan.Facts) { f.Principal = "E1" },
		"the account":     func(f *plan.Facts) { f.Accounts[0].Name = "eve" },
		"its foreign id":  func(f *plan.Facts) { f.Accounts[0].ForeignID = "16401" },
		"the database":    func(f *plan.Facts) { f.Accounts[0].Grants[0].Database = "till" },
		"the mode":        func(f *plan.Facts) { f.Policy.Mode = access.Kill },
		"another account": func(f *plan.Facts) { f.Accounts = append(f.Accounts, account("bob")) },
		"a silent system": func(f *plan.Facts) {
			f.Connections = append(f.Connections, plan.Connection{Name: "do", Unknown: "time-out"})
		},
	} {
		f := facts(t, access.HR, account("ada", onTable))
		change(&f)
		require.NotEqual(t, base.Hash(), plan.Make(f).Hash(), name)
	}
}

// An approval covers what is left of its plan, and nothing that came since.
func TestWithin(t *testing.T) {
	t.Parallel()
	limit := func(most int) func(*plan.Facts) { return func(f *plan.Facts) { f.Policy.MaxAccounts = most } }
	for name, c := range map[string]struct {
		now    []access.Grant
		id     string
		before func(*plan.Facts)
		after  func(*plan.Facts)
		want   bool
	}{
		"nothing moved":                    {now: []access.Grant{onTable, inRole}, want: true},
		"a grant is gone":                  {now: []access.Grant{onTable}, want: true},
		"a grant in an approved database":  {now: []access.Grant{onTable, onView, inRole}, want: true},
		"a grant in another database":      {now: []access.Grant{onTable, inRole, {Kind: access.Privilege, Database: "till", EndedBy: access.Revoke}}},
		"another role":                     {now: []access.Grant{onTable, inRole, {Kind: access.Membership, Object: "role admin", EndedBy: access.Unlink}}},
		"something to hand over":           {now: []access.Grant{onTable, inRole, owns}},
		"the account was made again since": {now: []access.Grant{onTable, inRole}, id: "16999"},
		"the account is gone":              {after: func(f *plan.Facts) { f.Accounts[0].Exists = false }, want: true},
		"another account of hers":          {now: []access.Grant{onTable, inRole}, after: func(f *plan.Facts) { f.Accounts = append(f.Accounts, account("ada_ro")) }},
		"a harder containing":              {now: []access.Grant{onTable, inRole}, after: func(f *plan.Facts) { f.Policy.Mode = access.Kill }},
		"a guard that had not tripped":     {now: []access.Grant{onTable, inRole}, after: func(f *plan.Facts) { f.Connections[0].Hour = plan.Hour{} }},
		"a guard that had tripped, with another number": {now: []access.Grant{onTable, inRole}, want: true,
			before: func(f *plan.Facts) { f.Connections[0].Hour.Accounts = others(40) },
			after:  func(f *plan.Facts) { f.Connections[0].Hour.Accounts = others(41) }},
		"another guard than the one that had tripped": {now: []access.Grant{onTable, inRole}, before: limit(-1),
			after: func(f *plan.Facts) { f.Accounts[0].Recreated = true }},
	} {
		before := facts(t, access.HR, account("ada", onTable, inRole))
		a := account("ada", c.now...)
		a.ForeignID = cmp.Or(c.id, a.ForeignID)
		after := facts(t, access.HR, a)
		if c.before != nil {
			c.before(&before)
		}
		if c.after != nil {
			c.after(&after)
		}
		require.Equal(t, c.want, plan.Make(after).Within(plan.Make(before)), name)
	}
}

// A supplement is a plan of its own: it says so, and the word for it is another one.
func TestASupplementHasAHashOfItsOwn(t *testing.T) {
	t.Parallel()
	f := facts(t, access.HR, account("ada"))
	whole := plan.Make(f)
	f.Supplement = &plan.Supplement{To: 1, Late: []string{"pg", "plesk-fr1"}}
	late := plan.Make(f)
	require.Equal(t, words(whole), words(late))
	require.NotEqual(t, whole.Hash(), late.Hash())
	require.Equal(t, "supplement to plan 1: pg, plesk-fr1 answered late", late.Supplement.String())
	require.NotContains(t, string(whole.Canonical()), "supplement")
}

// What this case has contained, and what the system shows to be contained still, is not
// contained again.
func TestWhatStaysContainedIsNotContainedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		was, is     bool
		as, mode    access.Mode
		containsNow bool
	}{
		"contained":                        {true, true, access.Lock, access.Lock, false},
		"harder than it would be now":      {true, true, access.Kill, access.Lock, false},
		"more mildly than it would be now": {true, true, access.Lock, access.Kill, true},
		"somebody opened it since":         {true, false, access.Lock, access.Lock, true},
		"somebody else has contained it":   {false, true, "", access.Lock, true},
		"open":                             {false, false, "", access.Lock, true},
	} {
		a := account("ada")
		a.WasContained, a.Contained, a.ContainedAs = c.was, c.is, c.as
		f := facts(t, access.HR, a)
		f.Policy.Mode = c.mode
		contains := slices.ContainsFunc(plan.Make(f).Steps, func(s access.Step) bool { return s.Action == access.Contain })
		require.Equal(t, c.containsNow, contains, name)
	}
}
