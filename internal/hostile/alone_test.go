package hostile_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// alone gives the stage a Sever of its own, on the connections given. The first is the
// stage's.
func (g *stage) alone(conns ...catalog.Connection) {
	g.t.Helper()
	g.in(severtest.New(g.t, conns...), conns[0])
}

const targets = 20

// closedPort is an address at which nobody listens.
const closedPort = "127.0.0.1:1"

func badTarget(g *stage) {
	conns := make([]catalog.Connection, targets)
	people := make([]person, targets)
	for i := range conns {
		address := ""
		if i == targets-1 {
			address = closedPort
		}
		conns[i] = g.connection(g.t, fmt.Sprintf("t%d-%s", i, g.word), person{}, address)
		people[i] = g.her
		if i > 0 {
			people[i] = g.everywhere(fmt.Sprintf("ada%d_%s", i, g.word), "hers")
		}
	}
	g.hire(people[1:]...)
	g.alone(conns...)
	for i, c := range conns[1:] {
		g.Owns(g.who, access.Ref{Connection: c.Name, Name: people[i+1].name, Host: people[i+1].host})
	}
	g.Policy.RetryEvery, g.Policy.Patience = 3*time.Second, 10*time.Second
	caseID := g.begin()
	bad := conns[targets-1].Name
	p := g.Reaches(g.who, "all that answer are settled", func(p workflows.Progress) bool {
		settled, parked := 0, false
		for _, c := range p.Connections {
			if c.State == workflows.TrackClean {
				settled++
			}
			parked = parked || c.Connection == bad && c.State == workflows.TrackParked
		}
		return settled == targets-1 && parked
	})
	require.Equal(g.t, access.CaseOpen, p.Status)
	for i, c := range conns[:targets-1] {
		g.conn = c
		g.check(caseID, people[i], gone)
	}
	require.Equal(g.t, seen{exists: true, login: true, read: true}, g.observe(people[targets-1]), "where Sever could not go")
	known, err := g.Parts.Store.ConnectionsOf(g.Ctx, caseID)
	require.NoError(g.t, err)
	i := slices.IndexFunc(known, func(c store.CaseConnection) bool { return c.Connection == bad })
	require.Equal(g.t, store.ConnUnknown, known[i].State)
	tasks, err := g.Parts.Store.TasksOf(g.Ctx, caseID)
	require.NoError(g.t, err)
	tasks = slices.DeleteFunc(tasks, func(k store.Task) bool { return !k.ClosedAt.IsZero() })
	require.Len(g.t, tasks, 1)
	require.Equal(g.t, bad, tasks[0].Subject)
	require.Contains(g.t, tasks[0].Words, "connection refused")
}

// mortal is a server that may be killed.
type mortal interface {
	Kill() error
	Restart(context.Context) error
}

func downAndBack(g *stage) {
	g.alone(g.connection(g.t, "own-"+g.word, person{}, ""))
	caseID, goOn := g.halfWay()
	own := g.server.(mortal)
	require.NoError(g.t, own.Kill())
	goOn()
	require.Eventually(g.t, func() bool {
		return slices.ContainsFunc(g.Tale(caseID), func(s string) bool { return strings.HasSuffix(s, " transient") })
	}, 2*time.Minute, 20*time.Millisecond, "it was tried, and the server did not answer")
	c, err := g.Parts.Store.Case(g.Ctx, caseID)
	require.NoError(g.t, err)
	require.Equal(g.t, access.CaseOpen, c.Status)
	require.NoError(g.t, own.Restart(g.Ctx))
	require.Equal(g.t, seen{exists: true}, g.observe(g.her), "what was contained stays contained")
	g.clean()
	g.check(caseID, g.her, gone)
}

func onlyLooks(g *stage) {
	boss := g.everywhere("boss_"+g.word, "boss")
	g.run(g.t, "", g.looker(boss)...)
	g.alone(g.connection(g.t, "boss-"+g.word, boss, ""))
	g.Policy.RetryEvery = time.Hour
	before := g.state(g.t, g.shop, g.her)
	caseID := g.begin()
	g.stops()
	g.check(caseID, g.her, truth{seen: seen{exists: true, login: true, read: true}, outcome: access.Blocked, task: "a right is missing"})
	require.Equal(g.t, before, g.state(g.t, g.shop, g.her))
	g.run(g.t, "", g.promote(boss)...)
	g.retry("")
	g.clean()
	g.check(caseID, g.her, gone)
}

func lostRight(g *stage) {
	boss := g.everywhere("boss_"+g.word, "boss")
	g.run(g.t, "", g.administrator(boss)...)
	g.alone(g.connection(g.t, "boss-"+g.word, boss, ""))
	g.Policy.RetryEvery = time.Hour
	caseID, goOn := g.halfWay()
	g.run(g.t, "", g.weaken(boss)...)
	goOn()
	g.stops()
	g.check(caseID, g.her, contained(g.lacking()))
	g.run(g.t, "", g.strengthen(boss)...)
	g.retry("")
	g.clean()
	g.check(caseID, g.her, gone)
}

func lostSight(g *stage) {
	boss := g.everywhere("boss_"+g.word, "boss")
	g.run(g.t, "", g.administrator(boss)...)
	g.alone(g.connection(g.t, "boss-"+g.word, boss, ""))
	g.Policy.RetryEvery = time.Hour
	caseID, goOn := g.halfWay()
	g.run(g.t, "", g.blind(boss)...)
	goOn()
	g.stops()
	g.check(caseID, g.her, truth{outcome: access.Unknown, task: "PROCESS"})
	g.run(g.t, "", g.sighted(boss)...)
	g.retry("")
	g.clean()
	g.check(caseID, g.her, gone)
}
