package plesk_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/plesk/simulator"
)

// TestTroubleAnywhere has each trouble at each request of each step, once, and then
// repeats the step: it ends where it would have ended anyway.
func TestTroubleAnywhere(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		for _, c := range []struct {
			name  string
			fault simulator.Fault
			kind  provider.Kind
			after time.Duration
		}{
			{"cut before", simulator.Fault{Kind: simulator.CutBefore}, provider.Transient, 0},
			{"cut after", simulator.Fault{Kind: simulator.CutAfter}, provider.Transient, 0},
			{"a page", simulator.Fault{Kind: simulator.HTML}, provider.Transient, 0},
			{"a page with 503", simulator.Fault{Kind: simulator.HTML, Status: 503}, provider.Transient, 0},
			{"a page with 403", simulator.Fault{Kind: simulator.HTML, Status: 403}, provider.Denied, 0},
			{"500", simulator.Fault{Kind: simulator.Status, Status: 500}, provider.Transient, 0},
			{"404", simulator.Fault{Kind: simulator.Status, Status: 404}, provider.Transient, 0},
			{"429", simulator.Fault{Kind: simulator.Status, Status: 429, RetryAfter: "7"}, provider.Throttled, 7 * time.Second},
			{"413", simulator.Fault{Kind: simulator.Status, Status: 413}, provider.Throttled, 0},
			{"503 with a time", simulator.Fault{Kind: simulator.Status, Status: 503, RetryAfter: "9"}, provider.Throttled, 9 * time.Second},
			{"302", simulator.Fault{Kind: simulator.Status, Status: 302}, provider.Transient, 0},
			{"half an answer", simulator.Fault{Kind: simulator.Truncated}, provider.Transient, 0},
			{"another answer", simulator.Fault{Kind: simulator.Foreign}, provider.Transient, 0},
		} {
			for _, action := range []access.Action{access.Contain, access.Delete} {
				for _, op := range []string{"get-db", "get-db-users", "change"} {
					if action == access.Contain && op == "get-db" {
						continue // it needs no databases
					}
					t.Run(fmt.Sprintf("%s/%s/%s", c.name, action, op), func(t *testing.T) {
						t.Parallel()
						w := newTown(t, api, simulator.Switches{}, nil)
						fault := c.fault
						fault.Op = op
						w.sim.Fail(fault)
						_, err := w.do(w.step(action))
						require.True(t, used(w, op))
						if err == nil {
							// The standard library repeats a GET whose connection was cut, and an ok
							// that names nobody is decided by the read that follows.
							require.True(t, api == "rest" && op != "change" || action == access.Delete, "an error")
						} else {
							w.kind(c.kind, err, c.name)
							e, ok := errors.AsType[*provider.Error](err)
							require.True(t, ok)
							require.Equal(t, c.after, e.RetryAfter)
							_, err = w.do(w.step(action))
							require.NoError(t, err)
						}
						if action == access.Delete {
							require.True(t, w.look(w.ref).Gone())
						} else {
							require.False(t, w.sim.Opens(w.server, "ada", "correct horse"))
						}
						require.True(t, w.sim.Opens(w.server, "shop_app", "staple battery"))
					})
				}
			}
		}
	})
}

func used(w *town, op string) bool {
	for _, r := range w.sim.Journal() {
		if r.Fault && (r.Op == op || op == "change") {
			return true
		}
	}
	return false
}

