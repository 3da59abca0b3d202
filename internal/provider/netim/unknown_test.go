package netim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/netim/simulator"
)

// Unknown is never none.
func TestLinksThatAreNotShown(t *testing.T) {
	t.Parallel()
	for _, linked := range []simulator.Linked{simulator.LinkedUnlinks, simulator.LinkedStays, simulator.LinkedRefuses} {
		w := newWorld(t, "webhosting", simulator.Switches{Links: simulator.LinksHidden, Linked: linked})
		seen, err := w.p.Look(t.Context(), ref("ada"))
		require.NoError(t, err)
		require.True(t, seen.Exists)
		require.Empty(t, seen.Account.Grants)
		require.Len(t, seen.Gaps, 4, "one for each database: %+v", seen.Gaps)
		for _, g := range seen.Gaps {
			require.Contains(t, g.Why, "unknown")
			require.NotEmpty(t, g.Remedy)
		}
		require.False(t, seen.Gone())

		receipt, err := w.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
		require.NoError(t, err)
		require.Contains(t, receipt.Words, "not independently confirmed")

		_, err = w.deleter().Delete(t.Context(), remove("ada"))
		if linked == simulator.LinkedRefuses {
			require.Equal(t, provider.Rejected, provider.KindOf(err), "%v", err)
			require.ErrorContains(t, err, "linked to a database")
			continue
		}
		require.NoError(t, err)
		seen, err = w.p.Look(t.Context(), ref("ada"))
		require.NoError(t, err)
		require.True(t, seen.Gone(), "there is no such user: %+v", seen)
		require.Contains(t, seen.Answered, "not shown")
	}
}

func TestLinksThatOutliveTheUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{})
	w.Change(hosting, func(h *simulator.Hosting) { h.Users = h.Users[1:] })
	seen, err := w.p.Look(t.Context(), ref("ada"))
	require.NoError(t, err)
	require.False(t, seen.Exists)
	require.False(t, seen.Gone())
	require.Equal(t, []string{"link to database NW1024_blog", "link to database NW1024_shop", "link to database NW1024_stats"}, seen.Residue)
	receipt, err := w.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
	require.NoError(t, err)
	require.False(t, receipt.Already)
}

func TestAHostingThatIsNotConfiguredIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{})
	for name, r := range map[string]access.Ref{
		"by its name":       {Connection: "web", Name: "NW4096_ada"},
		"by its hosting":    {Connection: "web", Resource: "NW4096", Name: "NW4096_ada"},
		"no hosting at all": {Connection: "web", Name: "ada"},
		"half a hosting":    {Connection: "web", Name: "NW102_ada"},
		"only a hosting":    {Connection: "web", Name: "NW1024_"},
		"with a host":       {Connection: "web", Resource: hosting, Name: "NW1024_ada", Host: "%"},
	} {
		seen, err := w.p.Look(t.Context(), r)
		require.NoError(t, err, name)
		require.False(t, seen.Exists, name)
		require.Len(t, seen.Gaps, 1, name)
		require.NotEmpty(t, seen.Gaps[0].Remedy, name)
		_, err = w.deleter().Delete(t.Context(), access.Step{Action: access.Delete, Account: r})
		require.Equal(t, provider.Rejected, provider.KindOf(err), "%s: %v", name, err)
	}
	require.Empty(t, w.Journal(), "nobody was asked")

	seen, err := w.p.Look(t.Context(), access.Ref{Connection: "web", Name: "NW2048_ada"})
	require.NoError(t, err, "the name says the hosting")
	require.True(t, seen.Exists)
	require.Equal(t, "NW2048", seen.Account.Resource)

	_, err = w.p.Look(t.Context(), access.Ref{Connection: "other", Resource: hosting, Name: "NW1024_ada"})
	require.Equal(t, provider.Rejected, provider.KindOf(err))
}

func TestAListThatCannotBeReadIsNoList(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no users":        `{"id":"NW1024","DATABASES":[]}`,
		"null":            `{"id":"NW1024","DATABASES":[],"DATABASE_USERS":null}`,
		"a number":        `{"id":"NW1024","DATABASES":[],"DATABASE_USERS":3}`,
		"nameless":        `{"id":"NW1024","DATABASES":[],"DATABASE_USERS":[{"login":"NW1024_ada"}]}`,
		"twice":           `{"id":"NW1024","DATABASES":[],"DATABASE_USERS":["NW1024_ada","NW1024_ada"]}`,
		"another hosting": `{"id":"NW2048","DATABASES":[],"DATABASE_USERS":[]}`,
		"no id":           `{"DATABASES":[],"DATABASE_USERS":[]}`,
		"a list":          `[]`,
		"a text":          `"NW1024"`,
	} {
		w := newWorld(t, "webhosting", simulator.Switches{})
		w.Fail(simulator.Fault{Method: "GET", Path: hosting, Status: 200, Body: body, Times: 3})
		n := 0
		for _, err := range w.p.Accounts(t.Context()) {
			require.Error(t, err, name)
			require.NotEqual(t, provider.Rejected, provider.KindOf(err), name)
			n++
		}
		require.Equal(t, 1, n, name)
		seen, err := w.p.Look(t.Context(), ref("ada"))
		require.True(t, err != nil || len(seen.Gaps) > 0, "%s: %+v", name, seen)
		_, err = w.deleter().Delete(t.Context(), remove("ada"))
		require.Equal(t, provider.Transient, provider.KindOf(err), name)
		require.Error(t, err, name)
		require.Empty(t, w.Orders(), name)
	}
}

func TestOneHostingThatCannotBeReadEndsTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{})
	w.Fail(simulator.Fault{Method: "GET", Path: "NW2048", Status: 500})
	var names []string
	var last error
	for a, err := range w.p.Accounts(t.Context()) {
		if last = err; err == nil {
			names = append(names, a.Name)
		}
	}
	require.Equal(t, []string{"NW1024_ada", "NW1024_adam", "NW1024_idle"}, names)
	require.Error(t, last)
}
