package digitalocean

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/digitalocean/simulator"
)

// TestDiscovery finds every account of the seed, and every grant of one person.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	f := setup(t, options{}, simulator.Seed()...)
	var want, got []string
	for _, c := range f.sim.World() {
		for _, u := range c.Users {
			want = append(want, c.ID+"/"+u.Name)
		}
	}
	kinds := map[access.Action]int{}
	engines := map[string]int{}
	for a, err := range f.Accounts(t.Context()) {
		require.NoError(t, err)
		got = append(got, a.Resource+"/"+a.Name)
		require.Equal(t, a.Name == "doadmin" || a.Name == "do-readonly", a.Protected != "", "%s", a.Ref)
		require.Empty(t, a.Grants)
		seen := f.see(t, a.Ref)
		require.Equal(t, a.Ref, seen.Account.Ref)
		if a.Name != "ada.lovelace" {
			continue
		}
		engines[a.Engine] = len(seen.Account.Grants)
		for _, g := range seen.Account.Grants {
			kinds[g.EndedBy]++
		}
	}
	require.Equal(t, want, got)
	require.Equal(t, map[string]int{pg: 3, mysql: 1, mongodb: 1, kafka: 3, opensearch: 2}, engines)
	require.Equal(t, map[access.Action]int{access.Revoke: 1, access.Unlink: 5, access.Delete: 4}, kinds)
}

// TestANameOnNoCluster is what a search says about somebody who is nowhere.
func TestANameOnNoCluster(t *testing.T) {
	t.Parallel()
	nobody := access.Ref{Connection: conn, Name: "nobody"}
	f := setup(t, options{}, simulator.Seed()...)
	seen := f.see(t, nobody)
	require.False(t, seen.Exists)
	require.Len(t, seen.Gaps, 1, "the cache has users that the API does not list")
	require.Contains(t, seen.Gaps[0].Object, ids["valkey"])
	require.NotEmpty(t, seen.Gaps[0].Remedy)
	require.False(t, seen.Gone())

	vouched := opened(t, f.url, config.Vars{"WITHOUT_PEOPLE": ids["valkey"]})
	seen, err := vouched.Look(t.Context(), nobody)
	require.NoError(t, err)
	require.True(t, seen.Gone(), "%+v", seen)

	appeared := nobody
	appeared.Name = "ada.lovelace"
	_, err = f.Look(t.Context(), appeared)
	require.ErrorContains(t, err, "out of date")
	require.Equal(t, provider.Transient, provider.KindOf(err))
}

func TestAnEngineThatIsNotKnown(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"valkey", "redis", "advanced_pg"} {
		f := setup(t, options{}, simulator.Cluster{ID: ids["valkey"], Name: "cache", Engine: engine, Users: []simulator.User{{Name: "ada"}}}, town(mysql))
		ada := f.ref(ids["valkey"], "ada")
		seen := f.see(t, ada)
		require.Len(t, seen.Gaps, 1)
		require.False(t, seen.Gone())
		_, err := f.Delete(t.Context(), access.Step{Action: access.Delete, Account: ada})
		require.Equal(t, provider.Rejected, provider.KindOf(err))
		_, err = f.Contain(t.Context(), ada, access.Lock)
		require.Equal(t, provider.Rejected, provider.KindOf(err))
		for a, err := range f.Accounts(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, mysql, a.Engine)
		}
		for _, r := range f.sim.Journal() {
			require.NotContains(t, r.URI, ids["valkey"]+"/users", "the engine decides before anything is sent")
		}
	}
}

// TestANotFoundIsNoProof: the API says 404 about clusters that are there.
func TestANotFoundIsNoProof(t *testing.T) {
	t.Parallel()
	gone := simulator.Fault{Method: "GET", Status: 404, Body: `{"id":"not_found","message":"cluster not found"}`}
	for _, path := range []string{"/users$", "/pools$", ids[pg] + "$"} {
		f := setup(t, options{}, town(pg))
		fault := gone
		fault.Path = path
		f.sim.Fail(fault)
		_, err := f.Look(t.Context(), f.ref(ids[pg], "ada"))
		require.ErrorContains(t, err, "cluster not found")
		require.Equal(t, provider.Transient, provider.KindOf(err))
		require.True(t, f.see(t, f.ref(ids[pg], "ada")).Exists)
	}
	f := setup(t, options{}, town(pg), town(mysql))
	f.sim.Destroy(ids[pg])
	seen := f.see(t, f.ref(ids[pg], "ada"))
	require.True(t, seen.Gone(), "the list of clusters says so: %+v", seen)
	require.Contains(t, seen.Asked, "list of all clusters")
	for _, step := range []access.Step{{Action: access.Delete}, {Action: access.Unlink, Object: "pool ada-pool"}, {Action: access.Revoke}} {
		step.Account = f.ref(ids[pg], "ada")
		r, err := f.act(t, step)
		require.NoError(t, err)
		require.True(t, r.Already)
	}
}

func (f fixture) act(t *testing.T, step access.Step) (access.Receipt, error) {
	t.Helper()
	switch step.Action {
	case access.Contain:
		return f.Contain(t.Context(), step.Account, step.Mode)
	case access.Unlink:
		return f.Unlink(t.Context(), step)
	case access.Revoke:
		return f.Revoke(t.Context(), step)
	}
	return f.Delete(t.Context(), step)
}

