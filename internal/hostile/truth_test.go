package hostile_test

import (
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// truth is how a scenario must end for an account: what the observer sees, and what
// Sever says.
type truth struct {
	seen
	outcome access.Outcome
	// task is a part of what the account's open task says; without one, none may be open.
	task string
}

// gone is the end of an account that was removed.
var gone = truth{outcome: access.Removed}

// contained is the end of one that is still there, of no use to anybody.
func contained(task string) truth {
	return truth{seen: seen{exists: true}, outcome: access.Contained, task: task}
}

// check holds what Sever reported of an account against what is so.
func (g *stage) check(caseID string, who person, want truth) {
	g.t.Helper()
	got := g.observe(who)
	require.Equal(g.t, want.seen, got, "%s, as the observer sees it", who.name)
	c, err := g.Parts.Store.Case(g.Ctx, caseID)
	require.NoError(g.t, err)
	if c.Status == access.CaseClean {
		require.Equal(g.t, seen{}, got, "the case is clean, and something is left of %s", who.name)
	}
	accounts, err := g.Parts.Store.AccountsOf(g.Ctx, caseID, []string{g.conn.Name})
	require.NoError(g.t, err)
	// An account that was made again is a second row of the same name; the newest counts.
	accounts = slices.DeleteFunc(accounts, func(a store.CaseAccount) bool { return a.Name != who.name || a.Host != who.host })
	require.NotEmpty(g.t, accounts, "the case knows %s", who.name)
	newest := slices.MaxFunc(accounts, func(a, b store.CaseAccount) int { return int(a.ID - b.ID) })
	require.Equal(g.t, want.outcome, newest.Outcome, "%s: %s", who.name, newest.Why)
	g.proven(caseID, newest, got)
	g.tasks(caseID, newest.Ref, want)
}

// proven checks what an outcome claims by itself, whatever the scenario.
func (g *stage) proven(caseID string, a store.CaseAccount, got seen) {
	g.t.Helper()
	switch a.Outcome {
	case access.Removed, access.AlreadyGone:
		require.Equal(g.t, seen{}, got, "%s is said to be gone", a.Ref)
		proofs, err := g.Parts.Store.ProofsOf(g.Ctx, caseID)
		require.NoError(g.t, err)
		require.True(g.t, slices.ContainsFunc(proofs, func(p store.Proof) bool { return p.AccountID == a.ID && p.Gone }), "%s has a proof", a.Ref)
	case access.Contained:
		require.Equal(g.t, seen{exists: true}, got, "%s is said to be contained", a.Ref)
	}
	if !a.Outcome.Settled() {
		c, err := g.Parts.Store.Case(g.Ctx, caseID)
		require.NoError(g.t, err)
		require.Equal(g.t, access.CaseOpen, c.Status)
	}
}

// tasks checks that somebody is told of what is open, in words, and of nothing else.
func (g *stage) tasks(caseID string, ref access.Ref, want truth) {
	g.t.Helper()
	tasks, err := g.Parts.Store.TasksOf(g.Ctx, caseID)
	require.NoError(g.t, err)
	var words []string
	for _, k := range tasks {
		if k.Subject == ref.String() && k.ClosedAt.IsZero() {
			require.NotEmpty(g.t, k.Next, "what a person can do")
			words = append(words, k.Words)
		}
	}
	if want.task == "" {
		require.Empty(g.t, words, "tasks about %s", ref)
		return
	}
	require.Len(g.t, words, 1, "one task about %s", ref)
	require.Contains(g.t, words[0], want.task)
}

// clean waits for the end of a case that must end clean.
func (g *stage) clean() {
	g.t.Helper()
	r := g.Ends(g.who)
	require.Equal(g.t, access.CaseClean, r.Status)
	g.Paired(r.Case)
}

// untouched checks that nobody else lost anything.
func (g *stage) untouched() {
	g.t.Helper()
	require.Equal(g.t, g.before, g.state(g.t, g.shop, g.others...), "somebody else's accounts")
	for _, o := range g.others {
		if o.away {
			continue
		}
		s, _, err := g.connect(g.Ctx, o, g.shop)
		require.NoError(g.t, err, "%s is somebody else", o.name)
		_, err = s.number(g.Ctx, g.count(g.shop, g.table))
		require.NoError(g.t, err, "%s is somebody else", o.name)
		s.close()
	}
}

func (g *stage) retry(successor string) {
	g.t.Helper()
	d := workflows.Decision{By: "dba", Why: "it can go on"}
	if successor != "" {
		d.Successors = map[string]string{g.conn.Name: successor}
	}
	require.NoError(g.t, g.Say(g.who, workflows.UpdateRetry, d))
}
