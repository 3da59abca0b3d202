package roster_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/roster"
	"github.com/severhq/sever/internal/store"
)

func TestSourcesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		vars config.Vars
		says string
	}{
		"plain http":         {config.Vars{"SEVER_ROSTER_SOURCE": "http://hr.example.com/people.csv"}, "use https"},
		"a password in it":   {config.Vars{"SEVER_ROSTER_SOURCE": "https://hr:hunter2@hr.example.com/people.csv"}, "give a token by SEVER_ROSTER_TOKEN"},
		"half a path":        {config.Vars{"SEVER_ROSTER_SOURCE": "people.csv"}, "the whole path of a file"},
		"another scheme":     {config.Vars{"SEVER_ROSTER_SOURCE": "ftp://hr.example.com/people.csv"}, "write an https address"},
		"a token for a file": {config.Vars{"SEVER_ROSTER_SOURCE": "/people.csv", "SEVER_ROSTER_TOKEN": "hunter2"}, "nobody would be shown it"},
		"all the time":       {config.Vars{"SEVER_ROSTER_SOURCE": "/people.csv", "SEVER_ROSTER_EVERY": "1s"}, "a minute is the least"},
		"more than all":      {config.Vars{"SEVER_ROSTER_SOURCE": "/people.csv", "SEVER_ROSTER_MAX_SHRINK": "101"}, "it is a percentage"},
		"a whim":             {config.Vars{"SEVER_ROSTER_SOURCE": "/people.csv", "SEVER_ROSTER_LEAVERS": "perhaps"}, "choose report or offboard"},
	} {
		s, err := roster.Open(c.vars)
		require.ErrorContains(t, err, c.says, name)
		require.NotContains(t, err.Error(), "hunter2", name)
		require.Nil(t, s)
	}
	s, err := roster.Open(config.Vars{"SEVER_ROSTER_EVERY": "1s"})
	require.NoError(t, err, "what is not configured is not wrong")
	require.Nil(t, s)
}

// hr is a personnel system that answers over HTTP.
type hr struct {
	*testing.T
	records *store.Store
	source  *roster.Source
	answer  atomic.Value // of type func(http.ResponseWriter, *http.Request)
}

func newHR(t *testing.T, more config.Vars) *hr {
	t.Helper()
	h := &hr{T: t, records: severtest.Records(t, notice.Subscriber{Name: "ops"})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.answer.Load().(func(http.ResponseWriter, *http.Request))(w, r)
	}))
	t.Cleanup(server.Close)
	var err error
	h.source, err = roster.Open(config.Vars{"SEVER_ROSTER_SOURCE": server.URL + "/people.csv?key=hunter2", "SEVER_ROSTER_TOKEN": "hunter3"}.With(more))
	require.NoError(t, err)
	return h
}

func (h *hr) has(text string) {
	h.answer.Store(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hunter3" || r.URL.RawQuery != "key=hunter2" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(text))
	})
}

func (h *hr) trail(kind string) []audit.Row {
	h.Helper()
	rows, err := h.records.LastOfKind(h.Context(), audit.House, kind, 100)
	require.NoError(h, err)
	for _, r := range rows {
		require.NotContains(h, r.Object+r.Words, "hunter")
	}
	return rows
}

func (h *hr) orders() []store.Delivery {
	h.Helper()
	all, err := h.records.Deliveries(h.Context(), store.DeliveryFilter{Kind: inbox.Roster}, store.Page{})
	require.NoError(h, err)
	return all
}

const five = "principal\nE1\nE2\nE3\nE4\nE5\n"

func TestLeaversAreOrdered(t *testing.T) {
	t.Parallel()
	h := newHR(t, config.Vars{"SEVER_ROSTER_LEAVERS": "offboard"})
	h.has("principal,status\nE1,active\nE2,active\nE3,active\nE4,active\nE5,active\nE9,left\n")
	d, err := h.source.Import(t.Context(), h.records, false)
	require.NoError(t, err)
	require.Len(t, d.Left, 1)
	require.Empty(t, h.orders(), "who was never there has nothing that ends")
	for range 2 {
		h.has("principal\nE1\nE2\nE3\nE4\n")
		_, err = h.source.Import(t.Context(), h.records, false)
		require.NoError(t, err)
	}
	orders := h.orders()
	require.Len(t, orders, 1, "once, however often she is missing")
	o, err := inbox.OrderOf(orders[0].Asks)
	require.NoError(t, err)
	require.Equal(t, inbox.Order{Principal: "E5", Act: inbox.Offboard, Reason: "hr", By: roster.Scheduled, Why: "not on the roster any more"}, o)
	require.Len(t, h.trail(audit.RosterImported), 3)
}

func TestLeaversAreReported(t *testing.T) {
	t.Parallel()
	h := newHR(t, nil)
	h.has(five)
	_, err := h.source.Import(t.Context(), h.records, false)
	require.NoError(t, err)
	h.has("principal\nE1\nE2\nE3\nE4\n")
	_, err = h.source.Import(t.Context(), h.records, false)
	require.NoError(t, err)
	require.Empty(t, h.orders())
	require.Equal(t, []any{"E5"}, h.trail(audit.RosterImported)[1].Data["left"])
}

