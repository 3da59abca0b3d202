package hostile_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/workflows"
)

// stage is one scenario's part of a server: a leaver, people with names like hers, and
// databases. All names hold a word of the stage's own.
type stage struct {
	*severtest.World
	server
	t     *testing.T
	conn  catalog.Connection
	word  string
	who   access.PrincipalID
	her   person
	shop  string // her database
	table string // in it, which she may read
	heir  person

	others []person
	before string    // of the others
	open   []session // hers
}

// newStage plants the people and the database on a server.
func newStage(t *testing.T, s server, name string) *stage {
	t.Helper()
	word := severtest.Unique()
	g := &stage{t: t, server: s, word: word, who: access.PrincipalID("E-" + word), table: "orders", shop: "shop_" + word}
	g.her = s.everywhere(name+word, "hers-"+word)
	g.heir = s.everywhere("heir_"+word, "heirs-"+word)
	s.run(t, "", s.createDatabase(g.shop))
	s.run(t, g.shop, s.createTable(g.table)...)
	g.hire(g.her, g.heir)
	var alike []person // to one who compares carelessly
	for _, like := range []string{g.her.name + "2", strings.ToUpper(g.her.name), strings.Replace(g.her.name, "_", "x", 1), g.her.name[:len(g.her.name)-1], "%" + word} {
		alike = append(alike, s.everywhere(like, "theirs-"+word))
	}
	g.bystanders(append(alike, s.neighbours(g.her)...)...)
	return g
}

// hire makes accounts that can read the table.
func (g *stage) hire(people ...person) {
	g.t.Helper()
	var all []string
	for _, who := range people {
		all = append(append(all, g.create(who)...), g.letRead(who, g.shop, g.table)...)
	}
	g.run(g.t, g.shop, all...)
}

// bystanders are people to whom nothing may happen.
func (g *stage) bystanders(people ...person) {
	g.t.Helper()
	g.hire(people...)
	g.others = append(g.others, people...)
	g.before = g.state(g.t, g.shop, g.others...)
}

// in gives the stage to a Sever of its own, or to one that it shares.
func (g *stage) in(w *severtest.World, conn catalog.Connection) {
	g.World, g.conn = w.For(g.t), conn
	g.Policy.Patience = time.Minute // of a machine that has much to do
	// Many leave within this hour, from a small server.
	g.Policy.MaxPercent, g.Policy.MaxHourPercent, g.Policy.MaxPerHour = 100, 10_000, 10_000
	g.Owns(g.who, g.ref(g.her))
	for _, o := range g.others {
		if o.name != "" { // else it is nobody's
			g.Owns("E-others", g.ref(o))
		}
	}
}

func (g *stage) ref(who person) access.Ref {
	return access.Ref{Connection: g.conn.Name, Name: who.name, Host: who.host}
}

// login opens a session of somebody, which ends with the test. They must be able to.
func (g *stage) login(who person, database string, statements ...string) session {
	g.t.Helper()
	s, _, err := g.connect(g.Ctx, who, database)
	require.NoError(g.t, err, "%s logs in", who.name)
	g.t.Cleanup(s.close)
	for _, sql := range statements {
		require.NoError(g.t, s.exec(g.Ctx, sql), "%s", sql)
	}
	if who == g.her {
		g.open = append(g.open, s)
	}
	return s
}

// seen is what an observer finds out about an account, past Sever.
type seen struct {
	exists  bool // the account
	login   bool // with the password that it had
	read    bool // in a new session, or in one that she kept
	session bool // one of hers lives
}

// observe asks the server itself. A server that does not answer ends the test: nothing
// could be said.
func (g *stage) observe(who person) seen {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	exists, sessions := g.account(g.t, who)
	out := seen{exists: exists, session: sessions > 0}
	if who == g.her {
		for _, s := range g.open {
			alive := s.exec(ctx, "select 1") == nil || s.exec(ctx, "rollback") == nil
			out.session = out.session || alive
			if _, err := s.number(ctx, g.count(g.shop, g.table)); err == nil {
				out.read = true
			}
		}
	}
	s, refused, err := g.connect(ctx, who, g.shop)
	if err != nil {
		require.True(g.t, refused, "%s was not refused, and could not log in: %v", who.name, err)
		return out
	}
	defer s.close()
	out.login = true
	_, err = s.number(ctx, g.count(g.shop, g.table))
	out.read = out.read || err == nil
	return out
}

// ready makes sure that there is something to take away.
func (g *stage) ready() {
	g.t.Helper()
	require.Equal(g.t, seen{exists: true, login: true, read: true, session: len(g.open) > 0}, g.observe(g.her), "before the case")
}

// begin submits the case of a leaver who can log in and read.
func (g *stage) begin(change ...func(*workflows.Submit)) string {
	g.t.Helper()
	g.ready()
	return g.Submit(g.who, "key", change...).Case
}

func (g *stage) handing(to string) func(*workflows.Submit) {
	return func(x *workflows.Submit) { x.Successors = map[string]string{g.conn.Name: to} }
}

// toTheGate submits the case and waits until its plan waits for a word.
func (g *stage) toTheGate() (caseID string, p workflows.PlanState) {
	g.t.Helper()
	g.Policy.Approval = plan.ApproveAlways
	caseID = g.begin()
	return caseID, g.gate("the plan waits")
}

func (g *stage) gate(what string) workflows.PlanState {
	g.t.Helper()
	p := g.Reaches(g.who, what, severtest.InPhase(workflows.PhaseApproval))
	return p.Plans[len(p.Plans)-1]
}

func (g *stage) approve(p workflows.PlanState) {
	g.t.Helper()
	require.NoError(g.t, g.Say(g.who, workflows.UpdateApprove, workflows.Decision{By: "boss", Why: "it is hers", Hash: p.Hash}))
}

// halfWay brings the case to where she is contained and nothing is removed; it goes on
// when goOn is called.
func (g *stage) halfWay() (caseID string, goOn func()) {
	g.t.Helper()
	caseID, p := g.toTheGate()
	require.NoError(g.t, g.Say(g.who, workflows.UpdateHold, workflows.Decision{By: "boss", Why: "wait"}))
	g.approve(p)
	require.Eventually(g.t, func() bool {
		c, err := g.Parts.Store.Case(g.Ctx, caseID)
		return err == nil && !c.ContainedAt.IsZero()
	}, 2*time.Minute, 10*time.Millisecond, "contained")
	return caseID, func() {
		require.NoError(g.t, g.Say(g.who, workflows.UpdateResume, workflows.Decision{By: "boss"}))
	}
}

// stops waits until the case waits for people, and does not go on by itself.
func (g *stage) stops() {
	g.t.Helper()
	g.Reaches(g.who, "waiting for people", severtest.InPhase(workflows.PhasePeople))
}
