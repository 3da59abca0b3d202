package netim_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/netim/simulator"
)

// opened counts the logins.
func (w world) opened() int {
	n := 0
	for _, r := range w.Journal() {
		if r.Method == "POST" && r.Path == "session" {
			n++
		}
	}
	return n
}

func TestOneSessionForAllCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{})
	for range 5 {
		_, err := w.p.Look(t.Context(), ref("ada"))
		require.NoError(t, err)
	}
	_, err := w.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
	require.NoError(t, err)
	require.Equal(t, 1, w.opened())
	require.Equal(t, 1, w.Sessions())

	w.ForgetSessions()
	receipt, err := w.unlinker().Unlink(t.Context(), unlink("ada", "blog"))
	require.NoError(t, err, "a session that was forgotten is opened again")
	require.False(t, receipt.Already)
	require.Equal(t, 2, w.opened())

	w.Fail(simulator.Fault{Method: "GET", Path: hosting, Status: 403, Body: `{"message":"gone"}`})
	_, err = w.p.Look(t.Context(), ref("ada"))
	require.NoError(t, err, "so is one that is refused by 403")

	w.p.Close()
	last := w.Journal()[len(w.Journal())-1]
	require.Equal(t, "DELETE session", last.Method+" "+last.Path)
	w.p.Close()
	require.Equal(t, last, w.Journal()[len(w.Journal())-1], "what is closed is not closed again")
}

func TestSessionsThatEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := simulator.New(simulator.Options{Secret: secret, Now: func() time.Time { return now }}).Plant(planted()...)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	w := world{s, connected(t, web.URL+"/1.0/", nil), web.URL, "webhosting"}
	for range 3 {
		_, err := w.p.Look(t.Context(), ref("ada"))
		require.NoError(t, err)
		now = now.Add(time.Hour)
	}
	require.Equal(t, 3, w.opened(), "an idle session is closed by the other side")
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{})
	wrong := connected(t, w.url+"/1.0/", config.Vars{"SECRET": "wrong-secret-0123"})
	_, err := wrong.Look(t.Context(), ref("ada"))
	require.Equal(t, provider.Denied, provider.KindOf(err), "%v", err)
	require.NotContains(t, err.Error(), "wrong-secret")

	checks, err := wrong.(provider.Preflighter).Preflight(t.Context())
	require.NoError(t, err)
	require.Len(t, checks, 1)
	require.True(t, checks[0].Fatal && !checks[0].OK, "%+v", checks)
}

func TestARightThatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{})
	_, err := w.p.Look(t.Context(), ref("ada"))
	require.NoError(t, err)
	w.Fail(simulator.Fault{Method: "GET", Path: hosting, Times: 2, Status: 403, Body: `{"message":"not yours"}`})
	_, err = w.p.Look(t.Context(), ref("ada"))
	require.Equal(t, provider.Denied, provider.KindOf(err), "a new session is refused, too: %v", err)
	require.ErrorContains(t, err, "not yours")

	_, err = w.p.Look(t.Context(), ref("ada"))
	require.NoError(t, err)
	w.Fail(simulator.Fault{Method: "GET", Path: hosting, Times: 2, Status: 401})
	_, err = w.p.Look(t.Context(), ref("ada"))
	require.Equal(t, provider.Transient, provider.KindOf(err), "the login was good a moment ago: %v", err)
}

func TestNoPlaceForASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{Places: 1})
	first := connected(t, w.url+"/1.0/", nil)
	_, err := first.Look(t.Context(), ref("ada"))
	require.NoError(t, err)
	_, err = w.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
	require.Equal(t, provider.Transient, provider.KindOf(err), "nothing was refused but a place: %v", err)
	first.Close()
	_, err = w.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
	require.NoError(t, err)
}

func TestFrench(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{})
	w.Change(hosting, func(h *simulator.Hosting) { h.Held = true })
	p := connected(t, w.url+"/1.0/", config.Vars{"LANGUAGE": "FR"})
	_, err := p.(provider.Unlinker).Unlink(t.Context(), unlink("ada", "shop"))
	require.Equal(t, provider.Rejected, provider.KindOf(err))
	require.ErrorContains(t, err, "suspendu")
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{Links: simulator.LinksHidden})
	named := func(checks []provider.Check) map[string]provider.Check {
		out := map[string]provider.Check{}
		for _, c := range checks {
			require.True(t, c.OK || c.Remedy != "", "%+v", c)
			out[c.Name] = c
		}
		return out
	}
	checks, err := w.p.(provider.Preflighter).Preflight(t.Context())
	require.NoError(t, err)
	got := named(checks)
	require.False(t, got["hosting NW1024 shows which users are linked to which databases"].OK)
	require.False(t, got["can make logging in impossible"].OK)
	require.Contains(t, got["every hosting is configured"].Detail, "NW1024, NW2048 only")
	require.Equal(t, "1 sessions are open", got["may open a session"].Detail)

	more := connected(t, w.url+"/1.0/", config.Vars{"HOSTINGS": "NW1024,NW7777"})
	checks, err = more.(provider.Preflighter).Preflight(t.Context())
	require.NoError(t, err)
	missing := named(checks)["may read hosting NW7777"]
	require.True(t, missing.Fatal && !missing.OK, "%+v", missing)

	w.Down()
	_, err = w.p.(provider.Preflighter).Preflight(t.Context())
	require.Error(t, err)
	w.Up()
}

func TestExplain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting+rights", simulator.Switches{})
	e := w.p.(provider.Explainer)
	step := unlink("o'brien", "shop")
	require.Equal(t,
		`curl -X PATCH -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' --data `+
			`'{"action":"UnlinkUser","params":{"dbName":"NW1024_shop","username":"NW1024_o'\''brien"}}' `+
			`'`+w.url+`/1.0/webhosting/NW1024/database/'`, e.Explain(step)[1])
	for _, hostile := range []access.Step{
		{Action: access.Delete, Account: access.Ref{Connection: "web", Resource: hosting, Name: "root"}},
		{Action: access.Delete, Account: access.Ref{Connection: "web", Resource: "../x", Name: "NW1024_ada"}},
		{Action: access.Revoke, Account: ref("ada")},
		{Action: access.Unlink, Account: ref("ada"), Database: "shop"},
	} {
		lines := e.Explain(hostile)
		require.NotEmpty(t, lines)
		for _, line := range lines {
			require.NotContains(t, line, "DELETE")
			require.NotContains(t, line, "PATCH")
		}
	}
	require.Empty(t, w.Journal())
}