// What shrank too much orders nothing, however often it comes.
func TestAScheduledRosterThatIsNotBelieved(t *testing.T) {
	t.Parallel()
	h := newHR(t, config.Vars{"SEVER_ROSTER_LEAVERS": "offboard"})
	h.has(five)
	_, err := h.source.Import(t.Context(), h.records, false)
	require.NoError(t, err)
	for _, text := range []string{"principal\nE1\n", "", "principal\n", "principal\nE1\nE2\nE1\n", "<html>sign in</html>"} {
		h.has(text)
		_, err = h.source.Import(t.Context(), h.records, false)
		var no *roster.RefusedError
		require.ErrorAs(t, err, &no)
	}
	require.Len(t, h.trail(audit.RosterRefused), 5)
	require.Len(t, h.told(), 5)
	require.Empty(t, h.orders())
	for _, id := range []string{"E1", "E5"} {
		p, err := h.records.Person(t.Context(), access.PrincipalID(id))
		require.NoError(t, err)
		require.True(t, p.Standing.Active, id)
	}
}

// What cannot be read is tried again, and on record when it could not be read at last.
func TestARosterThatCannotBeRead(t *testing.T) {
	t.Parallel()
	h := newHR(t, nil)
	for says, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"it answered 503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"unexpected EOF": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = w.Write([]byte("E1"))
		},
		"it leads in circles": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/people.csv", http.StatusFound) },
	} {
		h.answer.Store(answer)
		_, err := h.source.Import(t.Context(), h.records, false)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "hunter")
		before := len(h.trail(audit.RosterRefused))
		_, err = h.source.Import(t.Context(), h.records, true)
		var no *roster.RefusedError
		require.ErrorAs(t, err, &no)
		rows := h.trail(audit.RosterRefused)
		require.Len(t, rows, before+1)
		require.Contains(t, rows[before].Words, says)
	}
}

func TestARosterThatIsAFile(t *testing.T) {
	t.Parallel()
	records := severtest.Records(t)
	path := filepath.Join(t.TempDir(), "people.json")
	s, err := roster.Open(config.Vars{"SEVER_ROSTER_SOURCE": path})
	require.NoError(t, err)
	require.Equal(t, "people.json", s.Name())
	_, err = s.Import(context.Background(), records, false)
	require.ErrorContains(t, err, "no such file")
	require.NoError(t, os.WriteFile(path, []byte(`[{"principal": "E1"}]`), 0o600))
	d, err := s.Import(t.Context(), records, false)
	require.NoError(t, err)
	require.Equal(t, 1, d.Active)
}

// told is what people outside are told, the newest first.
func (h *hr) told() []string {
	h.Helper()
	list, err := h.records.ListNotices(h.Context(), true, 100)
	require.NoError(h, err)
	out := []string{}
	for _, n := range list {
		var m notice.Message
		require.NoError(h, json.Unmarshal(n.Body, &m))
		require.Equal(h, notice.RosterRefused, m.Type)
		out = append(out, m.Data.Words)
	}
	return out
}

// A refusal is told once, not at every run, until something about it is another one.
func TestARefusedRosterIsToldOnce(t *testing.T) {
	t.Parallel()
	h := newHR(t, nil)
	runs := func(text string) {
		t.Helper()
		h.has(text)
		_, err := h.source.Import(t.Context(), h.records, true)
		if err != nil {
			require.ErrorAs(t, err, new(*roster.RefusedError))
		}
	}
	runs(five)
	require.Empty(t, h.told())
	for range 3 {
		runs("principal\nE1\n")
	}
	runs("principal\nE1\nE7\n") // who joined meanwhile changes nothing
	require.Len(t, h.told(), 1)
	require.Contains(t, h.told()[0], "4 people of the 5 active")
	runs("principal\nE1\nE2\n")
	require.Len(t, h.told(), 2, "others are missing")
	for range 2 {
		runs("principal,status\nE1,Lovelace\n")
	}
	require.Len(t, h.told(), 3)
	require.Contains(t, h.told()[0], "was refused, and nothing was changed: 1 mistake in it, the first in line 2, column 4")
	require.NotContains(t, h.told()[0], "Lovelace")
	h.answer.Store(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	for range 2 {
		_, err := h.source.Import(t.Context(), h.records, true)
		require.ErrorAs(t, err, new(*roster.RefusedError))
	}
	require.Len(t, h.told(), 4)
	runs(five)
	require.Len(t, h.told(), 4)
	runs("principal\nE1\n")
	require.Len(t, h.told(), 5, "it was right for a while")

	_, err := roster.Take(t.Context(), h.records, roster.Text{Source: "mine.csv"}, roster.Wish{By: "ann"})
	var no *roster.RefusedError
	require.ErrorAs(t, err, &no)
	require.Error(t, roster.Note(t.Context(), h.records, no, roster.Wish{By: "ann"}))
	require.Len(t, h.told(), 5, "who imports by hand sees it")
}
