package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/store"
)

// What other systems send arrives at the running server, and people settle what could
// not be followed.
func TestArrivals(t *testing.T) {
	t.Parallel()
	w := newBooks(t)
	address, namespace := devtest.Temporal(t)
	mapping := filepath.Join(t.TempDir(), "hris.yaml")
	require.NoError(t, os.WriteFile(mapping, []byte(`
act: {path: event, values: {terminated: offboard, rehired: hold, moved: none}}
principal: {path: who}
reason: hr
at: {path: last_day, format: rfc3339, optional: true}
ticket: {path: ticket, optional: true}`), 0o600))
	secret := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"
	w.vars = w.vars.With(config.Vars{"SEVER_HOOKS": "hris", "SEVER_HOOK_HRIS_SECRET": secret, "SEVER_HOOK_HRIS_MAPPING": mapping,
		"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": namespace,
		"SEVER_NOTICE_WEBHOOKS": "ops", "SEVER_NOTICE_OPS_URL": "https://ops.example.com/x", "SEVER_NOTICE_OPS_SECRET": secret})

	list := w.sever(t, "", "hooks", "list")
	require.Equal(t, exitOK, list.code, list)
	require.Contains(t, list.out, "moved: none, rehired: hold, terminated: offboard")
	for body, says := range map[string]string{
		`{"event":"terminated","who":"E1","ticket":"T-1"}`:                         "It ends the access of the principal E1, reason hr, at once (terminated).\nTicket: T-1\n",
		`{"event":"terminated","who":"E1","last_day":"2030-01-02T17:00:00+01:00"}`: "It ends the access of the principal E1, reason hr, at 2030-01-02T16:00:00Z (terminated).\n",
		`{"event":"rehired","who":"E1"}`:                                           "It holds the open case of the principal E1, if there is one (rehired).\n",
		`{"event":"moved"}`:                                                        "It asks for nothing (moved).\n",
	} {
		got := w.sever(t, body, "hooks", "check", "hris", "-")
		require.Equal(t, exitOK, got.code, got)
		require.Equal(t, says, got.out)
	}
	bad := w.sever(t, `{"event":"fired"}`, "hooks", "check", "hris", "-")
	require.Equal(t, exitBadInput, bad.code)
	require.Contains(t, bad.err, `event is "fired", and the mapping does not say what that asks for`)

	s := serve(t, w.vars)
	require.Equal(t, http.StatusAccepted, send(t, s, secret, "msg_1", `{"event":"terminated","who":"E1"}`))
	require.Equal(t, http.StatusOK, send(t, s, secret, "msg_1", `{"event":"terminated","who":"E1"}`))
	require.Equal(t, http.StatusUnauthorized, send(t, s, "whsec_"+strings.Repeat("A", 40), "msg_2", `{"event":"terminated","who":"E1"}`))
	nobody, err := http.Post(s.url+"/hooks/nobody", "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	require.NoError(t, nobody.Body.Close())
	require.Equal(t, exitOK, s.stop())
	told := must[noticeList](t, w, nil, exitOK, "notices", "list").Notices
	require.Len(t, told, 1, "of hris, and not of a name that anybody may make up")
	require.Equal(t, []any{"ops", notice.DeliveryRejected, ""}, []any{told[0].Destination, told[0].Event, told[0].Case})

	// No worker is here: a dispatcher would refuse it, and so do we.
	records, err := store.Open(t.Context(), config.NewSecret(w.vars["SEVER_DATABASE_URL"]), store.Options{})
	require.NoError(t, err)
	defer records.Close()
	refuse := func() {
		require.NoError(t, records.Do(t.Context(), func(tx *store.Tx) error {
			d, err := tx.ClaimDelivery(t.Context(), time.Minute)
			require.NoError(t, err)
			d.State, d.Words = store.DeliveryRefused, `there is no principal "E1" on record`
			_, err = tx.MoveDelivery(t.Context(), d, 0)
			return err
		}))
	}
	refuse()
	needy := w.sever(t, "", "status")
	require.Equal(t, exitOpen, needy.code, needy)
	require.Contains(t, needy.out, "1 message of other systems could not be followed: sever deliveries list --state refused")
	got := w.sever(t, "", "deliveries", "list", "--state", "refused")
	require.Equal(t, exitOK, got.code, got)
	require.Contains(t, got.out, `there is no principal "E1" on record`)
	require.Contains(t, got.out, "sever deliveries retry NO")
	require.Equal(t, exitBadInput, w.sever(t, "", "deliveries", "retry", "1").code, "a reason is needed")
	require.Equal(t, exitBadInput, w.sever(t, "", "deliveries", "retry", "7", "--reason", "x").code)
	require.Equal(t, exitBadInput, w.sever(t, "", "deliveries", "retry", "one", "--reason", "x").code)
	require.Equal(t, exitBadInput, w.sever(t, "", "deliveries", "list", "--state", "lost").code)
	require.Equal(t, "Delivery 1 of webhook/hris is waiting.\n", w.sever(t, "", "deliveries", "retry", "1", "--reason", "imported").out)
	again := w.sever(t, "", "deliveries", "drop", "1", "--reason", "no")
	require.Contains(t, again.err, "delivery 1 is not refused: it is waiting")
	refuse()
	require.Equal(t, "Delivery 1 of webhook/hris is dropped.\n", w.sever(t, "", "deliveries", "drop", "1", "--reason", "a test").out)
	var all paper.DeliveryList
	require.NoError(t, json.Unmarshal([]byte(w.sever(t, "", "deliveries", "list", "--json").out), &all))
	require.Len(t, all.Deliveries, 1)
	require.Equal(t, []any{"msg_1", store.DeliveryDropped, 1}, []any{all.Deliveries[0].Message, all.Deliveries[0].State, all.Deliveries[0].Repeats})

	require.Equal(t, exitBadInput, w.sever(t, "", "deliveries", "trust", "E1", "--reason", "x").code, "nothing is in doubt")
	require.NoError(t, records.Do(t.Context(), func(tx *store.Tx) error {
		return tx.RaiseDoubt(t.Context(), store.Doubt{Principal: "E1", Words: "recycled", DeliveryID: all.Deliveries[0].ID, RaisedAt: time.Now()})
	}))
	require.Contains(t, w.sever(t, "", "deliveries", "doubts").out, "recycled")
	require.Equal(t, "What leads to E1 can be trusted again, says hr.\n", w.sever(t, "", "deliveries", "trust", "E1", "--reason", "she is the same").out)

	require.Equal(t, exitOK, w.sever(t, "", "status").code, "nothing waits for anybody any more")

	var kinds []string
	for row, err := range records.Events(t.Context(), audit.House, 1) {
		require.NoError(t, err)
		kinds = append(kinds, row.Kind+" by "+row.Actor)
	}
	require.Equal(t, []string{"delivery.received by webhook:hris", "delivery.repeated by webhook:hris", "delivery.rejected by sever", "delivery.rejected by sever",
		"delivery.retried by hr", "delivery.dropped by hr", "doubt.settled by hr"}, kinds)

	w.vars["SEVER_HOOK_HRIS_SECRET"] = "short"
	refused := w.sever(t, "", "serve")
	require.Equal(t, exitBadInput, refused.code, "a secret that anybody could guess")
	require.Contains(t, refused.err, "SEVER_HOOK_HRIS_SECRET is not whsec_")
}

// send signs a message and sends it to the running server.
func send(t *testing.T, s served, secret, id, body string) int {
	t.Helper()
	key, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	now := time.Now()
	signature, err := key.Sign(id, now, []byte(body))
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/hooks/hris", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", fmt.Sprint(now.Unix()))
	r.Header.Set("webhook-signature", signature)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}
