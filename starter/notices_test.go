package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/store"
)

// told is a world of records in which two destinations are told of a task.
func told(t *testing.T, w *world) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), config.NewSecret(w.vars["SEVER_DATABASE_URL"]), store.Options{Subscribers: []notice.Subscriber{{Name: "ops"}, {Name: "gone"}}})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.Do(t.Context(), func(tx *store.Tx) error {
		if err := tx.UpsertPrincipals(t.Context(), []access.Principal{{ID: "E1"}}); err != nil {
			return err
		}
		if err := tx.OpenCase(t.Context(), store.Case{ID: "C-1", Principal: "E1", Reason: access.HR, Requester: "hr", Policy: []byte(`{}`), Status: access.CaseOpen, OpenedAt: time.Now()}, nil); err != nil {
			return err
		}
		return tx.OpenTask(t.Context(), store.Task{CaseID: "C-1", Key: "account/1", Subject: "pg/ada", Next: "sever retry C-1", OpenedAt: time.Now()})
	}))
	return s
}

// failing gives up the notice to a destination, as a worker does in the end.
func failing(t *testing.T, s *store.Store, destination string) {
	t.Helper()
	n, ok, err := s.ClaimNotice(t.Context(), destination, time.Hour)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, s.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.FailNotice(t.Context(), n, "404 Not Found: \x1b[2Jnobody here")
		if err != nil {
			return err
		}
		return tx.OpenTask(t.Context(), store.Task{CaseID: "C-1", Key: notice.TaskOf(destination), Subject: destination, OpenedAt: time.Now()})
	}))
}

func TestNoticesAreListedAndTriedAgain(t *testing.T) {
	t.Parallel()
	w := newBooks(t)
	require.Contains(t, w.sever(t, "", "notices", "list").out, "Nobody is told outside")
	s := told(t, w)
	failing(t, s, "ops")
	w.vars["SEVER_NOTICE_WEBHOOKS"], w.vars["SEVER_NOTICE_OPS_URL"], w.vars["SEVER_NOTICE_OPS_SECRET"] = "ops", "https://ops.example.com/hooks/T0TOKEN", fresh(t, w)

	a := w.sever(t, "", "notices", "list")
	require.Equal(t, exitOK, a.code, a.err)
	for _, words := range []string{"webhook https://ops.example.com", "not in the settings here", "given up after 1 attempt", "404 Not Found: \uFFFD[2Jnobody here", "sever notices retry ops"} {
		require.Contains(t, a.out, words)
	}
	require.NotContains(t, a.out, "T0TOKEN")
	list := must[noticeList](t, w, nil, exitOK, "notices", "list")
	require.Len(t, list.Destinations, 2)
	require.Equal(t, []any{"ops", true, int64(0), int64(1)}, []any{list.Destinations[0].Name, list.Destinations[0].Configured, list.Destinations[0].Waiting, list.Destinations[0].Failed})
	require.Equal(t, []any{"gone", false, int64(2)}, []any{list.Destinations[1].Name, list.Destinations[1].Configured, list.Destinations[1].Waiting}, "the task, and that ops was not told")
	require.Len(t, list.Notices, 3)

	w.vars["SEVER_ROLE_OPERATOR"] = "dba"
	require.Equal(t, exitBadInput, w.sever(t, "", "notices", "retry", "--as", "intern").code)
	require.Equal(t, 1, must[retriedNotices](t, w, nil, exitOK, "notices", "retry", "ops", "--as", "dba").Retried)
	require.Equal(t, 0, must[retriedNotices](t, w, nil, exitOK, "notices", "retry", "--as", "dba").Retried)
	tasks, err := s.TasksOf(t.Context(), "C-1")
	require.NoError(t, err)
	for _, k := range tasks {
		require.Equal(t, k.Key == "notice/ops", k.ClosedBy == "dba", k.Key)
	}
	rows, err := s.LastOfKind(t.Context(), audit.House, audit.NoticesRetried, 10)
	require.NoError(t, err)
	require.Len(t, rows, 1, "nothing tried again is no row")
	require.Equal(t, []any{"dba", "ops", "1 notice"}, []any{rows[0].Actor, rows[0].Object, rows[0].Words})
	_, ok, err := s.ClaimNotice(t.Context(), "ops", time.Hour)
	require.NoError(t, err)
	require.True(t, ok)
}

