package hostile_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// at is the person at another host.
func at(who person, host string) person {
	who.host = host
	return who
}

func severalHosts(g *stage) {
	more := []person{at(g.her, "127.0.0.1"), at(g.her, "127.0.0.0/255.0.0.0"), at(g.her, "localhost"), at(g.her, "127.%"), at(g.her, "10.%")}
	g.hire(more...)
	for _, p := range more {
		g.Owns(g.who, g.ref(p))
	}
	g.login(g.her, g.shop)
	caseID := g.begin()
	g.clean()
	g.check(caseID, g.her, gone)
	for _, p := range more {
		g.check(caseID, p, gone)
	}
}

// She can log in with either of two accounts that nobody linked to her: one turns out to
// be hers.
func namesakes(g *stage) {
	g.Policy.RetryEvery = time.Hour
	hers, others := at(g.her, "127.0.0.1"), at(g.her, "localhost")
	g.hire(hers, others)
	before := g.state(g.t, g.shop, hers, others)
	caseID := g.begin()
	g.stops()
	require.Equal(g.t, before, g.state(g.t, g.shop, hers, others), "not touched")
	open := truth{seen: seen{exists: true, login: true, read: true}, outcome: access.Unknown, task: "no identity says whose it is"}
	g.check(caseID, hers, open)
	g.check(caseID, others, open)

	g.Owns(g.who, g.ref(hers))
	g.Owns("E-other-"+access.PrincipalID(g.word), g.ref(others))
	g.retry("")
	var waits store.CaseAccount
	require.Eventually(g.t, func() bool {
		accounts, err := g.Parts.Store.AccountsOf(g.Ctx, caseID, nil)
		require.NoError(g.t, err)
		settled := 0
		for _, a := range accounts {
			if a.Outcome == access.Removed {
				settled++
			} else {
				waits = a
			}
		}
		return len(accounts) == 3 && settled == 2
	}, time.Minute, 50*time.Millisecond)
	g.stops()
	g.check(caseID, hers, gone)
	require.Equal(g.t, others.host, waits.Host)
	g.check(caseID, others, truth{seen: seen{exists: true}, outcome: access.Unknown, task: "somebody else's"})
	require.NoError(g.t, g.Say(g.who, workflows.UpdateWaive, workflows.Decision{By: "boss", Why: "it is somebody else's", Account: waits.ID}))
	require.Equal(g.t, access.CaseExceptions, g.Ends(g.who).Status)
	g.check(caseID, others, truth{seen: seen{exists: true}, outcome: access.Waived})
}
