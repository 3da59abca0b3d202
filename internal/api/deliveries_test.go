package api_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/store"
)

func TestDeliveries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	olaf := w.token(t, "olaf", "operator")
	_, err := inbox.New(w.Parts.Store, slog.New(slog.DiscardHandler)).Take(t.Context(), inbox.Message{Kind: inbox.Webhook, Source: "hris", ID: "msg_1",
		Order: inbox.Order{Principal: "E9", Act: inbox.Offboard, Reason: "hr", By: "webhook:hris"}})
	require.NoError(t, err)
	refuse := func() {
		require.NoError(t, w.Parts.Store.Do(t.Context(), func(tx *store.Tx) error {
			d, err := tx.ClaimDelivery(t.Context(), time.Minute)
			require.NoError(t, err)
			d.State, d.Words = store.DeliveryRefused, "nobody is called that"
			_, err = tx.MoveDelivery(t.Context(), d, 0)
			require.NoError(t, err)
			return tx.RaiseDoubt(t.Context(), store.Doubt{Principal: "E1", Words: "recycled", DeliveryID: d.ID, RaisedAt: time.Now()})
		}))
	}
	refuse()
	list := document[paper.DeliveryList](t, w.ask(t, olaf, http.MethodGet, "/v1/deliveries?state=refused", ""))
	require.Len(t, list.Deliveries, 1)
	require.Equal(t, "nobody is called that", list.Deliveries[0].Words)
	require.Empty(t, document[paper.DeliveryList](t, w.ask(t, olaf, http.MethodGet, "/v1/deliveries?state=done&principal=E9", "")).Deliveries)
	require.Equal(t, http.StatusUnprocessableEntity, w.ask(t, olaf, http.MethodGet, "/v1/deliveries?state=lost", "").status)

	why := `{"reason": "she is on the roster now"}`
	require.Equal(t, store.DeliveryWaiting, post[paper.Delivery](t, w, olaf, "/v1/deliveries/1/retry", why).State)
	require.Equal(t, http.StatusConflict, w.ask(t, olaf, http.MethodPost, "/v1/deliveries/1/drop", why).status, "it is not refused any more")
	require.Equal(t, http.StatusNotFound, w.ask(t, olaf, http.MethodPost, "/v1/deliveries/7/drop", why).status)
	require.Equal(t, http.StatusUnprocessableEntity, w.ask(t, olaf, http.MethodPost, "/v1/deliveries/1/drop", `{}`).status, "a reason is needed")
	refuse()
	require.Equal(t, store.DeliveryDropped, post[paper.Delivery](t, w, olaf, "/v1/deliveries/1/drop", why).State)

	require.Len(t, document[paper.DoubtList](t, w.ask(t, olaf, http.MethodGet, "/v1/doubts", "")).Doubts, 1)
	require.Len(t, post[paper.DoubtList](t, w, olaf, "/v1/principals/E1/trust", why).Doubts, 1)
	require.Equal(t, http.StatusNotFound, w.ask(t, olaf, http.MethodPost, "/v1/principals/E1/trust", why).status)
}
