package hostile_test

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/workflows"
)

// scenario is one condition that servers and people make.
type scenario struct {
	name string // as in the README
	// says is how it ends, in the README's words.
	says string
	play func(*stage)
	// on names the only engine that has this; empty is both.
	on string
	// alone is true when it needs a Sever of its own, or even a server that it may kill.
	alone, kills bool
}

var scenarios = []scenario{
	{name: "nothing stands in the way", says: "removed", play: plain},
	{name: "she owns something and nobody is named to receive it", says: "contained, with what she owns by name; removed once a successor is named, who has it then", play: ownerWithoutSuccessor},
	{name: "grants in a second database, default ones and by a pattern", says: "removed", play: secondDatabase},
	{name: "a session that idles, one that holds a lock", says: "removed; both are dead", play: idleSessions},
	{name: "a session that changed its role", says: "removed; it is dead", play: changedRole},
	{name: "six clients that reconnect in a loop", says: "removed; nobody was in after *contained*", play: reconnecting},
	{name: "one bad target among twenty", says: "19 removed, the bad one *unknown*, with what it said; she is still in there, and the case is open", play: badTarget, alone: true},
	{name: "the server is killed half-way, and comes back", says: "removed", play: downAndBack, alone: true, kills: true},
	{name: "our login may look and do nothing else", says: "blocked, with the server's words, and she is as she was; removed once it has the rights", play: onlyLooks, alone: true},
	{name: "our login loses a right half-way", says: "contained, with the server's words; removed once it has the right again", play: lostRight, alone: true},
	{name: "our login may not see sessions any more, half-way (MariaDB)", says: "the account is deleted, and *unknown* for want of a proof; removed once it may look again", play: lostSight, alone: true, on: "MariaDB"},
	{name: "somebody else drops the account before the plan is carried out", says: "already gone", play: droppedBefore},
	{name: "somebody else drops the account half-way", says: "removed", play: droppedHalfWay},
	{name: "the account was dropped before the case, and a session lives on", says: "*unknown*, with the session; already gone once that has ended", play: sessionOutlives},
	{name: "another account gets her name between plan and execution", says: "not touched: it waits for a word of its own", play: recreatedBefore},
	{name: "another account gets her name half-way", says: "not touched: it waits for a word of its own", play: recreatedHalfWay},
	{name: "two cases at once, and one's successor is the other's leaver", says: "both removed; what was handed over is with the last successor", play: twoCases},
	{name: "accounts of her at several hosts (MariaDB)", says: "removed, each", play: severalHosts, on: "MariaDB"},
	{name: "an account with her name at another host, and nobody said whose (MariaDB)", says: "a question, and not touched; removed once it is linked to her, left alone once it is somebody else's", play: namesakes, on: "MariaDB"},
	{name: "names with quotes, backticks, backslashes, wildcards, spaces, Unicode, of 63, 64 and 80 characters", says: "removed, each; a name that the server cannot hold is *unknown*, and no other stands in for it", play: names},
}

func plain(g *stage) {
	caseID := g.begin()
	g.clean()
	g.check(caseID, g.her, gone)
}

func ownerWithoutSuccessor(g *stage) {
	g.Policy.RetryEvery = time.Hour
	g.run(g.t, g.shop, g.owns(g.her, g.shop, "report", g.table)...)
	caseID := g.begin()
	g.stops()
	g.check(caseID, g.her, contained("nobody is named to receive"))
	require.Equal(g.t, g.her.name, g.owner(g.t, g.shop, "report"))
	g.retry(g.heir.name)
	g.clean()
	g.check(caseID, g.her, gone)
	require.Equal(g.t, g.heir.name, g.owner(g.t, g.shop, "report"))
}

func secondDatabase(g *stage) {
	till := "till_" + g.word
	g.run(g.t, "", g.createDatabase(till))
	g.run(g.t, till, g.createTable(g.table)...)
	g.run(g.t, till, g.letReadAll(g.her, till)...)
	g.run(g.t, till, g.createTable("later")...)
	s := g.login(g.her, till)
	_, err := s.number(g.Ctx, g.count(till, "later"))
	require.NoError(g.t, err)
	caseID := g.begin()
	g.clean()
	g.check(caseID, g.her, gone)
	_, err = s.number(g.Ctx, g.count(till, "later"))
	require.Error(g.t, err)
}

func idleSessions(g *stage) {
	g.login(g.her, g.shop)
	g.login(g.her, g.shop, g.transact(g.shop, g.table)...)
	caseID := g.begin()
	g.clean()
	g.check(caseID, g.her, gone)
}

func changedRole(g *stage) {
	team := "team_" + g.word
	g.run(g.t, "", g.createRole(team)...)
	g.run(g.t, "", g.join(g.her, team)...)
	g.login(g.her, g.shop, g.become(team))
	caseID := g.begin()
	g.clean()
	g.check(caseID, g.her, gone)
}

func reconnecting(g *stage) {
	var stop atomic.Bool
	var last atomic.Int64
	var clients sync.WaitGroup
	first := make(chan struct{}, 6)
	for range cap(first) {
		clients.Go(func() {
			for in := 0; !stop.Load(); {
				s, _, err := g.connect(g.Ctx, g.her, g.shop)
				if err != nil {
					<-time.After(20 * time.Millisecond)
					continue
				}
				for err == nil && !stop.Load() {
					if err = s.exec(g.Ctx, g.slowly(20*time.Millisecond)); err == nil {
						last.Store(max(last.Load(), time.Now().UnixNano()))
					}
				}
				s.close()
				if in++; in == 1 {
					first <- struct{}{}
				}
			}
		})
	}
	caseID := g.Submit(g.who, "key").Case
	g.clean()
	stop.Store(true)
	clients.Wait()
	require.Len(g.t, first, cap(first), "every client was in")
	g.check(caseID, g.her, gone)
	c, err := g.Parts.Store.Case(g.Ctx, caseID)
	require.NoError(g.t, err)
	require.Less(g.t, last.Load(), c.ContainedAt.UnixNano(), "nobody was in after the case said contained")
}

