package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.Local)

// openPicture is a case with one account of each sort and one silent connection.
func openPicture() picture {
	return picture{paper.Picture{
		Case: "C-1", Principal: "E1", Name: "Ada", Reason: access.HR, Status: access.CaseOpen, Phase: "waiting for people", Standing: paper.StandsPeople,
		Requester: "alice", Ticket: "HR-7", OpenedAt: noon, ContainedAt: noon.Add(1500 * time.Millisecond), Successors: map[string]string{"": "grace"},
		Connections: []paper.Connection{
			{Name: "pg-main", Kind: "postgres", State: store.ConnDiscovered, Accounts: 2, Grants: 5},
			{Name: "pg-old", Kind: "postgres", State: store.ConnUnknown, Why: "refused\x1b[2J", NextTryAt: noon.Add(90 * time.Second)},
		},
		Accounts: []paper.Account{
			{Account: "pg-main/ada", Engine: "postgres", Evidence: access.Imported, Outcome: access.Removed, Why: "gone", Grants: 17,
				Proof: &paper.Proof{Look: 1, At: noon, Gone: true, Asked: "pg_roles", Answered: "no such role"}},
			{Account: "pg-main/svc", Engine: "postgres", Evidence: access.Confirmed, Outcome: access.Protected, Why: "matches svc*"},
		},
		Plans: []paper.Plan{{No: 1, Hash: strings.Repeat("ab", 32), Status: store.PlanApproved, Steps: 4, DecidedBy: "bob", DecidedAt: noon, DecidedWhy: "ok", Guards: []string{"too many"}}},
		Steps: map[string]int{"done": 3, "blocked": 1},
		Tasks: []paper.Task{{Subject: "pg-main/svc", Words: "matches svc*", Next: "decide", Owner: "dba", Due: noon.Add(time.Hour),
			Blockers: []paper.Blocker{{Object: "table t", Why: "is owned", Remedy: "sever retry", Statements: []string{"BEGIN;", "COMMIT;"}}}}},
	}}
}

func TestPicture(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &app{out: &screen{w: &out}}
	a.showPicture(openPicture(), noon)
	require.Equal(t, `C-1  Ada (E1), reason hr, requested by alice, ticket HR-7
needs people: not clean yet; 1 protected and untouched, 1 connection could not be asked, 1 gone. 1 thing is for a person to do.
opened 12:00:00 · contained after 1.5 s · successor everywhere: grace

CONNECTION  KIND      STATE       ACCOUNTS  NOTE
pg-main     postgres  discovered  2
pg-old      postgres  unknown     0         refused`+"\uFFFD"+`[2J; next try in 1 min 30 s

ACCOUNT      ENGINE    OUTCOME    EVIDENCE   GRANTS  WHY
pg-main/ada  postgres  removed    imported   17      gone
pg-main/svc  postgres  protected  confirmed  0       matches svc*

PLAN  HASH          STATUS    STEPS  DECIDED
1     abababababab  approved  4      by bob, 12:00:00: ok
                                     guard: too many
steps: 3 done, 1 blocked

What the systems themselves said last
  pg-main/ada  gone, look 1, 12:00:00
    asked: pg_roles
    answered: no such role

What a person can do
  1. pg-main/svc (for dba, due in 1 h)
     table t: is owned
     remedy: sever retry
     by hand: BEGIN;
              COMMIT;
     next: decide
`, out.String())
}

