package netim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/netim/simulator"
)

func TestWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	const message = `{"message":"because"}`
	for name, c := range map[string]struct {
		fault simulator.Fault
		kind  provider.Kind
		after time.Duration
	}{
		"400":                     {simulator.Fault{Status: 400, Body: message}, provider.Rejected, 0},
		"404":                     {simulator.Fault{Status: 404, Body: message}, provider.Rejected, 0},
		"404 without a body":      {simulator.Fault{Status: 404}, provider.Rejected, 0},
		"404 of a proxy":          {simulator.Fault{Status: 404, HTML: true}, provider.Transient, 0},
		"408":                     {simulator.Fault{Status: 408, Body: message}, provider.Transient, 0},
		"409":                     {simulator.Fault{Status: 409, Body: message}, provider.Rejected, 0},
		"413":                     {simulator.Fault{Status: 413, RetryAfter: 7}, provider.Throttled, 7 * time.Second},
		"418":                     {simulator.Fault{Status: 418, Body: message}, provider.Transient, 0},
		"429":                     {simulator.Fault{Status: 429, RetryAfter: 30, Body: message}, provider.Throttled, 30 * time.Second},
		"429 without Retry-After": {simulator.Fault{Status: 429, HTML: true}, provider.Throttled, 0},
		"500":                     {simulator.Fault{Status: 500, Body: message}, provider.Transient, 0},
		"502":                     {simulator.Fault{Status: 502, HTML: true}, provider.Transient, 0},
		"503 with Retry-After":    {simulator.Fault{Status: 503, RetryAfter: 5}, provider.Throttled, 5 * time.Second},
		"200 of a proxy":          {simulator.Fault{Status: 200, HTML: true}, provider.Transient, 0},
		"200 without a body":      {simulator.Fault{Status: 200}, provider.Transient, 0},
		"200 with a list":         {simulator.Fault{Status: 200, Body: `[]`}, provider.Transient, 0},
		"200 with half a body":    {simulator.Fault{Status: 200, Body: `{"STATUS":"Do`}, provider.Transient, 0},
		"200 of another state":    {simulator.Fault{Status: 200, Body: `{"ID_OPE":1,"STATUS":"Queued"}`}, provider.Transient, 0},
		"200, pending, nameless":  {simulator.Fault{Status: 200, Body: `{"STATUS":"Pending"}`}, provider.Transient, 0},
		"200 and failed":          {simulator.Fault{Status: 200, Body: `{"ID_OPE":1,"STATUS":"FAILED","MESSAGE":"because"}`}, provider.Rejected, 0},
		"200 and cancelled":       {simulator.Fault{Status: 200, Body: `{"ID_OPE":1,"STATUS":"Cancelled"}`}, provider.Rejected, 0},
		"302":                     {simulator.Fault{Status: 302}, provider.Transient, 0},
		"cut":                     {simulator.Fault{}, provider.Transient, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "webhosting", simulator.Switches{})
			c.fault.Method, c.fault.Path, c.fault.Action = "PATCH", "database", "UnlinkUser"
			w.Fail(c.fault)
			_, err := w.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
			require.Error(t, err)
			require.Equal(t, c.kind, provider.KindOf(err), "%v", err)
			var e *provider.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.after, e.RetryAfter)
			require.Equal(t, c.kind == provider.Rejected, len(e.Blockers) > 0, "%v", err)
			require.NotContains(t, err.Error(), "<h1>")
			if strings.Contains(c.fault.Body, "because") {
				require.ErrorContains(t, err, "because")
			}

			// The same answer, and it was done nevertheless: the hosting decides.
			c.fault.After = true
			w.Fail(c.fault)
			_, _ = w.unlinker().Unlink(t.Context(), unlink("ada", "blog"))
			receipt, err := w.unlinker().Unlink(t.Context(), unlink("ada", "blog"))
			require.NoError(t, err)
			require.True(t, receipt.Already)
		})
	}
}

func TestLoadIsThrottled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{PerMinute: 3})
	_, err := w.p.Look(t.Context(), ref("ada"))
	require.NoError(t, err)
	_, err = w.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
	require.Equal(t, provider.Throttled, provider.KindOf(err), "%v", err)
	require.Equal(t, int64(time.Minute), retryAfter(err))
	require.Empty(t, w.Orders())
}

// A server that repeats in its message what it was sent.
func TestSecretsAreNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting+password", simulator.Switches{})
	for _, status := range []int{200, 400, 500} {
		w.Fail(simulator.Fault{Action: "SetPassword", Status: status, Body: `{"ID_OPE":1,"STATUS":"Failed","MESSAGE":"you sent %","message":"you sent %"}`, Echo: true})
		_, err := w.container().Contain(t.Context(), ref("idle"), access.Kill)
		require.Error(t, err)
		orders := w.Orders()
		var sent struct {
			Params map[string]string `json:"params"`
		}
		require.NoError(t, json.Unmarshal([]byte(orders[len(orders)-1].Body), &sent))
		require.Len(t, sent.Params["password"], 24)
		require.NotContains(t, err.Error(), sent.Params["password"])
		require.NotContains(t, err.Error(), secret)
		require.ErrorContains(t, err, "[secret]")
	}
}