// TestNoListIsNoEmptyList: an answer that cannot be read is an error at every read.
func TestNoListIsNoEmptyList(t *testing.T) {
	bodies := []string{
		"", "null", "{}", "[]x", `[{"id":1}]`, `[{"id":0,"login":"a"}]`, `[{"login":"a"}]`, `{"status":"success"}`, `[{"id":"x"}]`, `[null]`, `<html></html>`, `[{}]`, `"ok"`, "[",
		"<packet></packet>", "<packet><database></database></packet>", "<packet><database><get-db-users></get-db-users></database></packet>",
		"<packet><database><get-db><result><status>ok</status><id>3</id></result></get-db></database></packet>",
		"<packet><database><get-db-users><result><status>ok</status><id>3</id></result></get-db-users></database></packet>",
		"<packet><database><get-db-users><result><status>ok</status><id>3</id><login>a</login></result>" +
			"<result><status>error</status><errcode>1023</errcode></result></get-db-users></database></packet>",
	}
	both(t, func(t *testing.T, api string) {
		for _, op := range []string{"databases", "users"} {
			for _, body := range bodies {
				if strings.HasPrefix(body, "[]x") && api == "xml" {
					continue
				}
				w := newTown(t, api, simulator.Switches{}, nil)
				w.broken = func(rw http.ResponseWriter, r *http.Request) bool {
					hit := strings.Contains(r.URL.Path, map[string]string{"databases": "/databases", "users": "/dbusers"}[op])
					if api == "xml" {
						hit = strings.Contains(w.recorder.Seen()[w.recorder.Count()-1].Body, map[string]string{"databases": "<get-db>", "users": "<get-db-users>"}[op])
					}
					if hit {
						_, _ = rw.Write([]byte(body))
					}
					return hit
				}
				_, err := w.list()
				w.kind(provider.Transient, err, op, body)
				_, err = w.panel.Look(t.Context(), w.ref)
				w.kind(provider.Transient, err, op, body)
				_, err = w.do(w.step(access.Delete))
				w.kind(provider.Transient, err, op, body)
				require.Empty(t, w.sim.Changes())
			}
		}
	})
}

func TestWhoWeAre(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		for _, c := range []struct {
			name string
			set  simulator.Switches
			vars config.Vars
			ok   bool
		}{
			{"the password", simulator.Switches{}, nil, true},
			{"the key", simulator.Switches{NoUnderscores: true}, config.Vars{"P_LOGIN": "", "P_PASSWORD": "", "P_KEY": "admin-key"}, true},
			{"another password", simulator.Switches{}, config.Vars{"P_PASSWORD": "guess"}, false},
			{"another password, status 500", simulator.Switches{ErrorStatus: 500}, config.Vars{"P_PASSWORD": "guess"}, false},
			{"another password, 403", simulator.Switches{Forbidden: true}, config.Vars{"P_PASSWORD": "guess"}, false},
			{"another key", simulator.Switches{}, config.Vars{"P_LOGIN": "", "P_PASSWORD": "", "P_KEY": "guess"}, false},
			{"no remote access", simulator.Switches{}, config.Vars{"P_LOGIN": "shut", "P_PASSWORD": "out of it"}, false},
		} {
			w := newTown(t, api, c.set, c.vars)
			w.sim.Add(simulator.Account{Login: "shut", Password: "out of it", NoRemote: true})
			_, err := w.list()
			if c.ok {
				require.NoError(t, err, c.name)
				continue
			}
			w.kind(provider.Denied, err, c.name)
			require.NotContains(t, err.Error(), "guess")
			_, err = w.panel.Preflight(t.Context())
			w.kind(provider.Denied, err, c.name)
			for _, action := range []access.Action{access.Contain, access.Delete} {
				_, err = w.do(w.step(action))
				w.kind(provider.Denied, err, c.name)
			}
		}
	})
}

func TestVersions(t *testing.T) {
	t.Parallel()
	w := newTown(t, "xml", simulator.Switches{}, config.Vars{"P_VERSION": "1.6.3.0"})
	_, err := w.list()
	require.NoError(t, err)
	w = newTown(t, "xml", simulator.Switches{}, config.Vars{"P_VERSION": "2.0"})
	_, err = w.list()
	w.kind(provider.Denied, err)
	require.ErrorContains(t, err, "VERSION")
}

