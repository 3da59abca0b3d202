package digitalocean

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/digitalocean/simulator"
)

// TestRefusedWithARemedy are refusals that name what stands in the way and what a
// person can do.
func TestRefusedWithARemedy(t *testing.T) {
	t.Parallel()
	kafkaRule := access.Step{Action: access.Unlink, Database: "orders.*", Object: "rule consume"}
	pool := access.Step{Action: access.Unlink, Database: "shop", Object: "pool ada-pool"}
	for name, one := range map[string]struct {
		engine string
		sw     simulator.Switches
		vars   config.Vars
		before func(*simulator.Server)
		step   access.Step
		words  string
	}{
		"a PUT keeps rules":      {engine: kafka, sw: simulator.Switches{MergeRules: true}, step: kafkaRule, words: "RULES=delete"},
		"a PUT keeps the user":   {engine: pg, sw: simulator.Switches{KeepPoolUser: true}, step: pool, words: "POOLS to delete"},
		"the list is not shown":  {engine: kafka, sw: simulator.Switches{HideSettings: true}, step: kafkaRule, words: "delete the user"},
		"replication not shown":  {engine: pg, sw: simulator.Switches{HideSettings: true}, step: access.Step{Action: access.Revoke}, words: "delete the user"},
		"one database of pg":     {engine: pg, step: access.Step{Action: access.Revoke, Database: "shop"}, words: "by SQL"},
		"one database of mysql":  {engine: mysql, step: access.Step{Action: access.Revoke, Database: "shop"}, words: "by SQL"},
		"no link of mysql":       {engine: mysql, step: pool, words: "is no link"},
		"no link of kafka":       {engine: kafka, step: pool, words: "names no rule"},
		"a rule that denies":     {engine: opensearch, step: access.Step{Action: access.Unlink, Database: "logs-pay", Object: "rule deny"}, words: "would give access"},
		"an unknown permission":  {engine: kafka, step: access.Step{Action: access.Unlink, Database: "orders.*", Object: "rule everything"}, words: "names no rule"},
		"the heir is not there":  {engine: pg, vars: config.Vars{"POOLS": "user:nobody"}, step: pool, words: "not on the cluster"},
		"the pool moved":         {engine: pg, step: access.Step{Action: access.Unlink, Database: "archive", Object: "pool ada-pool"}, words: "was planned"},
		"pools name the user":    {engine: pg, step: access.Step{Action: access.Delete}, words: "ada-batch"},
		"the cluster has a host": {engine: pg, step: access.Step{Action: access.Delete, Account: access.Ref{Host: "%"}}, words: "no host"},
		"the last rule": {engine: kafka, step: kafkaRule, words: "last rule", before: func(s *simulator.Server) {
			s.ChangeUser(ids[kafka], "ada", func(u *simulator.User) { u.Rules = u.Rules[:1] })
		}},
		"a strange permission": {engine: kafka, step: kafkaRule, words: "cannot be sent back", before: func(s *simulator.Server) {
			s.Fail(simulator.Fault{Method: "GET", Path: "/users", Status: 200,
				Body: `{"users":[{"name":"ada","settings":{"acl":[{"topic":"orders.*","permission":"consume"},{"topic":"x","permission":"dance"}]}}]}`})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, options{Options: simulator.Options{Switches: one.sw}, vars: one.vars}, town(one.engine))
			if one.before != nil {
				one.before(f.sim)
			}
			host := one.step.Account.Host
			one.step.Account = f.ref(ids[one.engine], "ada")
			one.step.Account.Host = host
			world := f.sim.World()
			_, err := f.act(t, one.step)
			require.Equal(t, provider.Rejected, provider.KindOf(err), "%v", err)
			require.ErrorContains(t, err, one.words)
			require.Equal(t, world, f.sim.World(), "nothing was taken away")
		})
	}
}