// What is about no case is listed and tried again like the rest, and has no task to close.
func TestANoticeAboutNoCaseIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newBooks(t)
	s := told(t, w)
	failing(t, s, "gone")
	require.NoError(t, s.Do(t.Context(), func(tx *store.Tx) error {
		tx.Tell(notice.RefusedRoster("hr.csv", "1", "it is too small", time.Now()))
		return nil
	}))
	for range 3 { // the task, that gone was not told, and the roster
		n, ok, err := s.ClaimNotice(t.Context(), "ops", time.Hour)
		require.NoError(t, err)
		require.True(t, ok)
		require.NoError(t, s.Do(t.Context(), func(tx *store.Tx) error {
			_, err := tx.FailNotice(t.Context(), n, "404 Not Found")
			return err
		}))
	}
	require.Contains(t, w.sever(t, "", "notices", "list").out, "roster.refused")
	require.Equal(t, 3, must[retriedNotices](t, w, nil, exitOK, "notices", "retry", "ops").Retried)
}

// fresh is a new secret, as a person makes one.
func fresh(t *testing.T, w *world) string {
	t.Helper()
	s := must[webhookSecret](t, w, nil, exitOK, "notices", "secret").Secret
	require.NotEqual(t, s, must[webhookSecret](t, w, nil, exitOK, "notices", "secret").Secret)
	return s
}

func TestADestinationIsTriedOut(t *testing.T) {
	t.Parallel()
	w := &world{vars: config.Vars{"SEVER_HOME": t.TempDir(), "SEVER_ACTOR": "alice"}}
	a := w.sever(t, "", "notices", "test", "ops")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, `there is no destination "ops" in the settings here`)

	key := fresh(t, w)
	check, err := standardwebhooks.NewWebhook(key)
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var body strings.Builder
		_ = r.Write(&body)
		_, text, _ := strings.Cut(body.String(), "\r\n\r\n")
		if check.Verify([]byte(text), r.Header) != nil || !strings.Contains(text, `"type":"test"`) {
			http.Error(rw, "no", http.StatusUnauthorized)
			return
		}
		_, _ = rw.Write([]byte("thank you"))
	}))
	defer server.Close()
	vars := config.Vars{"SEVER_NOTICE_WEBHOOKS": "ops", "SEVER_NOTICE_OPS_URL": server.URL + "/T0TOKEN", "SEVER_NOTICE_OPS_SECRET": key}
	a = w.with(t, vars, "", "notices", "test", "ops")
	require.Equal(t, exitOK, a.code, a.err)
	require.Regexp(t, `^ops took the test in \d+ms: 200 OK: thank you\n$`, a.out)
	require.Equal(t, "200 OK: thank you", must[testedNotice](t, w, vars, exitOK, "notices", "test", "ops").Answer)

	a = w.with(t, vars.With(config.Vars{"SEVER_NOTICE_OPS_SECRET": fresh(t, w)}), "", "notices", "test", "ops")
	require.Equal(t, exitUnreachable, a.code)
	require.Contains(t, a.err, "ops did not take the test: 401 Unauthorized: no")
	require.Contains(t, a.err, "SEVER_NOTICE_OPS_")
	require.NotContains(t, a.err, "T0TOKEN")
	a = w.with(t, vars.With(config.Vars{"SEVER_NOTICE_OPS_SECRET": "nothing"}), "", "notices", "test", "ops")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "SEVER_NOTICE_OPS_SECRET is no secret of Standard Webhooks")
	require.Equal(t, exitBadInput, w.with(t, vars, "", "notices", "test", "siem").code)
}