func droppedBefore(g *stage) {
	caseID, p := g.toTheGate()
	g.run(g.t, g.shop, g.drop(g.her)...)
	g.approve(p)
	g.clean()
	g.check(caseID, g.her, truth{outcome: access.AlreadyGone})
}

func droppedHalfWay(g *stage) {
	caseID, goOn := g.halfWay()
	g.run(g.t, g.shop, g.drop(g.her)...)
	goOn()
	g.clean()
	g.check(caseID, g.her, gone)
}

func sessionOutlives(g *stage) {
	g.Policy.RetryEvery = time.Hour
	s := g.login(g.her, g.shop)
	g.ready()
	g.run(g.t, g.shop, g.drop(g.her)...)
	caseID := g.Submit(g.who, "key").Case
	g.stops()
	g.check(caseID, g.her, truth{seen: seen{session: true}, outcome: access.Unknown, task: "session"})
	s.close()
	g.open = nil
	require.Eventually(g.t, func() bool { return !g.observe(g.her).session }, 30*time.Second, 50*time.Millisecond)
	g.retry("")
	g.clean()
	g.check(caseID, g.her, truth{outcome: access.AlreadyGone})
}

// again drops her account and makes another one of the same name and password.
func (g *stage) again() {
	g.t.Helper()
	before := g.birthmark(g.t, g.her)
	require.Eventually(g.t, func() bool { // MariaDB knows an account by the second of its password
		g.run(g.t, g.shop, g.drop(g.her)...)
		g.run(g.t, "", g.create(g.her)...)
		g.run(g.t, g.shop, g.letRead(g.her, g.shop, g.table)...)
		return g.birthmark(g.t, g.her) != before
	}, 30*time.Second, 300*time.Millisecond)
	require.Equal(g.t, seen{exists: true, login: true, read: true}, g.observe(g.her), "the other account works")
}

func recreatedBefore(g *stage) {
	_, p := g.toTheGate()
	g.again()
	g.approve(p)
	g.anotherWaits()
}

func recreatedHalfWay(g *stage) {
	_, goOn := g.halfWay()
	g.again()
	goOn()
	g.anotherWaits()
}

// anotherWaits checks that the case asks for a word about the other account, and that
// this is untouched until then.
func (g *stage) anotherWaits() {
	g.t.Helper()
	after := g.state(g.t, g.shop, g.her)
	p := g.Reaches(g.who, "a new plan waits", severtest.InPhase(workflows.PhaseQuarantine))
	require.Equal(g.t, access.CaseOpen, p.Status)
	require.Equal(g.t, after, g.state(g.t, g.shop, g.her), "the other account")
	require.Equal(g.t, seen{exists: true, login: true, read: true}, g.observe(g.her), "the other account")
	made, err := g.Parts.Store.Plan(g.Ctx, p.Case, p.Plans[len(p.Plans)-1].No)
	require.NoError(g.t, err)
	require.Len(g.t, made.Guards, 1)
	require.Contains(g.t, made.Guards[0], "created again")
	accounts, err := g.Parts.Store.AccountsOf(g.Ctx, p.Case, nil)
	require.NoError(g.t, err)
	require.Len(g.t, accounts, 2, "the planned one and the other")
	require.Empty(g.t, accounts[1].Outcome, "nothing is said of the other one yet")
	g.approve(p.Plans[len(p.Plans)-1])
	g.clean()
	g.check(p.Case, g.her, gone)
}

func twoCases(g *stage) {
	g.Policy.RetryEvery = 200 * time.Millisecond
	last := g.everywhere("last_"+g.word, "lasts")
	g.hire(last)
	g.run(g.t, g.shop, g.owns(g.her, g.shop, "report", g.table)...)
	heirs := access.PrincipalID("E-heir-" + g.word)
	g.Owns(heirs, g.ref(g.heir))
	caseID := g.begin(g.handing(g.heir.name))
	second := g.Submit(heirs, "key", g.handing(last.name)).Case
	if !g.bothEnd(heirs) {
		// The heir was gone before: her case says so and waits for another successor.
		g.check(caseID, g.her, contained("the successor "))
		g.retry(last.name)
	}
	require.Equal(g.t, access.CaseClean, g.Ends(g.who).Status)
	g.check(caseID, g.her, gone)
	g.check(second, g.heir, gone)
	require.Equal(g.t, last.name, g.owner(g.t, g.shop, "report"))
}

// bothEnd waits for the heir's case, and for hers unless that needs another successor.
func (g *stage) bothEnd(heirs access.PrincipalID) bool {
	g.t.Helper()
	require.Equal(g.t, access.CaseClean, g.Ends(heirs).Status)
	p := g.Reaches(g.who, "closed, or waiting for people", func(p workflows.Progress) bool {
		return p.Phase == workflows.PhaseClosed || p.Phase == workflows.PhasePeople
	})
	return p.Phase == workflows.PhaseClosed
}
