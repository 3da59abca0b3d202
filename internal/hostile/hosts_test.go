package hostile_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
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
// be hers, the other somebody else's.
func namesakes(g *stage) {
	g.Policy.RetryEvery = time.Hour
	hers, others := at(g.her, "127.0.0.1"), at(g.her, "localhost")
	g.hire(hers, others)
	before := g.state(g.t, g.shop, hers, others)
	caseID := g.begin()
	g.stops()
	require.Equal(g.t, before, g.state(g.t, g.shop, hers, others), "not touched")
	questions, err := g.Parts.Store.Questions(g.Ctx, store.QuestionFilter{Principal: g.who, Open: true})
	require.NoError(g.t, err)
	require.Len(g.t, questions, 2)
	for _, q := range questions {
		require.Contains(g.t, []string{hers.host, others.host}, q.Host)
		require.Contains(g.t, q.Words, "no identity says whose it is")
	}

	g.Owns(g.who, g.ref(hers))
	g.Owns("E-other-"+access.PrincipalID(g.word), g.ref(others))
	left := g.state(g.t, g.shop, others)
	g.retry("")
	g.clean()
	g.check(caseID, hers, gone)
	require.Equal(g.t, left, g.state(g.t, g.shop, others), "not touched")
}
