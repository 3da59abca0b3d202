package plan_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

var (
	opened    = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	contained = opened.Add(time.Hour)
	graceOver = contained.Add(30 * 24 * time.Hour)
	yesterday = graceOver.Add(-24 * time.Hour)
)

func TestARemovalThatWasPutOffLooksAgain(t *testing.T) {
	t.Parallel()
	gone := plan.Person{Known: true, RosterAt: yesterday}
	put := plan.Delay{OpenedAt: opened, Since: contained, Until: graceOver}
	locked := account("ada", onTable)
	locked.WasContained, locked.Contained = true, true
	unlocked := locked
	unlocked.Contained = false
	for name, c := range map[string]struct {
		person  plan.Person
		delay   plan.Delay
		account plan.Account
		partly  bool // the system cannot show that an account is contained
		want    []string
	}{
		"still gone, still contained":          {person: gone, delay: put, account: locked},
		"before the grace is over nobody asks": {delay: plan.Delay{OpenedAt: opened}, account: unlocked},
		"no roster was ever read": {delay: put, account: locked,
			want: []string{"not known whether still gone: no roster speaks of E1042"}},
		"the last roster is from before": {person: plan.Person{Known: true, RosterAt: opened}, delay: put, account: locked,
			want: []string{"not known whether still gone: the last roster that speaks of E1042 is of 2026-11-02, from before the grace"}},
		"she never left": {person: plan.Person{Known: true, Active: true, RosterAt: yesterday}, delay: put, account: locked,
			want: []string{"still active: the roster of 2026-12-01 counts E1042 among the active"}},
		"she came back": {person: plan.Person{Known: true, Active: true, RosterAt: yesterday, ReturnedAt: yesterday}, delay: put, account: locked,
			want: []string{"came back: the roster of 2026-12-01 counts E1042 among the active again"}},
		"she came back, and nothing was put off": {person: plan.Person{Known: true, Active: true, RosterAt: yesterday, ReturnedAt: yesterday},
			delay: plan.Delay{OpenedAt: opened}, account: locked,
			want: []string{"came back: the roster of 2026-12-01 counts E1042 among the active again"}},
		"she had come back before this case": {person: plan.Person{Known: true, RosterAt: yesterday, ReturnedAt: opened.Add(-time.Hour)}, delay: put, account: locked},
		"somebody opened the account": {person: gone, delay: put, account: unlocked,
			want: []string{"opened again: pg/ada was contained by this case, and somebody opened it since"}},
		"where it does not show, nobody can tell": {person: gone, delay: put, account: unlocked, partly: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := facts(t, access.HR, c.account)
			f.Person, f.Delay = c.person, c.delay
			if c.partly {
				f.Connections[0].Engines = map[string]access.Capabilities{"postgres": {access.Contain: {Support: access.Partial}, access.Delete: {Support: access.Full}}}
			}
			p := plan.Make(f)
			require.Equal(t, c.want, p.Guards)
			require.Equal(t, len(c.want) > 0, p.NeedsWord(f.Policy))
		})
	}
}

func TestAnApprovalDoesNotCoverAGuardThatTrippedLater(t *testing.T) {
	t.Parallel()
	f := facts(t, access.HR, account("ada", onTable))
	approved := plan.Make(f)
	require.True(t, plan.Make(f).Within(approved))
	f.Person = plan.Person{Known: true, Active: true, ReturnedAt: yesterday, RosterAt: yesterday}
	later := plan.Make(f)
	require.False(t, later.Within(approved))
	require.True(t, later.Within(later))
}

func TestApprovalsExpire(t *testing.T) {
	t.Parallel()
	p := plan.Policy{ApprovalTTL: 72 * time.Hour}
	require.Equal(t, opened.Add(72*time.Hour), p.ValidUntil(opened, time.Time{}))
	require.Equal(t, contained.Add(72*time.Hour), p.ValidUntil(opened, contained), "the days count from the effective date")
	p.Grace = 30 * 24 * time.Hour
	require.Equal(t, contained.Add(33*24*time.Hour), p.ValidUntil(opened, contained), "and the grace is not held against it")
	require.Zero(t, plan.Policy{Grace: time.Hour}.ValidUntil(opened, contained))
}