// TestAnOwnerIsRefused: however the API says that a user owns something, it is a
// refusal with a remedy, or for 500 another try with the same hint.
func TestAnOwnerIsRefused(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{pg, mysql} {
		for status, kind := range map[simulator.OwnerStatus]provider.Kind{
			412: provider.Rejected, 422: provider.Rejected, 409: provider.Rejected, 500: provider.Transient,
		} {
			c := town(engine)
			c.Users = append(c.Users, simulator.User{Name: "owner", Owns: true})
			f := setup(t, options{Options: simulator.Options{Switches: simulator.Switches{DeleteOwner: status}}}, c)
			_, err := f.Delete(t.Context(), access.Step{Action: access.Delete, Account: f.ref(ids[engine], "owner")})
			require.Equal(t, kind, provider.KindOf(err), "%d: %v", status, err)
			var e *provider.Error
			require.ErrorAs(t, err, &e)
			require.Len(t, e.Blockers, 1)
			require.NotEmpty(t, e.Blockers[0].Remedy)
			require.True(t, f.see(t, f.ref(ids[engine], "owner")).Exists)
		}
	}
}

// TestADanglingPoolIsResidue: somebody deleted the user, and a pool still names it.
func TestADanglingPoolIsResidue(t *testing.T) {
	t.Parallel()
	c := town(pg)
	c.Pools = append(c.Pools, simulator.Pool{Name: "ghost-pool", Mode: "session", Size: 1, Database: "shop", User: "ghost"})
	f := setup(t, options{}, c)
	ghost := f.ref(ids[pg], "ghost")
	seen := f.see(t, ghost)
	require.False(t, seen.Exists)
	require.Equal(t, []string{"pool ghost-pool still names the user"}, seen.Residue)
	require.False(t, seen.Gone())
	r, err := f.Unlink(t.Context(), access.Step{Action: access.Unlink, Account: ghost, Database: "shop", Object: "pool ghost-pool"})
	require.NoError(t, err)
	require.False(t, r.Already)
	require.True(t, f.see(t, ghost).Gone())
}

func TestWhatCannotBeGivenBack(t *testing.T) {
	t.Parallel()
	t.Run("a password that is not shown", func(t *testing.T) {
		t.Parallel()
		f := setup(t, options{Options: simulator.Options{Switches: simulator.Switches{HideNewPassword: true}}}, town(mysql))
		ada := f.ref(ids[mysql], "ada")
		before := f.see(t, ada).Account
		step := access.Step{Action: access.Contain, Account: ada, Mode: access.Lock}
		_, err := f.act(t, step)
		require.NoError(t, err)
		back, err := f.Restore(t.Context(), before, step)
		require.NoError(t, err)
		require.Empty(t, back.Secret)
		require.Len(t, back.Missing, 1)
		require.Contains(t, back.Missing[0].Remedy, "view_credentials")
	})
	t.Run("a rotated password that is not shown", func(t *testing.T) {
		t.Parallel()
		f := setup(t, options{Options: simulator.Options{Switches: simulator.Switches{HideNewPassword: true}}}, town(mysql))
		now, err := f.Rotate(t.Context(), f.ref(ids[mysql], "ada"))
		require.NoError(t, err)
		require.Empty(t, now.Secret)
		require.False(t, now.Already, "the old one is dead")
		require.Contains(t, now.Words, "view_credentials")
	})
	for _, engine := range []string{mongodb, kafka, opensearch} {
		t.Run("a reach that was not shown, "+engine, func(t *testing.T) {
			t.Parallel()
			f := setup(t, options{Options: simulator.Options{Switches: simulator.Switches{HideSettings: true}}}, town(engine))
			step := access.Step{Action: access.Delete, Account: f.ref(ids[engine], "ada")}
			before := f.see(t, step.Account).Account
			_, err := f.act(t, step)
			require.NoError(t, err)
			_, err = f.Restore(t.Context(), before, step)
			require.Equal(t, provider.Rejected, provider.KindOf(err))
			require.ErrorContains(t, err, "may reach everything")
			require.False(t, f.see(t, step.Account).Exists)
		})
	}
	t.Run("a pool that is somebody else's by now", func(t *testing.T) {
		t.Parallel()
		f := setup(t, options{}, town(pg))
		step := access.Step{Action: access.Unlink, Account: f.ref(ids[pg], "ada"), Database: "shop", Object: "pool ada-pool"}
		before := f.see(t, step.Account).Account
		_, err := f.act(t, step)
		require.NoError(t, err)
		f.sim.Change(ids[pg], func(c *simulator.Cluster) {
			for i := range c.Pools {
				if c.Pools[i].Name == "ada-pool" {
					c.Pools[i].User = "app-03"
				}
			}
		})
		back, err := f.Restore(t.Context(), before, step)
		require.NoError(t, err)
		require.Len(t, back.Missing, 1)
		require.Contains(t, back.Missing[0].Why, "app-03")
	})
	t.Run("the record of somebody else", func(t *testing.T) {
		t.Parallel()
		f := setup(t, options{}, town(pg))
		adam := f.see(t, f.ref(ids[pg], "adam")).Account
		_, err := f.Restore(t.Context(), adam, access.Step{Action: access.Contain, Account: f.ref(ids[pg], "ada")})
		require.Equal(t, provider.Rejected, provider.KindOf(err))
		require.Empty(t, f.sim.Writes())
	})
}

