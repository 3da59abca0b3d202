package set

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"time"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/store"
)

// most is how large a token may be.
const most = 64 << 10

// problem is what a transmitter is told, as RFC 8935 has it.
type problem struct {
	Err         code   `json:"err"`
	Description string `json:"description"`
}

// Handler takes tokens at /events/{issuer}. One that is answered with 202 is stored, now
// or before.
func Handler(in *inbox.Inbox, issuers Issuers) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /events/{issuer}", func(w http.ResponseWriter, r *http.Request) {
		issuer := issuers[r.PathValue("issuer")]
		body, err := inbox.ReadBody(w, r, most)
		rejection := inbox.Rejection{Kind: inbox.SET, From: inbox.From(r), Body: body}
		reject := func(status int, c code, why string) {
			rejection.Why = why
			in.Reject(r.Context(), rejection)
			say(w, status, problem{c, why})
		}
		if issuer == nil {
			reject(http.StatusNotFound, invalidIssuer, "no issuer of this name is configured")
			return
		}
		rejection.Source = issuer.Name
		if !issuer.knows(r) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			reject(http.StatusUnauthorized, notAuthentic, "the transmitter does not show its token")
			return
		}
		if err != nil {
			status := http.StatusBadRequest
			if errors.Is(err, inbox.ErrTooLarge) {
				status = http.StatusRequestEntityTooLarge
			}
			reject(status, invalidRequest, err.Error())
			return
		}
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/secevent+jwt" {
			reject(http.StatusBadRequest, invalidRequest, "its Content-Type is not application/secevent+jwt")
			return
		}
		m, err := issuer.message(r.Context(), body, time.Now())
		if err == nil {
			_, err = in.Take(r.Context(), m)
		}
		if err == nil {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		var no *refusal
		var bad *desk.Error
		switch {
		case errors.As(err, &no):
			reject(http.StatusBadRequest, no.code, no.why)
		case errors.As(err, &bad):
			reject(http.StatusBadRequest, invalidRequest, bad.Error())
		case errors.As(err, new(*store.MessageReusedError)): // and is on record
			say(w, http.StatusBadRequest, problem{invalidRequest, err.Error()})
		case errors.Is(err, errKeysAway): // nothing is wrong with it that we could tell
			in.Failed(rejection, err)
			later(w, "the keys of the issuer cannot be had now: send it again later")
		default:
			in.Failed(rejection, err)
			later(w, "the records do not answer: send it again later")
		}
	})
	return mux
}

// later asks for the token once more.
func later(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "30")
	http.Error(w, why, http.StatusServiceUnavailable)
}

func say(w http.ResponseWriter, status int, p problem) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Language", "en")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p) // to who is gone nothing can be said
}
