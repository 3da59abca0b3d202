package providertest

import (
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// list is the whole list, by reference.
func (b *bench) list() []access.Ref {
	b.Helper()
	var refs []access.Ref
	for a, err := range b.Provider.Accounts(b.ctx) {
		b.hear(err, a)
		require.NoError(b, err)
		refs = append(refs, a.Ref)
	}
	return refs
}

func listHasEveryAccount(b *bench) {
	first := b.list()
	for _, want := range []access.Ref{b.Planted, b.Bystander} {
		same := slices.DeleteFunc(slices.Clone(first), func(r access.Ref) bool { return !r.Same(want) })
		require.Equal(b, []access.Ref{want}, same)
	}
	// Others may come and go on a server that tests share; the rest keeps its order.
	second := b.list()
	common := func(of, in []access.Ref) []access.Ref {
		return slices.DeleteFunc(slices.Clone(of), func(r access.Ref) bool { return !slices.Contains(in, r) })
	}
	require.Equal(b, common(first, second), common(second, first))
}

func listCanBeLeft(b *bench) {
	for _, err := range b.Provider.Accounts(b.ctx) {
		require.NoError(b, err)
		break
	}
	b.see(b.Planted)
}

func lookFindsEveryGrant(b *bench) {
	seen := b.see(b.Planted)
	require.True(b, seen.Exists)
	require.Equal(b, b.Planted, seen.Account.Ref)
	require.NotEmpty(b, seen.Account.Engine)
	require.False(b, seen.Account.Contained)
	require.Empty(b, seen.Account.Protected)
	require.Equal(b, b.Sessions, seen.Sessions)
	require.NotEmpty(b, seen.Asked)
	require.NotEmpty(b, seen.Answered)
	for _, g := range seen.Account.Grants {
		require.NotEmpty(b, g.Kind, "%+v", g)
		require.Contains(b, []access.Extent{access.ExtentDatabase, access.ExtentClusterWide, access.ExtentUnknown}, g.Extent, "%+v", g)
		require.True(b, g.EndedBy == "" || b.subject.Can.Can(g.EndedBy), "nothing ends %+v", g)
	}
	if b.CheckGrants != nil {
		b.CheckGrants(b.T, seen.Account.Grants)
	} else {
		require.ElementsMatch(b, b.Grants, seen.Account.Grants)
	}
	b.same(seen.Account, b.Planted, "a second look")
	byName := b.Planted
	byName.ForeignID = ""
	b.same(seen.Account, byName, "a look by the name alone")
}

func lookSaysAbsent(b *bench) {
	never := b.Planted
	never.Name, never.ForeignID = never.Name+"_never", ""
	seen := b.see(never)
	require.False(b, seen.Exists)
	require.True(b, seen.Gone(), "%+v", seen)
	require.NotEmpty(b, seen.Asked)
	require.NotEmpty(b, seen.Answered)

	b.need(b.Remove != nil, "lever Remove")
	b.Remove(b.T)
	seen = b.see(b.Planted)
	require.False(b, seen.Exists)
	require.True(b, seen.Gone(), "%+v", seen)
}

func preflight(b *bench) {
	p, ok := b.Provider.(provider.Preflighter)
	b.need(ok, "method Preflight")
	checks, err := p.Preflight(b.ctx)
	b.hear(err, checks)
	require.NoError(b, err)
	require.NotEmpty(b, checks)
	for _, c := range checks {
		require.NotEmpty(b, c.Name)
		require.True(b, c.OK || !c.Fatal, "%+v", c)
		require.True(b, c.OK || c.Remedy != "", "a check without a remedy: %+v", c)
	}
}

func explained(b *bench) {
	p, ok := b.Provider.(provider.Explainer)
	b.need(ok, "method Explain")
	steps := b.ladder()
	if b.subject.Can.Can(access.Contain) {
		steps = append(steps, access.Step{Action: access.Contain, Account: b.Planted, Mode: access.Kill})
	}
	if b.subject.Can.Can(access.Rotate) {
		steps = append(steps, access.Step{Action: access.Rotate, Account: b.Planted})
	}
	for _, step := range steps {
		lines := p.Explain(step)
		b.hear(nil, lines)
		require.NotEmpty(b, lines, words(step))
		require.NotContains(b, lines, "", words(step))
	}
	b.same(b.before, b.Planted, "explaining does nothing")
}