func TestAClusterThatIsNotOnline(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"creating", "resizing", "migrating", "forking", "", "melting"} {
		f := setup(t, options{contradicts: true}, town(mysql))
		f.sim.Change(ids[mysql], func(c *simulator.Cluster) { c.Status = status })
		ada := f.ref(ids[mysql], "ada")
		_, err := f.Contain(t.Context(), ada, access.Kill)
		require.Equal(t, provider.Transient, provider.KindOf(err))
		require.ErrorContains(t, err, "only while it is online")
		require.Empty(t, f.sim.Writes())
		require.True(t, f.see(t, ada).Exists, "it may be looked at")
	}
}

// TestErrors is the table of kinds, by what was answered to a DELETE.
func TestErrors(t *testing.T) {
	t.Parallel()
	said := func(id string) string {
		return `{"id":"` + id + `","message":"words of dop_v1_abc and pg://u:hunter2@db"}`
	}
	for name, one := range map[string]struct {
		fault simulator.Fault
		kind  provider.Kind
		wait  time.Duration
	}{
		"401":             {simulator.Fault{Status: 401, Body: said("unauthorized")}, provider.Denied, 0},
		"403":             {simulator.Fault{Status: 403, Body: said("forbidden")}, provider.Denied, 0},
		"400":             {simulator.Fault{Status: 400, Body: said("bad_request")}, provider.Rejected, 0},
		"422":             {simulator.Fault{Status: 422, Body: said("unprocessable_entity")}, provider.Rejected, 0},
		"501":             {simulator.Fault{Status: 501, Body: said("x")}, provider.Rejected, 0},
		"not implemented": {simulator.Fault{Status: 500, Body: said("Not Implemented")}, provider.Rejected, 0},
		"409":             {simulator.Fault{Status: 409, Body: said("conflict")}, provider.Transient, 0},
		"412":             {simulator.Fault{Status: 412, Body: said("precondition_failed")}, provider.Transient, 0},
		"500":             {simulator.Fault{Status: 500, Body: said("server_error")}, provider.Transient, 0},
		"502 of a proxy":  {simulator.Fault{Status: 502, Body: simulator.HTML}, provider.Transient, 0},
		"418":             {simulator.Fault{Status: 418, Body: said("teapot")}, provider.Transient, 0},
		"302":             {simulator.Fault{Status: 302, Body: simulator.HTML, Headers: map[string]string{"Location": "/v2/databases"}}, provider.Transient, 0},
		"cut before":      {simulator.Fault{}, provider.Transient, 0},
		"cut after":       {simulator.Fault{After: true}, provider.Transient, 0},
		"burst":           {simulator.Fault{Status: 429, Body: said("too_many_requests"), Headers: map[string]string{"Retry-After": "7"}}, provider.Throttled, 7 * time.Second},
		"413":             {simulator.Fault{Status: 413, Body: said("x"), Headers: map[string]string{"Retry-After": "9"}}, provider.Throttled, 9 * time.Second},
		"503 with a time": {simulator.Fault{Status: 503, Body: simulator.HTML, Headers: map[string]string{"Retry-After": "11"}}, provider.Throttled, 11 * time.Second},
		"429 of the hour": {simulator.Fault{Status: 429, Body: said("too_many_requests")}, provider.Throttled, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, options{}, town(mongodb))
			one.fault.Method = http.MethodDelete
			f.sim.Fail(one.fault)
			step := access.Step{Action: access.Delete, Account: f.ref(ids[mongodb], "ada")}
			_, err := f.act(t, step)
			var e *provider.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, one.kind, e.Kind, "%v", err)
			require.Equal(t, one.wait, e.RetryAfter)
			require.Contains(t, err.Error(), "delete do-prod/ada")
			for _, secret := range []string{"hunter2", "dop_v1_", "<html>", simulator.DefaultToken} {
				require.NotContains(t, err.Error(), secret)
			}
			require.NotContains(t, err.Error(), "\n")
			_, err = f.act(t, step)
			require.NoError(t, err, "and again")
			require.True(t, f.see(t, step.Account).Gone())
		})
	}
}

