package hook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/store"
)

// most is how large a message may be.
const most = 256 << 10

// answer is what a sender gets.
type answer struct {
	Delivery int64  `json:"delivery,omitempty"`
	Again    bool   `json:"again,omitempty"` // it was taken before
	Asks     string `json:"asks,omitempty"`
	Error    string `json:"error,omitempty"`
}

// no is a message that is not taken.
type no struct {
	status int
	why    string
}

// Handler takes messages at /hooks/{source}. A message that is answered with 2xx is
// stored. It is answered with 202, and with 200 when it came before.
func Handler(in *inbox.Inbox, sources Sources) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{source}", func(w http.ResponseWriter, r *http.Request) {
		source := sources[r.PathValue("source")]
		body, err := inbox.ReadBody(w, r, most)
		rejection := inbox.Rejection{Kind: inbox.Webhook, From: inbox.From(r), Body: body}
		reject := func(n no) {
			rejection.Why = n.why
			in.Reject(r.Context(), rejection)
			say(w, n.status, answer{Error: n.why})
		}
		if source == nil {
			reject(no{http.StatusNotFound, "no webhook of this name is configured"})
			return
		}
		rejection.Source = source.Name
		if err != nil {
			reject(no{tooLarge(err), err.Error()})
			return
		}
		m, refused := source.message(body, r.Header)
		if refused != nil {
			reject(*refused)
			return
		}
		taken, err := in.Take(r.Context(), m)
		switch f := (*desk.Error)(nil); {
		case err == nil && taken.Again:
			say(w, http.StatusOK, answer{Delivery: taken.Delivery.ID, Again: true, Asks: taken.Delivery.Act})
		case err == nil:
			say(w, http.StatusAccepted, answer{Delivery: taken.Delivery.ID, Asks: taken.Delivery.Act})
		case errors.As(err, new(*store.MessageReusedError)): // and is on record
			say(w, http.StatusConflict, answer{Error: err.Error()})
		case errors.As(err, &f):
			reject(no{http.StatusUnprocessableEntity, f.Error()})
		default: // it is not stored: the sender has to send it again
			in.Failed(rejection, err)
			w.Header().Set("Retry-After", "30")
			say(w, http.StatusServiceUnavailable, answer{Error: "the records do not answer: send it again later"})
		}
	})
	return mux
}

// message is what was sent, once it is believed and understood.
func (s *Source) message(body []byte, h http.Header) (inbox.Message, *no) {
	if err := s.verify(body, h); err != nil {
		return inbox.Message{}, disbelief(err)
	}
	m := inbox.Message{Kind: inbox.Webhook, Source: s.Name, ID: h.Get(standardwebhooks.HeaderWebhookID), Body: body}
	var err error
	if m.Order, err = s.Mapping.Read(body); err != nil {
		return m, &no{http.StatusUnprocessableEntity, fmt.Sprintf("it is signed, and cannot be understood: %v", err)}
	}
	m.Order.By = s.Actor()
	return m, nil
}

// disbelief puts into words why a message is not believed.
func disbelief(err error) *no {
	switch {
	case errors.Is(err, standardwebhooks.ErrRequiredHeaders):
		return &no{http.StatusBadRequest, "it is not signed: webhook-id, webhook-timestamp or webhook-signature is missing"}
	case errors.Is(err, standardwebhooks.ErrInvalidHeaders):
		return &no{http.StatusBadRequest, "webhook-timestamp is no number of seconds"}
	case errors.Is(err, standardwebhooks.ErrMessageTooOld):
		return &no{http.StatusBadRequest, "it was signed more than five minutes ago: an old message, or a clock that is wrong"}
	case errors.Is(err, standardwebhooks.ErrMessageTooNew):
		return &no{http.StatusBadRequest, "it was signed more than five minutes in the future: a clock is wrong"}
	}
	return &no{http.StatusUnauthorized, "its signature does not fit: another secret, or it was changed on its way"}
}

func tooLarge(err error) int {
	if errors.Is(err, inbox.ErrTooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

func say(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // to who is gone nothing can be said
}