// TestWhatCannotBeReadIsNotNothing: answers of 200 that say nothing.
func TestWhatCannotBeReadIsNotNothing(t *testing.T) {
	t.Parallel()
	for _, one := range []struct{ path, body string }{
		{"/users$", `{}`},
		{"/users$", `null`},
		{"/users$", `[]`},
		{"/users$", ` `},
		{"/users$", simulator.HTML},
		{"/users$", `{"users":null}`},
		{"/users$", `{"users":[]}`},
		{"/users$", `{"users":{}}`},
		{"/users$", `{"users":[{"name":"doadmin"},{"role":"normal"}]}`},
		{"/users$", `{"users":[{"name":"doadmin"},null]}`},
		{"/users$", `{"users":[{"name":"doadmin"},{"name":"ada"},{"name":"ada","role":"primary"}]}`},
		{"/users$", `{"users":[{"name":"doadmin"}]} trailing`},
		{"/users$", `{"users":[{"name":"doadmin"}`},
		{"/users$", `{"users":[{"name":"doadmin"}],"meta":{"total":2}}`},
		{"/users$", `{"users":[{"name":"doadmin"}],"links":{"pages":{"next":"https://elsewhere/"}}}`},
		{"/users$", `{"users":[{"name":"doadmin"}],"links":7}`},
		{"/pools$", `{"pools":null}`},
		{"/pools$", `{"pools":[{"name":"a pool without a database"}]}`},
		{ids[pg] + "$", `{"database":null}`},
		{ids[pg] + "$", `{"database":{"id":"` + ids[mysql] + `","engine":"pg"}}`},
		{ids[pg] + "$", `{"database":{"id":"` + ids[pg] + `"}}`},
	} {
		f := setup(t, options{}, town(pg))
		f.sim.Fail(simulator.Fault{Method: "GET", Path: one.path, Status: 200, Body: one.body, Times: 9})
		_, err := f.Look(t.Context(), f.ref(ids[pg], "ada"))
		require.Error(t, err, one.body)
		require.Equal(t, provider.Transient, provider.KindOf(err), "%s: %v", one.body, err)
		require.NotContains(t, err.Error(), "hunter2")
		_, err = f.Delete(t.Context(), access.Step{Action: access.Delete, Account: f.ref(ids[pg], "ada")})
		require.Error(t, err, one.body)
		require.Empty(t, f.sim.Writes(), one.body)
	}
	f := setup(t, options{}, town(pg))
	f.sim.Fail(simulator.Fault{Method: "GET", Path: "/v2/databases$", Status: 200, Body: `{"databases":[]}`})
	for _, err := range f.Accounts(t.Context()) {
		require.ErrorContains(t, err, "MAY_BE_EMPTY")
	}
	f.sim.Destroy(ids[pg])
	empty := opened(t, f.url, config.Vars{"MAY_BE_EMPTY": "true"})
	for range empty.Accounts(t.Context()) {
		require.Fail(t, "there is none")
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	f := setup(t, options{Options: simulator.Options{Scopes: []string{simulator.Read, simulator.ViewCredentials}}}, simulator.Seed()...)
	f.sim.Change(ids[mysql], func(c *simulator.Cluster) { c.Status = "resizing" })
	checks, err := f.Preflight(t.Context())
	require.NoError(t, err)
	ok := map[string]bool{}
	for _, c := range checks {
		ok[c.Name] = c.OK
		require.True(t, c.OK || c.Remedy != "", "%+v", c)
	}
	require.Equal(t, map[string]bool{
		"may list clusters and users": true, "may change and delete users": false, "cannot read passwords": false,
		"cluster " + ids[mysql] + " is online": false, "users of cluster " + ids["valkey"] + " (cache)": false,
	}, ok)

	f.sim.Fail(simulator.Fault{Status: http.StatusUnauthorized, Body: `{"id":"unauthorized","message":"Unable to authenticate you."}`})
	checks, err = f.Preflight(t.Context())
	require.NoError(t, err)
	require.Len(t, checks, 1)
	require.True(t, checks[0].Fatal && !checks[0].OK)
	require.Contains(t, checks[0].Detail, "Unable to authenticate you.")
}

// TestPagesAreComplete: whatever the server makes of pages, everybody is found.
func TestPagesAreComplete(t *testing.T) {
	t.Parallel()
	c := simulator.Cluster{ID: ids[mysql], Name: "crowded", Engine: mysql}
	for i := range 450 {
		c.Users = append(c.Users, simulator.User{Name: fmt.Sprintf("user-%03d", i)})
	}
	for _, paging := range []simulator.Paging{simulator.WholeLists, simulator.PagesAsAsked, simulator.PagesOf20, simulator.SilentPagesOf20} {
		f := setup(t, options{Options: simulator.Options{Switches: simulator.Switches{Paging: paging}}}, c)
		n := 0
		for a, err := range f.Accounts(t.Context()) {
			require.NoError(t, err)
			require.NotEmpty(t, a.Name)
			n++
		}
		require.Equal(t, 451, n)
		require.True(t, f.see(t, f.ref(ids[mysql], "user-449")).Exists)
	}
}

// TestAListThatChanges is not taken for a whole one.
func TestAListThatChanges(t *testing.T) {
	t.Parallel()
	c := town(mysql)
	f := setup(t, options{Options: simulator.Options{Switches: simulator.Switches{Paging: simulator.PagesOf20}}}, c)
	f.sim.Fail(simulator.Fault{Method: "GET", Path: "/users$", Status: 200,
		Body: `{"users":[{"name":"doadmin"},{"name":"app-00"}],"meta":{"total":40},"links":{"pages":{"next":"https://api.digitalocean.com/"}}}`})
	_, err := f.Look(t.Context(), f.ref(ids[mysql], "zoe"))
	require.ErrorContains(t, err, "changed while it was read")
	require.Equal(t, provider.Transient, provider.KindOf(err))
}