func TestTheScopeIsNamed(t *testing.T) {
	t.Parallel()
	f := setup(t, options{Options: simulator.Options{Scopes: []string{simulator.Read}}}, town(pg))
	ada := f.ref(ids[pg], "ada")
	for want, step := range map[string]access.Step{
		simulator.Update: {Action: access.Contain}, simulator.Delete: {Action: access.Delete, Account: access.Ref{Name: "app-00"}},
	} {
		name := step.Account.Name
		step.Account = ada
		if name != "" {
			step.Account.Name = name
		}
		_, err := f.act(t, step)
		require.Equal(t, provider.Denied, provider.KindOf(err))
		require.ErrorContains(t, err, want)
	}
}

// TestRateLimits uses up the quota of a minute and that of an hour.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	now := time.Now()
	throttled := func(f fixture) time.Duration {
		var err error
		for range 40 {
			if _, err = f.Look(t.Context(), f.ref(ids[mysql], "ada")); err != nil {
				break
			}
		}
		var e *provider.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, provider.Throttled, e.Kind)
		return e.RetryAfter
	}
	clock := func() time.Time { return now }
	f := setup(t, options{Options: simulator.Options{PerMinute: 20, PerHour: 5000, Now: clock}}, town(mysql))
	require.Equal(t, time.Minute, throttled(f), "the burst: the time that it says")
	f = setup(t, options{Options: simulator.Options{PerMinute: -1, PerHour: 20, Now: clock}}, town(mysql))
	require.InDelta(t, time.Hour, throttled(f), float64(2*time.Second), "the hour: until the oldest request is forgotten")
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	for _, one := range []struct {
		wait, reset string
		want        time.Duration
	}{
		{"5", "1000600", 5 * time.Second},
		{"0", "", 0},
		{"", "1000600", 10 * time.Minute},
		{"", "999999", time.Minute},
		{"", "1444931833000", time.Hour},
		{"99999999999", "", time.Hour},
		{"-3", "soon", time.Minute},
		{now.Add(90 * time.Second).UTC().Format(http.TimeFormat), "", 90 * time.Second},
		{"", "", time.Minute},
	} {
		require.Equal(t, one.want, retryAfter(one.wait, one.reset, now), "%+v", one)
	}
}

// TestATimeoutIsNoAnswer: the exchange is bounded, also where the caller has time.
func TestATimeoutIsNoAnswer(t *testing.T) {
	t.Parallel()
	f := setup(t, options{vars: config.Vars{"TIMEOUT": "50ms"}}, town(pg))
	f.sim.Fail(simulator.Fault{Method: "POST", After: true, Latency: time.Minute})
	_, err := f.Contain(t.Context(), f.ref(ids[pg], "ada"), access.Lock)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, provider.Transient, provider.KindOf(err))
}

func TestSettingsOfAConnection(t *testing.T) {
	t.Parallel()
	for words, vars := range map[string]config.Vars{
		"X_TOKEN is not set":               {},
		"X_TOKEN is empty":                 {"X_TOKEN": ""},
		"X_URL must begin with https://":   {"X_URL": "http://api.example.com"},
		"X_URL may not have a path":        {"X_URL": "https://api.example.com/v2"},
		"X_URL must be https://":           {"X_URL": "https://me@api.example.com"},
		"X_POOLS is \"everybody\"":         {"X_POOLS": "everybody"},
		"X_POOLS names the user":           {"X_POOLS": "user:doadmin"},
		"X_RULES is \"all\"":               {"X_RULES": "all"},
		"X_WITHOUT_PEOPLE has \"cache\"":   {"X_WITHOUT_PEOPLE": "cache"},
		"X_TIMEOUT must be more than":      {"X_TIMEOUT": "0s"},
		"X_POOLS is \"users\": it must be": {"X_POOLS": "users", "X_TOKEN": "secret-of-mine"},
	} {
		if !strings.HasPrefix(words, "X_TOKEN") {
			vars["X_TOKEN"] = "secret-of-mine"
		}
		_, err := Spec.Open(provider.Settings{Connection: conn, Vars: vars, Prefix: "X_"})
		require.ErrorContains(t, err, words)
		require.NotContains(t, err.Error(), "secret-of-mine")
	}
}