// TestSentences: only clean and proven say that the access is gone.
func TestSentences(t *testing.T) {
	t.Parallel()
	p := openPicture()
	for name, c := range map[string]struct {
		change func(*picture)
		says   string
		code   int
	}{
		"clean": {func(p *picture) { p.Standing, p.ClosedAt = paper.StandsClean, noon.Add(2*time.Second) },
			"1 account is gone from pg-main; the systems themselves said so, twice. It took 2.0 s.", 0},
		"clean without an account": {func(p *picture) { p.Standing, p.Accounts = paper.StandsClean, nil }, "no account was found on pg-main, twice.", 0},
		"proven": {func(p *picture) { p.Standing, p.SecondLookAt = paper.StandsProven, noon.Add(24*time.Hour) },
			"1 account is proven gone from pg-main. The case stays open for the second look, in 1 d; nobody has to do anything.", 0},
		"proven, second look": {func(p *picture) { p.Standing, p.SecondLookAt = paper.StandsProven, noon }, "1 account is proven gone from pg-main. The second look is under way.", 0},
		"scheduled, contained": {func(p *picture) { p.Standing, p.EffectiveAt = paper.StandsScheduled, noon.Add(2*time.Hour) },
			"contained, nobody can log in; removing begins in 2 h (14:00:00).", 0},
		"scheduled": {func(p *picture) {
			p.Standing, p.EffectiveAt, p.ContainedAt = paper.StandsScheduled, noon.Add(2*time.Hour), time.Time{}
		},
			"planned; it begins in 2 h (14:00:00). Nothing was changed yet.", 0},
		"held": {func(p *picture) { p.Standing = paper.StandsHeld }, "held by a person; it goes on after: sever resume C-1", 3},
		"needs approval": {func(p *picture) { p.Standing, p.Plans[0].Status = paper.StandsApproval, store.PlanWaiting },
			"plan 1 waits for the word of somebody other than alice. Read it: sever plan C-1; then: sever approve C-1 --plan abababababab", 3},
		"in quarantine": {func(p *picture) {
			p.Standing, p.Plans[0].Status, p.Plans[0].Guards = paper.StandsQuarantine, store.PlanWaiting, []string{"blast radius: 60 accounts in one case, the limit is 50"}
		}, "plan 1 waits, because blast radius: 60 accounts in one case, the limit is 50. Read it: sever plan C-1; then somebody other than alice says " +
			`sever approve C-1 --plan abababababab --reason "...", or anybody sever deny C-1 --plan abababababab, or sever cancel C-1`, 3},
		"running":   {func(p *picture) { p.Standing, p.Phase = paper.StandsRunning, "discovering" }, "removing; 3 of 4 steps are done.", 3},
		"beginning": {func(p *picture) { p.Standing, p.Phase, p.Plans, p.Steps = paper.StandsRunning, "discovering", nil, nil }, "discovering.", 3},
		"cancelled": {func(p *picture) { p.Standing, p.Status, p.Tasks = paper.StandsClosed, access.CaseCancelled, nil },
			"a person cancelled it, and what it had taken was given back.", 3},
		"cancelled, something is missing": {func(p *picture) { p.Standing, p.Status = paper.StandsClosed, access.CaseCancelled },
			"a person cancelled it, and not all that it had taken could be given back. 1 thing is for a person to do.", 3},
		"reinstated": {func(p *picture) { p.Standing, p.Status, p.Tasks = paper.StandsClosed, access.CaseReinstated, nil },
			"it was reinstated with approval, and what it had taken was given back.", 3},
		"reinstatement": {func(p *picture) {
			p.Standing, p.Status, p.Plans[0].Status = paper.StandsApproval, access.CaseClean, store.PlanWaiting
		}, "it is clean. Plan 1 would give back what it took, and waits for the word of somebody other than who asked for that. " +
			"Read it: sever plan C-1; then: sever approve C-1 --plan abababababab", 3},
		"in its grace": {func(p *picture) { p.Standing, p.GraceUntil = paper.StandsGrace, noon.Add(2*time.Hour) },
			"nobody can log in; removing begins in 2 h (14:00:00), unless something has changed by then.", 0},
		"exceptions": {func(p *picture) { p.Standing, p.Status = paper.StandsClosed, access.CaseExceptions }, "with exceptions; 0 accounts were waived by a person, 1 gone.", 3},
		"dry run":    {func(p *picture) { p.Standing = paper.StandsDryRun }, "a dry run; nothing was changed.", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := p
			p.Plans = append([]paper.Plan{}, p.Plans...)
			c.change(&p)
			require.Equal(t, c.says, p.sentence(noon))
			require.Equal(t, c.code, exitOf(p.Standing))
		})
	}
}

// TestRestingRecordsMayBeLate: what else is on record tells that a case moves again.
func TestRestingRecordsMayBeLate(t *testing.T) {
	t.Parallel()
	p := openPicture()
	require.Equal(t, paper.StandsPeople, p.Really(noon))
	p.Tasks = nil
	require.Equal(t, paper.StandsRunning, p.Really(noon))
	p.Standing = paper.StandsApproval
	require.Equal(t, paper.StandsRunning, p.Really(noon))
	p.Plans = []paper.Plan{{Status: store.PlanWaiting}}
	require.Equal(t, paper.StandsApproval, p.Really(noon))
	p.Plans[0].Guards = []string{"blast radius"}
	require.Equal(t, paper.StandsQuarantine, p.Really(noon), "a guard tripped")
	p.Standing = paper.StandsQuarantine
	require.Equal(t, paper.StandsQuarantine, p.Really(noon))
	p.Plans[0].Status = store.PlanApproved
	require.Equal(t, paper.StandsRunning, p.Really(noon), "its plan was approved")
	p.Plans[0].Status, p.Plans[0].Guards = store.PlanWaiting, nil
	p.Standing, p.EffectiveAt = paper.StandsScheduled, noon
	require.Equal(t, paper.StandsRunning, p.Really(noon))
	require.Equal(t, paper.StandsScheduled, p.Really(noon.Add(-time.Second)))
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0.0 s", 1540 * time.Millisecond: "1.5 s", 12 * time.Second: "12 s", 60 * time.Second: "1 min", 61 * time.Second: "1 min 1 s",
		time.Hour: "1 h", 90 * time.Minute: "1 h 30 min", 25 * time.Hour: "1 d 1 h", -time.Minute: "1 min",
	} {
		require.Equal(t, want, span(d))
	}
}

// TestFooter: on a terminal it is drawn anew below what scrolls by; elsewhere it is not
// there.
func TestFooter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	f := &footer{screen: &screen{w: &out, terminal: true, fd: -1}}
	f.draw([]string{"one", "two"})
	f.draw([]string{"one", "two"})
	f.above("stays")
	f.clear()
	const up = "\x1b[A\x1b[K"
	require.Equal(t, "one\ntwo\n"+up+up+"stays\none\ntwo\n"+up+up, out.String())

	out.Reset()
	f.draw(strings.Split(strings.Repeat("x ", 40), " "))
	require.Equal(t, most, strings.Count(out.String(), "\n"))
	f.draw([]string{strings.Repeat("w", 500)})
	require.Less(t, len(f.screen.fold("", strings.Repeat("w ", 500))[0]), 80)

	out.Reset()
	f = &footer{screen: &screen{w: &out}}
	f.draw([]string{"one"})
	f.above("stays")
	f.clear()
	require.Equal(t, "stays\n", out.String())
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a\uFFFD[31m\uFFFDb\n\tc", printable("a\x1b[31m\u202eb\n\tc"))
	require.Equal(t, "a b c", oneLine(" a\r\nb\tc "))
	require.Equal(t, strings.Repeat("x", 159)+"…", clip(strings.Repeat("x", 161)))
}