// A password is nothing that reading shows, so silence is not consent.
func TestABareAnswerProvesNoPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting+password", simulator.Switches{BareAnswers: true})
	_, err := w.container().Contain(t.Context(), ref("idle"), access.Kill)
	require.Equal(t, provider.Transient, provider.KindOf(err))
	require.ErrorContains(t, err, "cannot be read")

	w = newWorld(t, "webhosting+rights", simulator.Switches{BareAnswers: true})
	receipt, err := w.container().Contain(t.Context(), ref("idle"), access.Lock)
	require.NoError(t, err, "rights are shown")
	require.False(t, receipt.Already)
}

func TestAHostingOnHoldRefuses(t *testing.T) {
	t.Parallel()
	for _, how := range []simulator.Answer{simulator.AnswerFailed, simulator.AnswerForbidden, simulator.AnswerNotFound} {
		for engine := range engines {
			w := newWorld(t, engine, simulator.Switches{Refusal: how})
			before, err := w.p.Look(t.Context(), ref("ada"))
			require.NoError(t, err)
			w.Change(hosting, func(h *simulator.Hosting) { h.Held = true })
			refused := func(err error, what string) {
				t.Helper()
				require.Equal(t, provider.Rejected, provider.KindOf(err), "%s: %v", what, err)
				var e *provider.Error
				require.ErrorAs(t, err, &e)
				require.NotEmpty(t, e.Blockers, what)
			}
			_, err = w.unlinker().Unlink(t.Context(), unlink("ada", "shop"))
			refused(err, "unlink")
			_, err = w.deleter().Delete(t.Context(), remove("idle"))
			refused(err, "delete")
			_, err = w.container().Contain(t.Context(), ref("ada"), access.Kill)
			refused(err, "contain")
			w.Change(hosting, func(h *simulator.Hosting) { h.Links = nil })
			_, err = w.restorer().Restore(t.Context(), before.Account, unlink("ada", "shop"))
			refused(err, "link again")
			w.drop("NW1024_ada")
			_, err = w.restorer().Restore(t.Context(), before.Account, remove("ada"))
			refused(err, "create again")
		}
	}
}

// The likely name of the action is wrong.
func TestLinkingIsCalledSomethingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting", simulator.Switches{LinkAction: "GrantUser"})
	before, err := w.p.Look(t.Context(), ref("ada"))
	require.NoError(t, err)
	step := unlink("ada", "shop")
	_, err = w.unlinker().Unlink(t.Context(), step)
	require.NoError(t, err)
	_, err = w.restorer().Restore(t.Context(), before.Account, step)
	require.Equal(t, provider.Rejected, provider.KindOf(err), "%v", err)
	p := connected(t, w.url+"/1.0/", map[string]string{"LINK_ACTION": "GrantUser"})
	_, err = p.(provider.Restorer).Restore(t.Context(), before.Account, step)
	require.NoError(t, err)
	after, err := p.Look(t.Context(), ref("ada"))
	require.NoError(t, err)
	require.Equal(t, before.Account, after.Account)
}

// Deleting was refused, and the case is cancelled.
func TestAUserThatWasNeverDeletedKeepsItsPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting+rights", simulator.Switches{})
	before, err := w.p.Look(t.Context(), ref("idle"))
	require.NoError(t, err)
	_, err = w.container().Contain(t.Context(), ref("idle"), access.Lock)
	require.NoError(t, err)
	for _, step := range []access.Step{remove("idle"), {Action: access.Contain, Account: ref("idle"), Mode: access.Lock}} {
		back, err := w.restorer().Restore(t.Context(), before.Account, step)
		require.NoError(t, err)
		require.Empty(t, back.Secret)
	}
	require.True(t, w.Login(hosting, "NW1024_idle", theOthers))
}

// A cancel of a locked account keeps its password.
func TestLockingByRightsKeepsThePassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "webhosting+rights", simulator.Switches{})
	before, err := w.p.Look(t.Context(), ref("ada"))
	require.NoError(t, err)
	_, err = w.container().Contain(t.Context(), ref("ada"), access.Lock)
	require.NoError(t, err)
	require.False(t, w.Login(hosting, "NW1024_ada", password))
	back, err := w.restorer().Restore(t.Context(), before.Account, access.Step{Action: access.Contain, Account: ref("ada"), Mode: access.Lock})
	require.NoError(t, err)
	require.Empty(t, back.Secret)
	require.True(t, w.Login(hosting, "NW1024_ada", password))
}