func TestRights(t *testing.T) {
	t.Parallel()
	w := newTown(t, "xml", simulator.Switches{}, config.Vars{"P_LOGIN": "reader", "P_PASSWORD": "just reading"})
	w.sim.Add(simulator.Account{Login: "reader", Password: "just reading", ReadOnly: true, Subscriptions: []int{w.sub}})
	elsewhere := w.sim.Subscription("south.example")
	w.sim.Plant(simulator.User{Database: w.sim.Database(elsewhere, w.server, "crm"), Login: "bob", Password: "bob's own"})
	list, err := w.list()
	require.NoError(t, err)
	require.Len(t, list, 2, "only what our login may see")
	for _, action := range []access.Action{access.Contain, access.Delete} {
		_, err := w.do(w.step(action))
		w.kind(provider.Rejected, err)
		e, _ := errors.AsType[*provider.Error](err)
		require.NotEmpty(t, e.Blockers[0].Remedy)
	}
}

// TestPolicies: a server may want longer passwords, and says so with the password.
func TestPolicies(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		w := newTown(t, api, simulator.Switches{PasswordMin: 100}, nil)
		_, err := w.do(w.step(access.Contain))
		w.kind(provider.Rejected, err)
		require.ErrorContains(t, err, "[secret]")
		before := w.look(w.ref).Account
		_, err = w.panel.Restore(t.Context(), before, w.step(access.Contain))
		w.kind(provider.Rejected, err)
		require.ErrorContains(t, err, "[secret]")
		w.sim.Drop(w.ada)
		_, err = w.panel.Restore(t.Context(), before, w.step(access.Delete))
		w.kind(provider.Rejected, err)
		require.ErrorContains(t, err, "[secret]")
		w.sim.Plant(simulator.User{Database: w.shop, Login: "ada", Password: "another ada's"})
		_, err = w.panel.Restore(t.Context(), before, w.step(access.Delete))
		require.ErrorIs(t, err, provider.ErrAnotherAccount, "what was refused was not made by us")
	})
}

// TestOkIsNotDone: the answer is ok, and nothing was done.
func TestOkIsNotDone(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		w := newTown(t, api, simulator.Switches{}, nil)
		idle := simulator.Fault{Op: "change", Kind: simulator.Idle}
		if api == "xml" {
			w.sim.MakeDefault(w.shop, w.ada)
			w.sim.Fail(idle)
			_, err := w.do(w.step(access.Unlink))
			w.kind(provider.Transient, err)
			_, err = w.do(w.step(access.Unlink))
			require.NoError(t, err)
		}
		before := w.look(w.ref).Account
		w.sim.Fail(idle)
		_, err := w.do(w.step(access.Delete))
		w.kind(provider.Transient, err)
		_, err = w.do(w.step(access.Delete))
		require.NoError(t, err)
		w.sim.Fail(idle)
		_, err = w.panel.Restore(t.Context(), before, w.step(access.Delete))
		w.kind(provider.Transient, err)
		back, err := w.panel.Restore(t.Context(), before, w.step(access.Delete))
		require.NoError(t, err)
		require.NotEmpty(t, back.ForeignID)
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := newTown(t, "xml", simulator.Switches{}, nil)
	slow := simulator.New(simulator.Options{PerWindow: 2, Window: time.Hour, Latency: time.Microsecond})
	w.broken = func(rw http.ResponseWriter, r *http.Request) bool { slow.ServeHTTP(rw, r); return true }
	_, err := w.list()
	require.NoError(t, err)
	_, err = w.list()
	w.kind(provider.Throttled, err)
	e, _ := errors.AsType[*provider.Error](err)
	require.Greater(t, e.RetryAfter, 59*time.Minute)
}

// TestADatabaseVanishes between the list of databases and that of its users.
func TestADatabaseVanishes(t *testing.T) {
	both(t, func(t *testing.T, api string) {
		w := newTown(t, api, simulator.Switches{}, nil)
		blog := w.sim.Database(w.sub, w.server, "blog")
		w.broken = func(_ http.ResponseWriter, r *http.Request) bool {
			last := w.recorder.Seen()[w.recorder.Count()-1]
			if strings.Contains(last.URI, "dbId=") || strings.Contains(last.Body, "<db-id>") {
				w.sim.DropDatabase(blog)
			}
			return false
		}
		_, err := w.list()
		w.kind(provider.Transient, err)
		_, err = w.list()
		require.NoError(t, err)
	})
}
